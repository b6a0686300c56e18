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


def _program(folder: Path) -> list[str]:
    """How to run sshd. Where it is not installed it is unpacked: installing it would start it on port 22."""
    installed = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if installed:
        return [installed]
    if not shutil.which("apt-get"):
        pytest.skip("a Docker host behind ssh needs sshd on this machine, or Debian's packages to take it from")
    root = folder / "root"
    download = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "openssh-server", "libwrap0"]
    subprocess.run(download, cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(root)], check=True)
    (library,) = root.glob("**/libwrap.so.0")
    users = folder / "passwd"
    users.write_text(Path("/etc/passwd").read_text() + "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n")
    run = f'mount --bind {users} /etc/passwd && LD_LIBRARY_PATH={library.parent} exec {root}/usr/sbin/sshd "$@"'
    return ["unshare", "--mount", "sh", "-c", run, "sshd"]


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
    if os.geteuid() != 0 or not shutil.which("ssh"):
        pytest.skip("a Docker host behind ssh needs root and ssh (Debian: openssh-client) on this machine")
    folder.mkdir(mode=0o700)
    program = _program(folder)
    _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[{address}]:{port} {_key(folder / 'host')}")
    (folder / "authorized_keys").write_text(_key(folder / "client"))
    log = folder / "sshd.log"
    command = [*program, "-D", "-f", str(_configuration(folder, address, port)), "-E", str(log)]
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
