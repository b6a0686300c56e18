"""What is sent to Docker for a container, and what is read from its answer."""

from typing import Any

import pytest

from tests.unit.plugins_docker.samples import check_request
from toolchain.plugins.docker.checking import check
from toolchain.plugins.docker.container_config import container_body
from toolchain.plugins.docker.container_schema import CONTAINER
from toolchain.plugins.docker.container_state import read_container
from toolchain.plugins.docker.planning import known, plan
from toolchain.plugins.framework import ProviderError


def _state(**program: Any) -> dict[str, Any]:
    return known(plan(CONTAINER, None, check(CONTAINER, check_request({"image": "i", **program})).inputs))


def _body(version: str = "1.41", **program: Any) -> dict[str, Any]:
    return container_body(_state(**program), version)


def test_a_bare_container_leaves_everything_else_to_the_engine() -> None:
    assert _body() == {
        "Image": "i",
        "HostConfig": {
            "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "NetworkMode": "bridge",
            "Init": False,
        },
    }


def test_memory_is_sent_in_bytes_and_unlimited_swap_as_it_is() -> None:
    host = _body(memory=64, memorySwap=-1)["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (64 * 1024 * 1024, -1)


def test_ports_without_a_number_let_docker_choose() -> None:
    body = _body(ports=[{"internal": 80}, {"internal": 53, "external": 5353, "protocol": "udp", "ip": "127.0.0.1"}])
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert body["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostPort": "0", "HostIp": "0.0.0.0"}],
        "53/udp": [{"HostPort": "5353", "HostIp": "127.0.0.1"}],
    }


def test_volumes_become_binds_anonymous_volumes_and_sources() -> None:
    body = _body(
        volumes=[
            {"containerPath": "/a", "volumeName": "v", "readOnly": True, "selinuxRelabel": "z"},
            {"containerPath": "/b", "hostPath": "/h", "volumeName": "ignored"},
            {"containerPath": "/c"},
            {"fromContainer": "other"},
        ]
    )
    assert set(body["Volumes"]) == {"/a", "/b", "/c"}
    assert sorted(body["HostConfig"]["Binds"]) == ["/h:/b:rw", "v:/a:ro,z"]
    assert body["HostConfig"]["VolumesFrom"] == ["other"]


def test_unconfined_system_paths_are_the_clients_business() -> None:
    host = _body(securityOpts=["systempaths=unconfined", "no-new-privileges:true"])["HostConfig"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["MaskedPaths"] == host["ReadonlyPaths"] == []


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ({"command": ["a", ""]}, "values for command may not be empty"),
        ({"volumes": [{"readOnly": True}]}, "volume entry without container path or source container"),
        ({"mounts": [{"type": "volume", "target": "/t", "volumeOptions": {"noCopy": True}}]}, "1.45 or higher"),
        ({"healthcheck": {"tests": ["x"], "startInterval": "1s"}}, "requires API version 1.44"),
        ({"cpus": "many"}, "Error setting cpus"),
        ({"cgroupnsMode": "mine"}, "invalid CGROUP mode"),
        ({"gpus": "mine"}, "Error setting gpus"),
    ],
)
def test_what_docker_would_misunderstand_is_refused(program: dict[str, Any], problem: str) -> None:
    with pytest.raises(ProviderError, match=problem):
        _body(**program)


_FOUND: dict[str, Any] = {
    "Id": "0" * 64,
    "Name": "/c",
    "Image": "sha256:1",
    "Platform": "linux",
    "State": {"Running": True, "ExitCode": 0},
    "Config": {"Image": "i", "Hostname": "h", "Cmd": ["sh"], "Entrypoint": None, "StopTimeout": None},
    "HostConfig": {
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "Memory": 64 * 1024 * 1024,
        "MemorySwap": -1,
        "NanoCpus": 1_500_000_000,
        "CapDrop": ["ALL"],
        "ExtraHosts": ["a:1.2.3.4", "b:fe80::1"],
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/null", "CgroupPermissions": "rwm"}],
    },
    "NetworkSettings": {
        "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}], "9/udp": None},
        "Networks": {"bridge": {"IPAddress": "172.17.0.2", "IPPrefixLen": 16}},
    },
}


def test_read_back() -> None:
    state = read_container(_FOUND, _state(ports=[{"internal": 80}], devices=[{"hostPath": "/dev/null"}]))
    expected: dict[str, Any] = {
        "name": "c",
        "hostname": "h",
        "entrypoints": [],
        "memory": 64,
        "memorySwap": -1,
        "cpus": "1.5",
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "hosts": [{"host": "a", "ip": "1.2.3.4"}, {"host": "b", "ip": "fe80"}],
        "ports": [{"internal": 80, "external": 32768, "ip": "0.0.0.0", "protocol": "tcp"}],
        "devices": [{"hostPath": "/dev/null", "containerPath": "", "permissions": "rwm"}],
    }
    assert {name: state[name] for name in expected} == expected
    assert state["mustRun"] is True
    assert state["exitCode"] is None


def test_an_image_given_by_id_is_read_by_id() -> None:
    assert read_container(_FOUND, _state(image="sha256:2"))["image"] == "sha256:1"
    assert read_container(_FOUND, _state(image="other"))["image"] == "i"


def test_a_stopped_container_that_must_run_is_told_by_must_run() -> None:
    stopped = {**_FOUND, "State": {"Running": False, "ExitCode": 3}}
    state = read_container(stopped, _state())
    assert (state["mustRun"], state["exitCode"]) == (False, 3)
    resting = read_container(stopped, _state(mustRun=False, ports=[{"internal": 80, "external": 1}]))
    assert resting["ports"] == [{"internal": 80, "external": 1, "ip": "0.0.0.0", "protocol": "tcp"}]
