"""An SSH server of the test's own on this machine: own configuration, own keys, own port."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_START_SECONDS = 20
_PRIVILEGE_SEPARATION = Path("/run/sshd")
"""Compiled into Debian's sshd, which ends without it."""


@dataclass(frozen=True)
class SshServer:
    """``address`` is for Docker, ``options`` are for ssh: they trust this server's key and nothing else."""

    address: str
    options: list[str]


def _key(path: Path) -> str:
    """A new key pair; the public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)], check=True)
    return path.with_name(f"{path.name}.pub").read_text()


def _configuration(folder: Path, address: str, port: int) -> Path:
    path = folder / "sshd_config"
    path.write_text(
        f"ListenAddress {address}:{port}\n"
        f"HostKey {folder / 'host'}\n"
        f"AuthorizedKeysFile {folder / 'authorized_keys'}\n"
        f"PidFile {folder / 'sshd.pid'}\n"
        "StrictModes no\n"  # /tmp belongs to everybody
        "PermitRootLogin prohibit-password\n"
        "PasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\n"
        "UsePAM no\n"
    )
    return path


def _wait(process: "subprocess.Popen[bytes]", address: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


@contextmanager
def ssh_server(folder: Path, address: str, port: int) -> Iterator[SshServer]:
    """A running server that lets root in with the key in ``options``."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if os.geteuid() != 0 or not sshd or not shutil.which("ssh"):
        pytest.skip("a Docker host behind ssh needs root, ssh and sshd (Debian: openssh-server) on this machine")
    _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(mode=0o700)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[{address}]:{port} {_key(folder / 'host')}")
    (folder / "authorized_keys").write_text(_key(folder / "client"))
    log = folder / "sshd.log"
    command = [sshd, "-D", "-f", str(_configuration(folder, address, port)), "-E", str(log)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(process, address, port, log)
        yield SshServer(
            f"ssh://root@{address}:{port}",
            [
                *("-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oIdentitiesOnly=yes"),
                *(f"-oIdentityFile={folder / 'client'}", f"-oUserKnownHostsFile={known_hosts}"),
                "-oGlobalKnownHostsFile=/dev/null",
            ],
        )
    finally:
        process.terminate()
        process.wait(timeout=30)
