"""Runs a command inside a pod."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack

from kubernetes import client
from kubernetes.stream import stream

from ..console import OperationError
from ..deployed import Deployed
from ..engine import Engine
from ..state import State
from .connection import Connection, connected, path_of
from .fields import at
from .health import NAME_LABEL, ROLE_LABEL

_STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"


def run_inside(engine: Engine, state: State, name: str, command: Sequence[str], typed: str = "") -> tuple[int, str]:
    """Run a command inside the first pod of the StatefulSet ``name``; returns its exit code and its standard output.

    Its standard error is shown as it comes; ``typed`` is what it reads.

    Raises:
        OperationError: the pod does not run, or the cluster does not answer.
    """
    for each in state.kubernetes_resources:
        if each.type == _STATEFUL_SET and not each.replaced and each.name == name:
            namespace, _, object_name = each.id.rpartition("/")
            with connected(engine, state) as cluster:
                return _run(client.CoreV1Api(cluster.api), (namespace, f"{object_name}-0"), command, typed)
    raise OperationError(f"the stack has no pod {name}", f"`{engine.stack.command('up')}` makes it")


class Pods(ExitStack):
    """See `..inside.Inside`. A pod that is about to end still answers, so it counts."""

    def __init__(self, found: Deployed) -> None:
        super().__init__()
        self._found = found
        self._cluster: Connection
        self._core: client.CoreV1Api

    def __enter__(self) -> "Pods":
        self._cluster = self.enter_context(connected(self._found.engine, self._found.state))
        self._core = client.CoreV1Api(self._cluster.api)
        return self

    def of(self, role: str) -> Sequence[str]:
        query = {"labelSelector": f"{NAME_LABEL}={self._found.recorded.name},{ROLE_LABEL}={role}"}
        return [
            f"{namespace}/{at(pod, 'metadata', 'name')}"
            for namespace, name in sorted(self._found.state.kubernetes_stacks)
            if name == self._found.recorded.name
            for pod in self._cluster.items(path_of("kubernetes:core/v1:Pod", namespace), query)
            if at(pod, "status", "phase") == "Running"
        ]

    def run(self, name: str, command: Sequence[str]) -> tuple[int, str]:
        namespace, _, pod = name.partition("/")
        return _run(self._core, (namespace, pod), command, "")


def _run(core: client.CoreV1Api, pod: tuple[str, str], command: Sequence[str], typed: str) -> tuple[int, str]:
    namespace, name = pod
    printed = []
    try:
        running = stream(
            core.connect_get_namespaced_pod_exec,
            name,
            namespace,
            command=list(command),
            stdin=bool(typed),
            stdout=True,
            stderr=True,
            _preload_content=False,
        )
    except client.ApiException as error:
        raise OperationError(
            f"nothing can be run in the pod {name}: {error.reason}", "see what `status` says; `up` starts it"
        ) from error
    if typed:
        running.write_stdin(typed)
    while running.is_open():
        running.update(timeout=1)
        sys.stderr.write(running.read_stderr() if running.peek_stderr() else "")
        sys.stderr.flush()
        printed.append(running.read_stdout() if running.peek_stdout() else "")
    sys.stderr.write(running.read_stderr() or "")
    printed.append(running.read_stdout() or "")
    return int(running.returncode or 0), "".join(printed)
