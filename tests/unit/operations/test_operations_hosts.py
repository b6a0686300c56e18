"""How a stack's Docker hosts are read from its state and reached."""

import json
import os
import socket
from pathlib import Path

import pytest

from operations.console import OperationError
from operations.docker_hosts import DockerHost, connected, host_of, hosts_of
from operations.engine import Engine
from operations.health import unwell_containers
from operations.ssh_tunnel import ssh_command, tunnel
from operations.state import Resource, is_encrypted

from .states import HOST, provider, resource, stack, state

SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def test_a_host_over_ssh_with_its_options() -> None:
    options = ["-oBatchMode=yes", "-i", "/key"]
    for stored in (options, json.dumps(options)):
        host = host_of(Resource.from_object(provider(host="ssh://u@h:2222", sshOpts=stored)))
        assert (host.address, host.ssh_options) == ("ssh://u@h:2222", tuple(options))


def test_a_shown_key_is_read_and_never_printed() -> None:
    key = {**SIGNATURE, "plaintext": json.dumps("PRIVATE")}
    host = host_of(Resource.from_object(provider(host="tcp://h:2376", caMaterial="CA", keyMaterial=key)))
    assert dict(host.material) == {"ca.pem": "CA", "key.pem": "PRIVATE"}
    assert "PRIVATE" not in repr(host)


def test_only_hosts_with_something_on_them_are_contacted(tmp_path: Path) -> None:
    engine = Engine(stack(tmp_path))
    assert hosts_of(state(), engine) == {}
    assert list(hosts_of(state(resource("network", "s-net")), engine)) == [HOST]
    assert list(hosts_of(state(pending=(("creating", resource("network", "s-net")),)), engine)) == [HOST]


def test_an_encrypted_key_is_told_from_a_plain_one() -> None:
    assert is_encrypted({**SIGNATURE, "ciphertext": "v1:x"})
    assert not is_encrypted("PEM")


def test_no_address_is_that_of_the_environment_or_the_usual_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the plugin takes it."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CERT_PATH", "/certificates")
    assert host_of(Resource.from_object(provider())) == DockerHost("unix:///var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2376")
    assert host_of(Resource.from_object(provider())) == DockerHost("tcp://far:2376", certificate_folder="/certificates")
    assert host_of(Resource.from_object(provider(host="ssh://u@h"))) == DockerHost("ssh://u@h")


def test_ssh_forwards_the_remote_socket() -> None:
    command = ssh_command("ssh://u@h:22/run/user/1/docker.sock", ("-oConnectTimeout=10",), Path("/t/s"))
    assert command[:2] == ["ssh", "-oConnectTimeout=10"]
    assert command[-8:] == ["-l", "u", "-p", "22", "-L", "/t/s:/run/user/1/docker.sock", "--", "h"]
    assert "/t/s:/var/run/docker.sock" in ssh_command("ssh://h", (), Path("/t/s"))


@pytest.mark.parametrize("address", ["ssh://-oProxyCommand=x", "ssh://", "ssh://-l@h"])
def test_an_address_that_ssh_would_read_as_an_option_is_refused(address: str) -> None:
    with pytest.raises(OperationError, match="no address"):
        ssh_command(address, (), Path("/t/s"))


def put_ssh(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called ssh before all others."""
    (folder / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_tunnel_is_open_when_it_is_yielded_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What ssh does with -L NEAR:REMOTE, as far as a client of NEAR can tell.
    forward = 'while [ "$1" != -L ]; do shift; done; ln -s "${2#*:}" "${2%%:*}"; echo $$ > "$0.pid"; exec sleep 60'
    put_ssh(tmp_path, f"sleep 0.2; {forward}", monkeypatch)
    with socket.socket(socket.AF_UNIX) as remote:
        remote.bind(str(tmp_path / "remote"))
        remote.listen()
        with (
            tunnel(f"ssh://h{tmp_path}/remote", (), tmp_path / "near") as address,
            socket.socket(socket.AF_UNIX) as client,
        ):
            client.connect(address.removeprefix("unix://"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "ssh.pid").read_text()), 0)


def test_a_tunnel_that_fails_says_what_ssh_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_ssh(tmp_path, "echo 'Permission denied (publickey).' >&2; exit 255", monkeypatch)
    expected = pytest.raises(OperationError, match=r"ssh://h cannot be reached: Permission denied")
    with expected, tunnel("ssh://h", (), tmp_path / "near"):
        pass


def test_a_daemon_that_does_not_answer_is_named(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/docker.sock"
    with pytest.raises(OperationError, match=address), connected(DockerHost(address)):
        pass


def test_well_is_running_and_not_unhealthy() -> None:
    wanted = {name: name for name in ("fine", "plain", "starting", "sick", "stopped", "gone")}
    found = {
        "fine": ("running", "Up 1 second (healthy)"),
        "plain": ("running", "Up 1 second"),
        "starting": ("running", "Up 1 second (health: starting)"),
        "sick": ("running", "Up 1 second (unhealthy)"),
        "stopped": ("exited", "Exited (137) 1 second ago"),
    }
    assert [each.partition(" ")[0] for each in unwell_containers(wanted, found)] == [
        "starting",
        "sick",
        "stopped",
        "gone",
    ]
