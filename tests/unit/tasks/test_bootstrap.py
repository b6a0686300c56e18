"""The bootstrap against answers of Portus 2.2, 2.3 and 2.4."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bootstrap
import pytest
import task
from fake_portus import FakePortus
from https_server import Serve

RECORD = {"name": "registry", "hostname": "registry:5000", "external_hostname": "r.test:8443", "use_ssl": True}
ADMINISTRATOR_PASSWORD, BOT_PASSWORD, HIDDEN_PASSWORD = "a-Sec+ret/1 x", 'b-Sec&ret"2', "p-hidden-password"
VERSIONS = pytest.mark.parametrize("version", ["2.2", "2.3", "2.4"])
Run = Callable[..., tuple[int, str]]
Secret = Callable[[str, str], str]


@pytest.fixture
def portus(version: str) -> FakePortus:
    return FakePortus(version)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Makes the client's pauses short, and tells how long they were."""
    found: list[float] = []
    monkeypatch.setattr("http_client.time.sleep", found.append)
    return found


@pytest.fixture
def run(
    portus: FakePortus,
    serve: Serve,
    certificates: tuple[Path, Path],
    secret_file: Callable[[str, str], str],
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Attempts the bootstrap up to `attempts` times within one process; returns the last exit code and what it said."""
    server = serve(portus)
    redactor = task.Redactor()

    def start(attempts: int = 1, portus_user: bool = False, **changes: Any) -> tuple[int, str]:
        data: dict[str, Any] = {
            "generation": 1 if portus.version == "2.2" else 2,
            "portus_url": server.url,
            "ca_file": str(certificates[0]),
            "registry": dict(RECORD),
            "administrator": {
                "username": "ada",
                "email": "ada@example.com",
                "password_file": secret_file("administrator", ADMINISTRATOR_PASSWORD + "\n"),
            },
            "bot": {"username": "bot", "email": "bot@example.com", "password_file": secret_file("bot", BOT_PASSWORD)},
            **changes,
        }
        if portus_user:
            data["portus_user"] = {"username": "portus", "password_file": secret_file("hidden", HIDDEN_PASSWORD)}
        attempt = bootstrap.prepare(task.Section(data, "", redactor))
        reporter = task.Reporter("bootstrap", redactor)
        done = Path(str(certificates[0])).with_name("done")
        code = 1
        for _ in range(attempts):
            code = task.repeat(attempt, reporter, done, within_seconds=0)
            if code == 0:
                break
        return code, capsys.readouterr().out

    return start


def result_of(output: str) -> dict[str, Any]:
    line = output.splitlines()[-1]
    assert line.startswith("result: "), output
    found: dict[str, Any] = json.loads(line.removeprefix("result: "))
    return found


@VERSIONS
def test_first_run_creates_everything(portus: FakePortus, run: Run) -> None:
    code, output = run()
    assert code == 0, output
    assert result_of(output) == {
        "outcome": "done",
        "created": ["administrator", "registry record", "bot"],
        "corrected": [],
        "removed": [],
        "administrator": "ada",
        "registry": "registry:5000",
        "bot": "bot",
        "namespace": "bot",
    }
    assert portus.record == RECORD
    assert portus.people["ada"].admin and not portus.people["bot"].admin
    assert portus.people["ada"].tokens == {}, "the end point's application token must not stay"


@VERSIONS
def test_second_run_changes_nothing(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.requests.clear()
    code, output = run()
    assert (code, result_of(output)["outcome"], result_of(output)["created"]) == (0, "already done", [])
    assert "POST /users/sign_in" in portus.requests and "GET /v2/token" in portus.requests
    changing = ("POST", "PUT", "DELETE")
    assert [each for each in portus.requests if each.startswith(changing)] == ["POST /users/sign_in"]


@VERSIONS
def test_done_stays_done_after_the_administrator_changed_her_password(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.people["ada"].password = "her own"
    assert run()[0] == 0


@VERSIONS
def test_goes_on_after_an_interruption(portus: FakePortus, run: Run) -> None:
    portus.add("ada", ADMINISTRATOR_PASSWORD, "ada@example.com", admin=True)
    assert result_of(run()[1])["created"] == ["registry record", "bot"]
    del portus.people["bot"]
    assert result_of(run()[1])["created"] == ["bot"]


@VERSIONS
def test_changed_password_and_missing_record_is_explained_and_locks_nobody_out(portus: FakePortus, run: Run) -> None:
    portus.add("ada", "her own", "ada@example.com", admin=True)
    code, output = run(attempts=20)
    assert code == 1
    assert 'refused "ada": Invalid username or password.' in output
    assert "neither the registry record nor the bot can be created" in output
    assert "set it back" in output and "restart this task" in output
    assert "it is not tried again" in output
    assert portus.people["ada"].failures == 3


@VERSIONS
def test_portus_own_user_steps_in_for_a_changed_password(portus: FakePortus, run: Run) -> None:
    portus.add("ada", "her own", "ada@example.com", admin=True)
    code, output = run(portus_user=True)
    assert code == 0, output
    assert result_of(output)["created"] == ["registry record", "bot"]
    assert portus.people["ada"].password == "her own"


@pytest.mark.parametrize("version", ["2.2", "2.3"])
def test_sign_up_off_needs_portus_own_user(portus: FakePortus, run: Run) -> None:
    portus.sign_up = False
    code, output = run()
    assert code == 1
    assert "its sign-up is off: give this task portus_user" in output
    assert portus.humans() == {}
    code, output = run(portus_user=True)
    assert code == 0, output
    assert portus.people["ada"].admin and not portus.people["bot"].admin
    assert portus.verify("ada", ADMINISTRATOR_PASSWORD) == ""


@VERSIONS
def test_goes_on_when_the_administrator_exists_without_the_right(portus: FakePortus, run: Run) -> None:
    portus.sign_up = False
    portus.add("ada", ADMINISTRATOR_PASSWORD, "ada@example.com")
    code, output = run()
    assert code == 1
    assert "Without an administrator" in output
    code, output = run(portus_user=True)
    assert code == 0, output
    assert portus.people["ada"].admin


@VERSIONS
def test_never_signs_up_as_an_ordinary_user(portus: FakePortus, run: Run) -> None:
    portus.add("grace", "hers-alone", "grace@example.com", admin=True)
    assert run()[0] == 1
    assert set(portus.humans()) == {"grace"}


@VERSIONS
@pytest.mark.parametrize(
    "key, value", [("external_hostname", "old.test"), ("hostname", "other:5000"), ("use_ssl", False)]
)
@pytest.mark.parametrize("portus_user", [False, True])
def test_a_differing_record_is_corrected(
    portus: FakePortus, run: Run, key: str, value: object, portus_user: bool
) -> None:
    assert run()[0] == 0
    if not portus_user:  # it is looked at by the administrator while something is missing
        del portus.people["bot"]
    assert portus.record
    portus.record[key], portus.record["name"] = value, "our registry"
    code, output = run(portus_user=portus_user)
    assert code == 0, output
    assert result_of(output)["corrected"] == [f"{key} is {value!r} and should be {RECORD[key]!r}"]
    assert portus.record == {**RECORD, "name": "our registry"}


@VERSIONS
def test_the_public_name_is_corrected_also_once_there_are_repositories(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.tags["ada/image", "latest"] = ("sha256:0", "now")
    code, output = run(portus_user=True, registry={**RECORD, "external_hostname": "new.test"})
    assert code == 0, output
    assert portus.record == {**RECORD, "external_hostname": "new.test"}
    assert result_of(run(portus_user=True, registry={**RECORD, "external_hostname": "new.test"})[1]) == {
        **result_of(output),
        "outcome": "already done",
        "corrected": [],
    }


@VERSIONS
def test_the_internal_name_stays_once_there_are_repositories_and_that_is_said(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.tags["ada/image", "latest"] = ("sha256:0", "now")
    assert portus.record
    portus.record["hostname"] = "former:5000"
    code, output = run(portus_user=True)
    assert code == 1
    assert "does not change its registry's internal host name from 'former:5000' to 'registry:5000'" in output
    assert "give the PortusStack the name that it had" in output
    assert portus.record["hostname"] == "former:5000"


@VERSIONS
def test_an_unreachable_registry_leaves_the_record_as_it_was(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.unreachable = 1
    code, output = run(portus_user=True, registry={**RECORD, "external_hostname": "new.test"})
    assert code == 1
    assert "correct the registry record" in output and "connection refused" in output
    assert portus.record == RECORD
    assert run(portus_user=True, registry={**RECORD, "external_hostname": "new.test"})[0] == 0


@VERSIONS
def test_a_renamed_record_is_fine_also_once_there_are_repositories(portus: FakePortus, run: Run) -> None:
    portus.add("ada", ADMINISTRATOR_PASSWORD, "ada@example.com", admin=True)
    portus.record = {**RECORD, "name": "our registry"}
    portus.tags["ada/image", "latest"] = ("sha256:0", "now")
    assert run()[0] == 0


@VERSIONS
def test_the_namespace_is_read_and_not_guessed(portus: FakePortus, run: Run, secret_file: Secret) -> None:
    dashed = {"username": "a-bot", "email": "bot@example.com", "password_file": secret_file("bot", BOT_PASSWORD)}
    code, output = run(bot=dashed)
    assert code == 0, output
    assert result_of(output)["namespace"] == ("a-bot" if portus.version == "2.2" else "a_bot")
    assert result_of(run(bot=dashed)[1])["outcome"] == "already done"


@VERSIONS
def test_a_sign_in_without_a_session_is_no_success(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.empty_handed = True
    code, output = run(portus_user=True)
    assert code == 1
    assert "no session came of it" in output


@VERSIONS
def test_a_refused_hidden_user_is_not_taken_for_the_answer_of_200(portus: FakePortus, run: Run) -> None:
    portus.add("ada", "her own", "ada@example.com", admin=True)
    portus.people["portus"].password = "another"
    code, output = run(portus_user=True)
    assert code == 1
    assert 'Portus refused "portus": Invalid username or password.' in output
    assert portus.record is None


@VERSIONS
@pytest.mark.parametrize("who", ["bot", "ada", "portus"])
def test_a_locked_user_is_waited_for_and_not_given_up(portus: FakePortus, run: Run, who: str) -> None:
    assert run(portus_user=True)[0] == 0
    portus.people[who].failures = 10
    code, output = run(attempts=8, portus_user=True)
    if who == "bot":
        assert code == 1
        assert 'Portus refused "bot": Your account is locked.' in output and "goes on by itself" in output
        assert "not tried again" not in output
    else:
        assert code == 0, "either of the two administrators will do"
    portus.people[who].failures = 0
    assert run(portus_user=True)[0] == 0


@VERSIONS
def test_waits_when_it_is_told_that_it_asks_too_fast(portus: FakePortus, run: Run, pauses: list[float]) -> None:
    portus.too_fast = 3
    code, output = run()
    assert code == 0, output
    assert output.count("\n") == 1, "the same request again is no failure"
    assert pauses == [1.0, 2.0, 4.0]


@VERSIONS
def test_the_former_bot_goes_where_portus_can_remove_users(portus: FakePortus, run: Run) -> None:
    portus.add("ada", ADMINISTRATOR_PASSWORD, "ada@example.com", admin=True)
    portus.add("former", BOT_PASSWORD, "former@example.com")
    code, output = run(former_bot={"username": "former", "email": "former@example.com"})
    assert code == 0, output
    gone = portus.version == "2.4"
    assert result_of(output)["removed"] == (["former"] if gone else [])
    assert ("former" not in portus.people) == gone


@pytest.mark.parametrize("version", ["2.4"])
@pytest.mark.parametrize("change", [{"email": "hers@example.com"}, {"admin": True}])
def test_somebody_else_of_the_former_bots_name_stays(portus: FakePortus, run: Run, change: dict[str, Any]) -> None:
    portus.add("ada", ADMINISTRATOR_PASSWORD, "ada@example.com", admin=True)
    portus.add("former", "hers", **{"email": "former@example.com", **change})
    assert run(former_bot={"username": "former", "email": "former@example.com"})[0] == 0
    assert "former" in portus.people


@VERSIONS
def test_bot_with_another_password_is_explained(portus: FakePortus, run: Run) -> None:
    portus.add("ada", ADMINISTRATOR_PASSWORD, "ada@example.com", admin=True)
    portus.add("bot", "another", "bot@example.com")
    code, output = run(attempts=20)
    assert code == 1
    assert "already been taken" in output and "Remove this user in Portus" in output
    assert portus.people["bot"].failures == 3, "the account must not be locked"
    del portus.people["bot"]
    assert run()[0] == 0


@VERSIONS
def test_unreachable_registry_is_told_in_portus_words_and_retried(portus: FakePortus, run: Run) -> None:
    portus.unreachable = 8
    code, output = run(attempts=9)
    assert "create the registry record" in output and "connection refused" in output
    assert "Check that Portus reaches registry:5000" in output
    assert code == 0, "the bot's refusals from before it existed must not count"


@VERSIONS
def test_administrators_of_others_are_left_alone(portus: FakePortus, run: Run) -> None:
    portus.add("grace", "hers-alone", "grace@example.com", admin=True)
    code, output = run(portus_user=True)
    assert code == 0, output
    assert set(portus.humans()) == {"grace", "bot"}


@VERSIONS
def test_waits_for_portus(portus: FakePortus, run: Run) -> None:
    portus.unavailable = 4
    code, output = run(attempts=6)
    assert code == 0, output
    lines = output.splitlines()
    assert lines[0].startswith("bootstrap: wait for Portus: GET https://localhost:")
    assert "answered 503: no server is available" in lines[0]
    assert len(lines) == 4 and "(the same 4 times in" in lines[2], "identical failures are summarised"


@VERSIONS
def test_nothing_secret_is_said(portus: FakePortus, run: Run) -> None:
    basic = b64encode(f"bot:{BOT_PASSWORD}".encode()).decode()
    echoed = [ADMINISTRATOR_PASSWORD, BOT_PASSWORD, "a-Sec%2Bret%2F1+x", basic, "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln"]
    assert run()[0] == 0
    for portus.echo in echoed:
        portus.unavailable, portus.unreachable = 1, 1
        portus.record = None
        _, output = run(attempts=2)
        assert output.count("[redacted]") == 2, output
        for secret in (*echoed, "a-Sec", "b-Sec", "eyJ", 'Sec&ret\\"2'):
            assert secret not in output


@VERSIONS
def test_a_bot_without_rights_is_explained(portus: FakePortus, run: Run) -> None:
    assert run()[0] == 0
    portus.people["bot"].namespace = ""
    code, output = run()
    assert code == 1
    assert '"bot" may not push anywhere' in output
    assert "has a namespace of its own" in output


@pytest.mark.parametrize("version", ["2.4"])
def test_wrong_settings_name_their_path(portus: FakePortus, run: Run) -> None:
    changes: list[tuple[dict[str, object], str]] = [
        ({"registry": {**RECORD, "use_ssl": "yes"}}, "registry.use_ssl must be true or false"),
        ({"portus_url": "http://portus"}, "portus_url must start with https://"),
        ({"generation": 3}, "generation must be a whole number from 1 to 2"),
        ({"surprise": 1}, "unknown keys: surprise"),
        ({"ca_file": "/nowhere"}, "ca_file: there is no file /nowhere"),
    ]
    for change, words in changes:
        with pytest.raises(task.SettingsError, match=words):
            run(**change)
