"""The processes of a PortusStack on Docker."""

import time
from contextlib import ExitStack

from docker import APIClient
from docker.errors import APIError

from ..console import OperationError
from ..deployed import Deployed
from ..docker_hosts import connected, hosts_of
from ..state import Resource

_STOP_SECONDS = 60
_TASK_SECONDS = 600
_POLL_SECONDS = 1.0


class DockerParts(ExitStack):
    """See `Parts`."""

    def __init__(self, found: Deployed) -> None:
        super().__init__()
        self._deployed = found
        self._clients: dict[str, APIClient] = {}

    def __enter__(self) -> "DockerParts":
        state = self._deployed.state
        for urn, host in hosts_of(state, self._deployed.engine).items():
            self._clients[urn] = self.enter_context(connected(host))
        return self

    def has(self, process: str) -> bool:
        return self._found(process) is not None

    def stop(self, process: str) -> None:
        each = self._of(process)
        self._clients[each.provider].stop(each.id, timeout=_STOP_SECONDS)

    def start(self, process: str) -> None:
        each = self._of(process)
        try:
            self._clients[each.provider].start(each.id)
        except APIError as error:
            raise OperationError(
                f"{process} does not start: {error.explanation}", "run `up`, then this again"
            ) from error

    def run_again(self, task: str) -> None:
        """Its container idles once the task is done; started anew, it forgets that."""
        each = self._of(task)
        client = self._clients[each.provider]
        client.restart(each.id, timeout=_STOP_SECONDS)
        until = time.monotonic() + _TASK_SECONDS
        while client.inspect_container(each.id)["State"].get("Health", {}).get("Status") != "healthy":
            if time.monotonic() > until:
                said = client.logs(each.id, tail=5).decode(errors="replace").strip()
                raise OperationError(f"{task} did not succeed within {_TASK_SECONDS} s; it says:\n{said}")
            time.sleep(_POLL_SECONDS)

    def _found(self, process: str) -> Resource | None:
        name = self._deployed.recorded.resource(process)
        for each in self._deployed.state.docker_resources:
            if each.runs and not each.replaced and each.name == name:
                return each
        return None

    def _of(self, process: str) -> Resource:
        found = self._found(process)
        if found is None:
            raise OperationError(f"the stack has no {process}")
        return found
