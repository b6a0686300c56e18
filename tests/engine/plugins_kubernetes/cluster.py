"""The cluster behind the stack, asked without Pulumi and without the plugin."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kubernetes import client, config

_LIMIT = 60  # seconds for what the cluster does by itself
_NOT_FOUND = 404


@dataclass(frozen=True)
class LiveCluster:
    """`namespace` is the test's own; paths are of the API server."""

    kubeconfig: Path
    namespace: str

    @cached_property
    def _client(self) -> Any:
        return config.new_client_from_config(str(self.kubeconfig), persist_config=False)

    def get(self, group: str, plural: str, name: str = "") -> dict[str, Any] | None:
        """An object of the namespace by its group's path (`/api/v1`, `/apis/apps/v1`); None when there is none."""
        return self.read(f"{group}/namespaces/{self.namespace}/{plural}/{name}".rstrip("/"))

    def found(self, group: str, plural: str, name: str) -> dict[str, Any]:
        """An object that has to be there."""
        obj = self.get(group, plural, name)
        assert obj is not None, f"{plural} {name} is not there"
        return obj

    def names(self, group: str, plural: str) -> set[str]:
        listed = self.get(group, plural)
        assert listed is not None
        return {item["metadata"]["name"] for item in listed["items"]}

    def read(self, path: str) -> dict[str, Any] | None:
        try:
            return self._ask("GET", path)
        except client.ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def create(self, path: str, body: Mapping[str, Any], manager: str = "stranger") -> dict[str, Any]:
        return self._ask("POST", path, body, manager=manager)

    def patch(
        self, group: str, place: str, body: Mapping[str, Any] | list[Any], *, manager: str = "stranger"
    ) -> dict[str, Any]:
        """Merge a change into an object; `place` is `plural/name[/subresource]`."""
        path = f"{group}/namespaces/{self.namespace}/{place}"
        return self._ask("PATCH", path, body, manager=manager, content="application/merge-patch+json")

    def delete(self, group: str, place: str) -> None:
        self._ask("DELETE", f"{group}/namespaces/{self.namespace}/{place}")

    def has_node(self) -> bool:
        """Whether pods run on it."""
        nodes = self.read("/api/v1/nodes")
        return nodes is not None and bool(nodes["items"])

    def kubectl(self, *arguments: str) -> str:
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), "-n", self.namespace, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LIMIT).stdout

    def wait(self, holds: Callable[[], object], what: str) -> None:
        end = time.monotonic() + _LIMIT
        while not holds():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.1)

    def remove_namespace(self) -> None:
        """With all that is in it, also what a finalizer of a failed test holds."""
        self._ask("DELETE", f"/api/v1/namespaces/{self.namespace}")
        for listed in (self.get("/api/v1", "configmaps"),):
            for item in (listed or {}).get("items", []):
                if item["metadata"].get("finalizers"):
                    self.patch("/api/v1", f"configmaps/{item['metadata']['name']}", {"metadata": {"finalizers": []}})

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | list[Any] | None = None,
        *,
        manager: str = "",
        content: str = "application/json",
    ) -> dict[str, Any]:
        answer = self._client.call_api(
            path,
            method,
            query_params=[("fieldManager", manager)] if manager else [],
            header_params={"Content-Type": content, "Accept": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
            response_types_map={200: "object", 201: "object", 202: "object"},
            _return_http_data_only=True,
        )
        found: dict[str, Any] = answer if isinstance(answer, dict) else json.loads(answer)
        return found
