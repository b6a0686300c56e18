"""Environment variables from outside: none by which authentication or anything else of PortusStack's is overruled."""

import pytest

from components.portus import InvalidSettings
from components.portus.settings import settings_from_args
from components.portus.settings.variables import variable_problem
from tests.unit.portus import kubernetes_samples, topologies
from tests.unit.portus.samples import MINIMAL, merged, problems

OF_THE_REGISTRY = ("REGISTRY_AUTH", "REGISTRY_AUTH_TOKEN_REALM", "REGISTRY_AUTH_SILLY_REALM", "REGISTRY_HTTP_TLS")


@pytest.mark.parametrize("more", [{}, topologies.GENERATION_1, topologies.EXTERNAL_DATABASE, topologies.S3])
def test_what_a_role_has_already_cannot_be_set(more: dict[str, object]) -> None:
    names = {name for process in topologies.topology(more).processes for name in process.environment}
    assert names and [name for name in sorted(names) if not variable_problem(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        *OF_THE_REGISTRY,
        *("registry_auth", "REGISTRY_STORAGE", "REGISTRY_STORAGE_DELETE_ENABLED", "REGISTRY_LOG_LEVEL"),
        *("REGISTRY_NOTIFICATIONS_ENDPOINTS", "REGISTRY_HTTP_SECRET", "REGISTRY_HEALTH_STORAGEDRIVER_ENABLED"),
        *("PORTUS_SIGNUP_ENABLED", "PORTUS_ANONYMOUS_BROWSING_ENABLED", "PORTUS_LDAP_ENABLED", "PORTUS_DB_HOST"),
        *("CCONFIG_PREFIX", "SECRET_KEY_BASE", "RAILS_ENV", "RACK_ENV", "SKIP_MIGRATION", "DATABASE_URL"),
        *("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "MYSQL_ROOT_HOST", "MYSQL_ROOT_PASSWORD", "MARIADB_USER"),
    ],
)
def test_name_that_overrules_is_refused(name: str) -> None:
    assert variable_problem(name).startswith(f"must not set {name}: ")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "TZ",
            "LANG",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "GOGC",
            "AWS_REGION",
            "MALLOC_ARENA_MAX",
        ),
        *("REGISTRY_REDIS_ADDRS", "REGISTRY_VALIDATION_DISABLED", "PORTUS_DB_POOL", "PORTUS_HEALTH_QUIET"),
        *("MARIADB_DISABLE_UPGRADE_BACKUP", "MARIADB_INITDB_SKIP_TZINFO", "MY_REGISTRY_AUTH", "SSL_CERT_FILE"),
    ],
)
def test_name_that_concerns_nothing_of_ours_is_taken(name: str) -> None:
    assert variable_problem(name) == ""


@pytest.mark.parametrize("place", ["pods", *(f"roles.{role}" for role in kubernetes_samples.GROUP["roles"])])
def test_every_place_is_judged_and_every_name_told(place: str) -> None:
    environment = {"TZ": "UTC", **dict.fromkeys(OF_THE_REGISTRY, "hunter2")}
    group: dict[str, object] = {"environment": environment}
    for name in reversed(place.split(".")):
        group = {name: group}
    with pytest.raises(InvalidSettings) as caught:
        settings_from_args("test", merged(merged(MINIMAL, kubernetes_samples.target()), {"kubernetes": group}))
    lines = [line.strip() for line in str(caught.value).splitlines()[1:]]
    assert [line.split(": ")[0] for line in lines] == [f"kubernetes.{place}.environment"] * len(OF_THE_REGISTRY)
    assert [
        name for name, line in zip(OF_THE_REGISTRY, lines, strict=True) if f"must not set {name}: " not in line
    ] == []
    assert "hunter2" not in str(caught.value)


def test_what_all_pods_get_is_told_once() -> None:
    group = {"pods": {"environment": {"REGISTRY_AUTH": "silly"}}, "roles": {"edge": {"priority_class": "high"}}}
    found = problems(merged(merged(MINIMAL, kubernetes_samples.target()), {"kubernetes": group}))
    assert list(found) == ["kubernetes.pods.environment"]
