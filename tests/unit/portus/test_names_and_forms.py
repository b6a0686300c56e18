"""Names and values in the one spelling that Docker and its provider report back."""

import re

import pulumi_docker as docker
import pytest
from hypothesis import given
from hypothesis import strategies as some

from components.portus.naming import files_path, internal_name, resource_name
from components.portus.settings import patterns
from components.portus.settings.problems import camel_case
from components.portus.targets.docker import translate
from components.portus.topology import File
from tests.unit.portus import topologies

NAMES = some.from_regex(patterns.NAME[0], fullmatch=True)
_UNITS = {"h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (3, "3s"), (59, "59s"), (60, "1m0s"), (90, "1m30s"), (120, "2m0s"), (3600, "1h0m0s"), (3661, "1h1m1s")],
)
def test_duration_is_in_dockers_own_form(seconds: int, text: str) -> None:
    assert translate.duration(seconds) == text


@given(some.integers(0, 10**6))
def test_duration_means_the_same_number_of_seconds(seconds: int) -> None:
    parts = re.findall(r"(\d+)([hms])", translate.duration(seconds))
    assert sum(int(number) * _UNITS[unit] for number, unit in parts) == seconds
    assert "".join(number + unit for number, unit in parts) == translate.duration(seconds)


@pytest.mark.parametrize(
    ("cores", "text"), [(0.5, "0.5"), (0.25, "0.25"), (1, "1.0"), (2.0, "2.0"), (1.5, "1.5"), (10, "10.")]
)
def test_cpus_are_in_the_providers_own_form(cores: float, text: str) -> None:
    assert translate.cpus(cores) == text


@given(some.integers(10, 25600))
def test_cpus_mean_the_same_number(hundredths: int) -> None:
    assert float(translate.cpus(hundredths / 100)) == hundredths / 100


@given(NAMES, some.sampled_from(["database", "smoke_check", "portus"]))
def test_every_name_is_a_host_name(name: str, role: str) -> None:
    """RFC 1123: labels of at most 63 letters, digits and dashes."""
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", internal_name(name, role))
    assert resource_name(name, role) == f"{name}-{role}".replace("_", "-")


def test_file_paths_are_absolute() -> None:
    assert files_path("a.key") == "/etc/portus-stack/a.key"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("docker.hosts[0].private_address", "docker.hosts[0].privateAddress"),
        ("certificates.early_renewal_hours", "certificates.earlyRenewalHours"),
        ("registry.storage.s3", "registry.storage.s3"),
        ("smoke_check", "smokeCheck"),
    ],
)
def test_problems_are_told_in_the_spelling_of_other_languages(path: str, expected: str) -> None:
    assert camel_case(path) == expected


def test_environment_is_sorted() -> None:
    assert translate.environment({"B": "2", "A": "1=1"}) == ["A=1=1", "B=2"]


def test_swap_is_never_added() -> None:
    for process in topologies.topology().processes:
        container = translate.container(process, "image")
        assert container.memory == container.memory_swap == process.limits.memory_mib


def test_every_container_is_confined() -> None:
    for process in topologies.topology().processes:
        container = translate.container(process, "image")
        capabilities = container.capabilities
        assert isinstance(capabilities, docker.ContainerCapabilitiesArgs)
        assert capabilities.drops == ["ALL"]
        assert all(name.startswith("CAP_") for name in process.security.capabilities)
        assert container.security_opts == ["no-new-privileges:true"]
        assert container.wait is True
        assert container.log_opts == {"max-size": "10m", "max-file": "3"}
        assert container.privileged is None
        assert container.network_mode is None


def test_scratch_cannot_hold_programs() -> None:
    options = translate.scratch(("/tmp",)) or {}
    assert {"noexec", "nosuid", "nodev"} <= set(options["/tmp"].split(","))


def test_files_of_a_read_only_root_share_one_directory() -> None:
    process = topologies.topology().process("edge")
    assert translate.files_directory(process) == "/etc/portus-stack"
    astray = type(process)(**{**process.__dict__, "files": (*process.files, File("/opt/a/b", "text"))})
    with pytest.raises(ValueError, match="edge: files of a read-only root must share one directory"):
        translate.files_directory(astray)
