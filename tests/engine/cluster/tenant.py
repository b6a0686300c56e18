"""What tests put into a cluster: a namespace with pods that Pod Security's strictest level admits."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from lab.cluster.api import Api, ApiError, Object
from lab.cluster.fields import parts, text
from lab.cluster.instance import Instance
from lab.cluster.nodes import containerd_command
from lab.cluster.space import Space

IMAGE = "portus-stack.lab/python:3.11"
PATIENCE_SECONDS = 90

#: Connects to argv[1]:argv[2] and says what came of it.
_CONNECT = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as connection:
        connection.sendall(b"hello")
        print(connection.recv(5).decode())
except OSError as error:
    print(error.strerror or error)
"""
#: Sends back what it gets, on argv[1].
_ECHO = """
import socketserver, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(100):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("", int(sys.argv[1])), Echo).serve_forever()
"""


def eventually(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"after {seconds} s: not {what}"
        time.sleep(0.2)


class Tenant:
    """A namespace of a test's own in a cluster of the lab."""

    def __init__(self, instance: Instance) -> None:
        """Make the namespace."""
        self.instance, self.api = instance, Api(instance)
        self.namespace = f"test-{uuid.uuid4().hex[:8]}"
        labels = {"pod-security.kubernetes.io/enforce": "restricted", "name": self.namespace}
        self.api.apply(f"/api/v1/namespaces/{self.namespace}", _object("v1", "Namespace", metadata={"labels": labels}))
        account = self.path("serviceaccounts", "default")
        eventually(lambda: self.exists(account), "given a service account")

    def remove(self) -> None:
        """Delete the namespace with everything in it."""
        self.api.delete(f"/api/v1/namespaces/{self.namespace}")
        eventually(lambda: not self.exists(f"/api/v1/namespaces/{self.namespace}"), "gone")

    def path(self, collection: str, name: str, group: str = "/api/v1") -> str:
        """Path of an object of the namespace."""
        return f"{group}/namespaces/{self.namespace}/{collection}/{name}"

    def exists(self, path: str) -> bool:
        """Whether the API server has it."""
        try:
            self.api.get(path)
        except ApiError as error:
            assert error.status == 404, error
            return False
        return True

    def run_pod(self, name: str, command: Sequence[str] = ("sleep", "infinity"), **spec: object) -> None:
        """Start a pod with the label app=NAME, and wait until it runs and is ready."""
        self.api.apply(self.path("pods", name), pod(name, command, None, **spec))
        self.await_ready(name)

    def run_echo(self, name: str, port: int, **spec: object) -> None:
        """Start a pod that sends back what it gets on a port called ``echo``."""
        container = {
            "ports": [{"name": "echo", "containerPort": port}],
            "readinessProbe": {"tcpSocket": {"port": "echo"}, "periodSeconds": 1, "failureThreshold": 2},
        }
        self.api.apply(self.path("pods", name), pod(name, ["python3", "-c", _ECHO, str(port)], container, **spec))
        self.await_ready(name)

    def await_ready(self, name: str) -> None:
        """Wait until a pod is ready."""
        eventually(lambda: self.is_ready(name), f"{name} ready")

    def is_ready(self, name: str) -> bool:
        """Whether a pod says that it is ready."""
        conditions = parts(self.api.get(self.path("pods", name)), "status", "conditions")
        return any(text(one, "type") == "Ready" and text(one, "status") == "True" for one in conditions)

    def address(self, name: str) -> str:
        """A pod's address."""
        return text(self.api.get(self.path("pods", name)), "status", "podIP")

    def node(self, name: str) -> str:
        """The node that a pod is on."""
        return text(self.api.get(self.path("pods", name)), "spec", "nodeName")

    def command_in(self, name: str, *command: str) -> list[str]:
        """A command line that runs ``command`` in a pod, as containerd runs it: nothing of the cluster's is needed."""
        space = Space(self.instance, self.node(name))
        labels = f'labels."io.kubernetes.pod.name"=={name},labels."io.kubernetes.pod.namespace"=={self.namespace}'
        container = f'{labels},labels."io.cri-containerd.kind"==container'
        (found,) = space.run(*containerd_command("containers", "list", "--quiet", container)).split()
        execution = ["tasks", "exec", "--exec-id", uuid.uuid4().hex[:12], found, *command]
        return space.command(*containerd_command(*execution))

    def execute(self, name: str, *command: str) -> str:
        """Run a command in a pod and return what it wrote."""
        done = subprocess.run(
            self.command_in(name, *command), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def connect(self, source: str, target: str, port: int) -> str:
        """``hello`` when a pod reaches an echo there, else the reason why not."""
        return self.execute(source, "python3", "-c", _CONNECT, target, str(port))

    def policy(self, name: str, spec: Mapping[str, object]) -> None:
        """Put a NetworkPolicy into force."""
        group = "/apis/networking.k8s.io/v1"
        content = _object("networking.k8s.io/v1", "NetworkPolicy", spec=spec)
        self.api.apply(self.path("networkpolicies", name, group), content)


def _object(version: str, kind: str, **fields: object) -> Object:
    return {"apiVersion": version, "kind": kind, **fields}


def pod(name: str, command: Sequence[str], container: Mapping[str, object] | None = None, **spec: object) -> Object:
    """A pod that Pod Security's level `restricted` admits."""
    inside = {
        "name": "main",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        **(container or {}),
    }
    identity = {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 2000, "seccompProfile": {"type": "RuntimeDefault"}}
    whole = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": identity,
        "containers": [inside],
        **spec,
    }
    return _object("v1", "Pod", metadata={"labels": {"app": name}}, spec=json.loads(json.dumps(whole)))
