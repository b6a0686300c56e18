"""The same bad thing in other words: each value is caught for what it means, and nothing else is told.

These are many, so that they are judged from a state, in this process; test_rules.py has each rule over gRPC.
"""

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from portus_policies.check import EXCEPTIONS_FILE, check, read_configuration
from portus_policies.exceptions import read_exceptions

from tests.policy.cases import Case
from tests.policy.certificate_cases import CASES as CERTIFICATES
from tests.policy.certificate_cases import GOOD, in_secret
from tests.policy.conftest import SETTINGS
from tests.policy.graphs import Added, Graph, entry, state_of
from tests.policy.meaning_cases import CASES as MEANINGS
from tests.policy.reach_cases import CASES as REACH
from tests.policy.secret_cases import CASES as SECRETS

CASES = (*MEANINGS, *REACH, *SECRETS, *CERTIFICATES)
TODAY = datetime.date(2027, 1, 1)
OWN = {"S06", "K56"}
"""What the changed graphs have by themselves: changes take the marks of secrets away, a load balancer is advised."""
Find = Callable[[str, bool], Graph]


def found(graph: Graph, folder: Path) -> set[str]:
    """The rules that are broken in the graph's state."""
    file, configuration = folder / "state.json", folder / "policy.json"
    file.write_text(json.dumps(state_of(graph)))
    configuration.write_text(json.dumps({"settings": dict(SETTINGS)}))
    report = check(file, read_configuration(configuration), read_exceptions(EXCEPTIONS_FILE), TODAY)
    assert not [each.message for each in report.mandatory if "hunter2" in each.message], "a finding holds no value"
    return {each.rule.id for each in (*report.mandatory, *report.advisory)} - OWN


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number].rule}-{number}")
def test_what_a_value_means_is_caught(number: int, graph: Find, tmp_path: Path) -> None:
    case: Case = CASES[number]
    worse = graph(case.base, False)
    for change in case.changes:
        worse = change.applied(worse)
    rules = found(worse, tmp_path)
    if case.rule == "S06":
        return  # told apart below, for every changed graph has it
    assert case.rule in rules, f"not caught; found {rules}"
    assert rules - {case.rule} <= case.also, f"also {rules - {case.rule} - case.also}"


HARMLESS: dict[str, dict[str, object]] = {
    "a directory of its own": {"volumes": [{"hostPath": "/srv/app/../data/", "containerPath": "/data"}]},
    "a directory whose name begins so": {"volumes": [{"hostPath": "/variable", "containerPath": "/data"}]},
    "the time zone, to read": {"volumes": [{"hostPath": "/etc/localtime", "containerPath": "/x", "readOnly": True}]},
    "a volume from a server": {
        "mounts": [
            {
                "type": "volume",
                "target": "/data",
                "volumeOptions": {"driverOptions": {"type": "nfs", "o": "addr=10.0.0.9,rw", "device": ":/export"}},
            }
        ]
    },
    "Docker's own filter": {"securityOpts": ["no-new-privileges=true", "seccomp=builtin"]},
    "the bare word": {"securityOpts": ["no-new-privileges"]},
    "a filter that names what it allows": {
        "securityOpts": [
            "no-new-privileges:true",
            'seccomp={"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}, '
            '{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}',
        ]
    },
    "a profile of AppArmor": {"securityOpts": ["no-new-privileges:true", "apparmor=app", "label=type:container_t"]},
    "a group of its own": {"user": "1000:1000", "groupAdds": ["2000", "app"]},
    "a URL without a password": {"envs": ["CACHE_URL=redis://cache:6379/0", "DB=jdbc:mysql://db/x?useSSL=true"]},
    "a password elsewhere": {"envs": ["DSN=host=db password=${DB_PASSWORD}", "PGPASSFILE=/run/secrets/pgpass"]},
    "a command without a password": {"command": ["sh", "-c", 'curl -fsS -u "$USER:$PW" https://x && find . -print']},
    "an empty word": {"command": ["redis-server", "--save", ""]},
    "words that only look so": {"envs": ["BYPASS_PROXY=1", "COMPASS=north", "PWD=/srv", "TOKEN_TTL=3600"]},
    "a user of the container's": {"command": ["setpriv", "-u", "1000:1000", "app"], "labels": []},
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_means_no_harm_is_let_alone(name: str, tmp_path: Path) -> None:
    base = {
        **{"image": f"sha256:{'a' * 64}", "user": "1000:1000", "memory": 256, "cpus": "0.5", "readOnly": True},
        **{"capabilities": {"drops": ["ALL"]}, "securityOpts": ["no-new-privileges:true"], "restart": "no"},
        **{"healthcheck": {"tests": ["CMD", "true"]}, "networksAdvanced": [{"name": "app"}], "logDriver": "journald"},
        "ulimits": [{"name": "nproc"}, {"name": "nofile"}],
    }
    one = entry("docker:index/container:Container", "app", {**base, **HARMLESS[name]})
    assert found((one,), tmp_path) == set()


@pytest.mark.parametrize("name", GOOD)
def test_a_certificate_that_holds_is_let_alone(name: str, graph: Find, tmp_path: Path) -> None:
    assert found(in_secret(GOOD[name]).applied(graph("kubernetes", False)), tmp_path) == set()


@pytest.mark.parametrize(
    ("audience", "found_there"), [("sts.amazonaws.com", False), ("api://AzureADTokenExchange", False), ("", True)]
)
def test_tokens_for_a_clouds_identity_service_are_none_for_the_cluster(
    audience: str, found_there: bool, tmp_path: Path
) -> None:
    token = {"serviceAccountToken": {"path": "token", **({"audience": audience} if audience else {})}}
    spec = {"automountServiceAccountToken": False, "volumes": [{"name": "t", "projected": {"sources": [token]}}]}
    one = entry("kubernetes:core/v1:PodTemplate", "p", {"metadata": {"namespace": "x"}, "template": {"spec": spec}})
    assert ("K26" in found((one,), tmp_path)) is found_there


def test_a_login_among_the_files_must_be_secret(tmp_path: Path) -> None:
    (case,) = [each for each in SECRETS if each.rule == "S06"]
    (added,) = case.changes
    assert isinstance(added, Added)
    file, configuration = tmp_path / "state.json", tmp_path / "policy.json"
    file.write_text(json.dumps(state_of((added.new,))))
    configuration.write_text(json.dumps({"settings": dict(SETTINGS)}))
    report = check(file, read_configuration(configuration), read_exceptions(EXCEPTIONS_FILE), TODAY)
    assert "S06" in {each.rule.id for each in report.mandatory}
