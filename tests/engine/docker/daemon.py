"""A second Docker host on this machine: a daemon in a network namespace of the test's own, reached over a veth pair.

It can be stopped, restarted and cut off without touching the machine's own daemon.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from tests.portus_image import portus_image

LAB = "portus-stack.lab"
IMAGES = (*(f"{LAB}/{name}" for name in ("mariadb:10.11", "registry:2.8", "edge:1.22", "python:3.13")), portus_image(2))
START_SECONDS = 60


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


class SecondHost:
    """``here`` and ``address`` are the two ends of the veth pair, ``interface`` is the name of this machine's end;
    ``socket`` is the daemon's unix socket.

    ``daemon_arguments`` are added to the command line of dockerd.
    """

    def __init__(self, folder: Path, number: int, *daemon_arguments: str) -> None:
        self.namespace = f"ps-test-{number}"
        self.here, self.address = f"10.21{number}.77.1", self.address_of(number)
        self.interface = f"pstest{number}"
        self.folder = folder
        self.socket = f"unix://{folder}/docker.sock"
        self._arguments = daemon_arguments
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def address_of(number: int) -> str:
        """The address that the host with this number will have, for certificates that must exist before it does."""
        return f"10.21{number}.77.2"

    def create_network(self) -> None:
        """The namespace and its link to this machine; what an earlier run left is removed first."""
        self.remove_network()
        inside = f"{self.interface}-in"
        _run("ip", "netns", "add", self.namespace)
        _run("ip", "link", "add", self.interface, "type", "veth", "peer", "name", inside, "netns", self.namespace)
        _run("ip", "address", "add", f"{self.here}/30", "dev", self.interface)
        _run("ip", "link", "set", self.interface, "up")
        for command in (
            ("address", "add", f"{self.address}/30", "dev", inside),
            ("link", "set", inside, "up"),
            ("link", "set", "lo", "up"),
        ):
            _run("ip", "-n", self.namespace, *command)

    def remove_network(self) -> None:
        """Remove namespace and link, if they are there."""
        for command in (("link", "delete", self.interface), ("netns", "delete", self.namespace)):
            subprocess.run(["ip", *command], capture_output=True, check=False)

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        log = (self.folder / "dockerd.log").open("ab")
        self._process = subprocess.Popen(
            [
                # `ip netns exec` would hide /sys/fs/cgroup behind a new /sys.
                *("nsenter", f"--net=/run/netns/{self.namespace}", "dockerd", "--host", self.socket),
                *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
                *("--pidfile", str(self.folder / "docker.pid"), *self._arguments),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(Exception), contextlib.closing(self.client()) as client:
                client.ping()
                return
            assert time.monotonic() < deadline, (self.folder / "dockerd.log").read_text()[-2000:]
            time.sleep(0.2)

    def client(self) -> docker.DockerClient:
        """A client of the daemon."""
        return docker.DockerClient(base_url=self.socket)

    def stop(self) -> None:
        """Stop the daemon as a restart of its service would; its containers stop with it."""
        if self._process is not None:
            self._process.terminate()  # nsenter became dockerd
            self._process.wait(timeout=120)
            self._process = None

    def load_images(self, images: Sequence[str]) -> None:
        """Copy images from the machine's own daemon."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as save:
            done = subprocess.run(["docker", "--host", self.socket, "load", "--quiet"], stdin=save.stdout, check=False)
        assert done.returncode == 0
        assert save.returncode == 0


@contextmanager
def second_host(
    folder: Path, number: int, *daemon_arguments: str, images: Sequence[str] = IMAGES
) -> Iterator[SecondHost]:
    """A running second host with ``images``; nothing of it is left afterwards."""
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        pytest.skip("a second Docker host needs root and dockerd on this machine")
    host = SecondHost(folder, number, *daemon_arguments)
    host.create_network()
    try:
        host.start()
        host.load_images(images)
        yield host
        _remove_containers(host)
    finally:
        host.stop()
        host.remove_network()
        shutil.rmtree(folder / "data", ignore_errors=True)


def _remove_containers(host: SecondHost) -> None:
    with contextlib.closing(host.client()) as client:
        for container in client.containers.list(all=True, ignore_removed=True):
            container.remove(force=True)
