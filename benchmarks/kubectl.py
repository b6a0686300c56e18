"""The peer of a first `up` on Kubernetes: `kubectl apply` of the same objects, in the same order, until all are ready.

The objects are those of the deployment's state. Services keep their addresses, because pods have them as host aliases.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import run
from tests.engine.docker.deployment import Deployment

ORDER = (("database", "registry"), ("portus",), ("bootstrap",), ("background", "edge"), ("smoke_check",))
"""Who has to be ready before the next are applied; everything that no pod runs in is applied with the first."""
_RUNNING = ("Deployment", "StatefulSet", "Job")
_LABEL = "org.portus-stack.role"
_TIMEOUT = "--timeout=600s"

Manifest = dict[str, Any]


class KubectlPeer:
    """Manifests in ``folder`` that mirror ``deployment``, which has to be gone when they are applied."""

    def __init__(self, deployment: Deployment, kubeconfig: Path, folder: Path) -> None:
        self._kubectl = ("kubectl", "--kubeconfig", str(kubeconfig))
        self._folder = folder
        objects = _objects(deployment)
        self._namespace = next(each["metadata"]["name"] for each in objects if each["kind"] == "Namespace")
        self._last = [each for each in objects if _opens(each)]
        self._stages: list[list[Manifest]] = [
            [each for each in objects if each["kind"] in _RUNNING and _role(each) in roles] for roles in ORDER
        ]
        self._still = [each for each in objects if each["kind"] not in _RUNNING and not _opens(each)]

    def up(self) -> None:
        """Apply everything and wait until the last in the chain is done, as `up` does."""
        self._apply("still", self._still)
        for number, stage in enumerate(self._stages):
            if number == len(self._stages) - 1:
                self._apply("last", self._last)
            self._apply(f"stage-{number}", stage)
            self._wait(stage)

    def down(self) -> None:
        """Remove everything."""
        run(*self._kubectl, "delete", "namespace", self._namespace, "--wait", _TIMEOUT)

    def _apply(self, name: str, objects: Sequence[Manifest]) -> None:
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
        run(*self._kubectl, "apply", "--server-side", "--filename", str(file))

    def _wait(self, stage: Sequence[Manifest]) -> None:
        for each in stage:
            name = f"{each['kind'].lower()}/{each['metadata']['name']}"
            if each["kind"] == "Job":
                run(*self._kubectl, "-n", self._namespace, "wait", "--for=condition=complete", name, _TIMEOUT)
            else:
                run(*self._kubectl, "-n", self._namespace, "rollout", "status", name, _TIMEOUT)


def available() -> bool:
    """Whether kubectl is there."""
    return shutil.which("kubectl") is not None


def _objects(deployment: Deployment) -> list[Manifest]:
    exported = json.loads(deployment.pulumi("stack", "export", "--show-secrets", "-s", deployment.name))
    found = []
    for resource in exported["deployment"]["resources"]:
        if not resource["type"].startswith("kubernetes:"):
            continue
        made, seen = _readable(resource["inputs"]), _readable(resource["outputs"])
        made["metadata"]["name"] = seen["metadata"]["name"]
        if made["kind"] == "Service":
            made["spec"]["clusterIP"] = seen["spec"]["clusterIP"]
        found.append(made)
    return found


def _readable(value: Any) -> Any:
    """Without the engine's own keys, and with secrets as they are."""
    if isinstance(value, Mapping):
        if "plaintext" in value:
            return _readable(json.loads(value["plaintext"]))
        return {key: _readable(each) for key, each in value.items() if key != "__defaults"}
    return [_readable(each) for each in value] if isinstance(value, list) else value


def _role(manifest: Manifest) -> str:
    return str(manifest["metadata"]["labels"][_LABEL])


def _opens(manifest: Manifest) -> bool:
    """Whether it is what opens the edge to the outside, last of all."""
    return manifest["kind"] == "Service" and manifest["spec"].get("type") in ("NodePort", "LoadBalancer")
