"""The smoke check against answers of a registry, an edge and Portus."""

import gzip
import io
import json
import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import registry_client
import smoke_check
import task
from fake_portus import FakePortus
from fake_registry import FakeEdge, FakeRegistry, Redirector
from https_server import Serve, Server, issue

from components.portus.tasks import smoke_check as task_of_smoke_check
from tests.unit.portus import samples

PASSWORD = 'b-Sec&ret"2'
DIGEST = "sha256:241e8041bac28028ceb81f1f0536f0c8f349064a3c3b75a33cdd180abf52c2b5"


@dataclass
class Stack:
    portus: FakePortus
    registry: FakeRegistry
    edge: FakeEdge
    check: Callable[..., tuple[int, str]]


@pytest.fixture(params=["2.2", "2.4"])
def stack(  # noqa: PLR0913, PLR0917 - fixtures
    request: pytest.FixtureRequest,
    serve: Serve,
    certificates: tuple[Path, Path],
    secret_file: Callable[[str, str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Stack:
    monkeypatch.setattr(smoke_check, "VISIBLE_WITHIN_SECONDS", 0.2)
    monkeypatch.setattr(smoke_check, "LOOK_EVERY_SECONDS", 0.02)
    portus = FakePortus(request.param)
    portus.record = {"hostname": "registry:5000"}
    portus.add("bot", PASSWORD, "bot@example.com")
    registry, edge = FakeRegistry(portus), FakeEdge(portus)
    front, back = serve(edge), serve(registry)
    registry.realm = f"{front.url}/v2/token"
    redactor = task.Redactor()

    def check(**changes: Any) -> tuple[int, str]:
        data = {
            "generation": 1 if portus.version == "2.2" else 2,
            "portus_url": front.url,
            "registry_url": back.url,
            "registry_service": "registry:5000",
            "ca_file": str(certificates[0]),
            "bot": {"username": "bot", "password_file": secret_file("bot", PASSWORD)},
            **changes,
        }
        attempt = smoke_check.prepare(task.Section(data, "", redactor))
        code = task.repeat(attempt, task.Reporter("smoke check", redactor), tmp_path / "done", within_seconds=0)
        return code, capsys.readouterr().out

    return Stack(portus, registry, edge, check)


def test_all_is_well_and_again(stack: Stack) -> None:
    for _ in range(2):
        code, output = stack.check()
        assert code == 0, output
        result = json.loads(output.splitlines()[-1].removeprefix("result: "))
        assert (result["repository"], result["tag"]) == ("bot/smoke-check", "latest")
        assert result["digest"] == registry_client.smoke_check_image().digest
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["checked_at"])
        assert result["steps"][:3] == ["log in", "see the registry's challenge", "be refused without a token"]
    assert stack.registry.pushes == 2
    assert list(stack.registry.manifests) == [("bot/smoke-check", "latest")], "nothing else is touched"


def test_a_silent_registry_fails_although_the_tag_was_seen_before(stack: Stack) -> None:
    assert stack.check()[0] == 0
    stack.registry.mute = True
    code, output = stack.check()
    assert code == 1
    assert "see it in Portus: bot/smoke-check:latest was pushed, but Portus does not show it" in output


def test_another_stacks_realm_or_service_is_found(stack: Stack) -> None:
    stack.registry.service = "other:5000"
    assert "service is 'other:5000' and should be 'registry:5000'" in stack.check()[1]
    stack.registry.service, stack.registry.realm = "registry:5000", "https://elsewhere/v2/token"
    assert "realm is 'https://elsewhere/v2/token'" in stack.check()[1]


@pytest.mark.parametrize(
    "fault, words",
    [
        ({"open_to_all": True}, "be refused without a token: this was not refused"),
        ({"ignores_signature": True}, "be refused with a forged token: this was not refused"),
        ({"misnames": True}, "push: the registry names the image sha256:0, not sha256:"),
        ({"corrupts": True}, "pull it back: the configuration came back changed"),
        ({"upload_origin": "http://inside:5000"}, "push: the registry sends uploads to http://inside:5000"),
    ],
)
def test_each_fault_of_the_registry_is_named(stack: Stack, fault: dict[str, Any], words: str) -> None:
    for key, value in fault.items():
        setattr(stack.registry, key, value)
    code, output = stack.check()
    assert code == 1
    assert words in output


@pytest.mark.parametrize("path", ["/v2/webhooks/events", "/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_ping"])
def test_a_leaking_edge_is_found(stack: Stack, path: str) -> None:
    stack.edge.leaks.add(path)
    code, output = stack.check()
    assert code == 1
    assert "this was not refused" in output and f"{path} answered 202" in output


def test_the_namespace_is_read_and_not_guessed(stack: Stack) -> None:
    if stack.portus.version != "2.2":
        stack.portus.people["bot"].namespace = "bot0"
        code, output = stack.check()
        assert code == 0, output
        assert list(stack.registry.manifests) == [("bot0/smoke-check", "latest")]
    stack.portus.people["bot"].namespace = ""
    assert 'log in: Portus gave "bot" no namespace' in stack.check()[1]


@pytest.mark.parametrize(
    "hole, words",
    [
        ("widened_scopes", "anybody asked for repository:portus/forbidden:*,pull,push,delete and got delete,pull,push"),
        ("token_subject", '"bot" got a token in the name of "portus"'),
        ("foreign_tokens", '"bot" got an application token of user 1'),
    ],
)
def test_a_hole_is_found_where_it_has_to_be_closed(stack: Stack, hole: str, words: str) -> None:
    if hole == "foreign_tokens" and stack.portus.version == "2.2":
        pytest.skip("generation 1 has no such API")
    code, output = stack.check(closed=list(smoke_check.HOLES))
    assert code == 0, output
    stack.portus.holes.add(hole)
    code, output = stack.check(closed=list(smoke_check.HOLES))
    assert code == 1
    assert words in output and "see `portus.patches`" in output
    assert stack.portus.people["portus"].tokens == {}, "what must not have been given is taken back"
    assert "f-plain-token" not in output
    others = [each for each in smoke_check.HOLES if each != hole]
    assert stack.check(closed=others)[0] == 0, "an operator who left it open is not told again"


@pytest.mark.parametrize("off", [*smoke_check.HOLES, ""])
def test_the_task_asks_for_what_is_closed(off: str) -> None:
    patches = {"portus": {"patches": {off: False}}} if off else {}
    settings = samples.settings(samples.merged(samples.MINIMAL, patches))
    closed = task_of_smoke_check.script_settings(settings, "0a1b2c3d", publicly_trusted=False)["closed"]
    assert sorted(cast("list[str]", closed)) == sorted({*smoke_check.HOLES} - {off})


def test_a_hole_that_there_is_not_is_refused(stack: Stack) -> None:
    with pytest.raises(task.SettingsError, match="closed: typo is none of widened_scopes"):
        stack.check(closed=["typo"])


def test_wrong_password_is_told_and_not_shown(stack: Stack) -> None:
    stack.portus.people["bot"].password = "another"
    code, output = stack.check()
    assert code == 1
    assert "log in: get" not in output and 'Portus refused "bot": Invalid username or password.' in output
    assert PASSWORD not in output


def test_a_record_of_another_name_grants_nothing(stack: Stack) -> None:
    stack.portus.record = {"hostname": "other:5000"}
    assert "get a token: Portus grants nothing on bot/smoke-check" in stack.check()[1]


def test_plain_http_must_redirect(stack: Stack, certificates: tuple[Path, Path]) -> None:
    for target, code in (("https://localhost", 0), ("http://localhost", 1)):
        plain = Server(Redirector(target), None)
        try:
            assert stack.check(http_url=f"{plain.url}/")[0] == code
        finally:
            plain.close()


def test_a_stranger_with_another_certificate_is_not_trusted(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    code, output = stack.check(ca_file=str(issue(folder)[0]))
    assert code == 1
    assert "showed a certificate that does not verify" in output
    assert stack.portus.requests == []


def test_the_image_never_changes() -> None:
    image = registry_client.smoke_check_image()
    assert image == registry_client.smoke_check_image()
    assert image.digest == DIGEST
    manifest = json.loads(image.manifest)
    assert manifest["config"]["digest"] == registry_client.digest_of(image.config)
    assert manifest["layers"][0]["digest"] == registry_client.digest_of(image.layer)
    assert manifest["layers"][0]["size"] == len(image.layer)
    tar = gzip.decompress(image.layer)
    assert json.loads(image.config)["rootfs"]["diff_ids"] == [registry_client.digest_of(tar)]
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert archive.getnames() == ["smoke-check.txt"]


def test_a_forged_token_differs_in_its_signature_only() -> None:
    token = "aGVhZA.Ym9keQ.c2lnbmF0dXJl"
    forged = smoke_check.with_other_signature(token)
    assert forged.rpartition(".")[0] == "aGVhZA.Ym9keQ"
    assert forged != token and len(forged) == len(token)
