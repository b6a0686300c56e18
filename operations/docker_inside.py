"""Runs a command inside a container on Docker."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from docker import APIClient
from docker.errors import APIError
from docker.utils.socket import STDERR, STDOUT, frames_iter

from .console import OperationError
from .deployed import Deployed
from .docker_hosts import connected, hosts_of
from .engine import Engine
from .state import Resource, State


def run_inside(engine: Engine, state: State, name: str, command: Sequence[str], typed: str = "") -> tuple[int, str]:
    """Run a command inside the container of the resource ``name``; returns its exit code and its standard output.

    Its standard error is shown as it comes; ``typed`` is what it reads.

    Raises:
        OperationError: the container does not run, or its Docker host does not answer.
    """
    hosts = hosts_of(state, engine)
    for each in state.docker_resources:
        if each.runs and not each.replaced and each.name == name:
            with connected(hosts[each.provider]) as client:
                return _run(client, each.id, command, typed)
    raise OperationError(f"the stack has no container {name}", f"`{engine.stack.command('up')}` makes it")


class Containers(ExitStack):
    """See `inside.Inside`."""

    def __init__(self, found: Deployed) -> None:
        super().__init__()
        self._found = found
        self._clients: dict[str, APIClient] = {}

    def __enter__(self) -> "Containers":
        for urn, host in hosts_of(self._found.state, self._found.engine).items():
            self._clients[urn] = self.enter_context(connected(host))
        return self

    def of(self, role: str) -> Sequence[str]:
        name = self._found.recorded.resource(role)
        return [each.object_name for each in self._containers if each.name == name]

    def run(self, name: str, command: Sequence[str]) -> tuple[int, str]:
        each = next(each for each in self._containers if each.object_name == name)
        return _run(self._clients[each.provider], each.id, command, "")

    @property
    def _containers(self) -> Sequence[Resource]:
        return [each for each in self._found.state.docker_resources if each.runs and not each.replaced]


def _run(client: APIClient, container: str, command: Sequence[str], typed: str) -> tuple[int, str]:
    printed = bytearray()
    try:
        started = client.exec_create(container, list(command), stdin=bool(typed))["Id"]
        connection: Any = client.exec_start(started, socket=True)
        connection._sock.settimeout(None)  # a backup may be silent for long
        if typed:
            connection._sock.sendall(typed.encode())
        frames: Iterator[tuple[int, bytes]] = frames_iter(connection, tty=False)  # type: ignore[no-untyped-call]
        for stream, data in frames:
            if stream == STDOUT:
                printed += data
            elif stream == STDERR:
                sys.stderr.buffer.write(data)
                sys.stderr.flush()
        code = client.exec_inspect(started)["ExitCode"]
    except APIError as error:
        raise OperationError(
            f"nothing can be run in the container: {error.explanation or error}",
            "see what `status` says; `up` starts it",
        ) from error
    return int(code or 0), printed.decode(errors="replace")
