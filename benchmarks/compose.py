"""The peer of a first `up`: docker-compose starting the same containers until all are healthy.

The containers are described from what `up` made: image, command, environment, limits, health check, networks, order.
Files are there beforehand as bind mounts, which spares the peer the work of writing them; data volumes are new.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import run
from tests.engine.docker.deployment import Deployment

PROJECT = "portus-stack-bench"
AFTER = {
    "portus": ("database", "registry"),
    "bootstrap": ("portus",),
    "background": ("bootstrap",),
    "edge": ("background",),
    "smoke_check": ("edge",),
}
_FILE_FOLDERS = {"portus": ("/etc/portus-stack", "/certificates"), "background": ("/etc/portus-stack", "/certificates")}
_NANOSECONDS = 1_000_000_000


class ComposePeer:
    """A compose project in ``folder`` that mirrors ``deployment``, which may be gone when it is started."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "docker-compose.yml"
        services = {role: self._service(role, each) for role, each in deployment.containers().items()}
        networks = {name: {"internal": True} for service in services.values() for name in service["networks"]}
        networks[f"{deployment.name}-edge-outside"] = {}
        volumes: dict[str, Any] = {"database-data": {}, "registry-data": {}}
        document = {"version": "2.4", "services": services, "networks": networks, "volumes": volumes}
        self._file.write_text(yaml.safe_dump(document))

    def _service(self, role: str, container: Any) -> dict[str, Any]:
        attributes = json.loads(run("docker", "inspect", container.id))[0]
        config, host = attributes["Config"], attributes["HostConfig"]
        health = config["Healthcheck"]
        service: dict[str, Any] = {
            "image": attributes["Image"],
            "command": config["Cmd"],
            "environment": config["Env"],
            "user": config["User"] or None,
            "hostname": config["Hostname"],
            "init": True,
            "read_only": host["ReadonlyRootfs"],
            "cap_drop": host["CapDrop"],
            "cap_add": host["CapAdd"],
            "security_opt": host["SecurityOpt"],
            "mem_limit": host["Memory"],
            "memswap_limit": host["MemorySwap"],
            "cpus": host["NanoCpus"] / _NANOSECONDS,
            "tmpfs": [f"{path}:{options}" for path, options in (host.get("Tmpfs") or {}).items()],
            "healthcheck": {
                "test": health["Test"],
                "interval": f"{health['Interval'] // _NANOSECONDS}s",
                "timeout": f"{health['Timeout'] // _NANOSECONDS}s",
                "start_period": f"{health['StartPeriod'] // _NANOSECONDS}s",
                "retries": health["Retries"],
            },
            "networks": {
                name: {"aliases": network["Aliases"]}
                for name, network in attributes["NetworkSettings"]["Networks"].items()
            },
            "ports": [
                f"{binding['HostIp']}:{binding['HostPort']}:{port.partition('/')[0]}"
                for port, bindings in (host["PortBindings"] or {}).items()
                for binding in bindings
            ],
            "volumes": self._volumes(role, attributes),
            "depends_on": {name: {"condition": "service_healthy"} for name in AFTER.get(role, ())},
        }
        return {key: value for key, value in service.items() if value not in (None, [], {})}

    def _volumes(self, role: str, attributes: dict[str, Any]) -> list[str]:
        mounts = []
        for mount in attributes["Mounts"]:
            if mount["Destination"] == "/etc/portus-stack":
                mounts.append(f"{self._copy(role, attributes['Id'], mount['Destination'])}:{mount['Destination']}:ro")
            else:
                mounts.append(f"{role}-data:{mount['Destination']}")
        for folder in _FILE_FOLDERS.get(role, ()):
            mounts.append(f"{self._copy(role, attributes['Id'], folder)}:{folder}")
        return mounts

    def _copy(self, role: str, container: str, folder: str) -> Path:
        target = self._folder / role / folder.strip("/").replace("/", "-")
        target.parent.mkdir(exist_ok=True)
        run("docker", "cp", "--archive", f"{container}:{folder}", str(target))
        return target

    def up(self) -> None:
        """Start everything and wait until the last in the chain is healthy, as `up` does."""
        self._compose("up", "--detach")
        container = self._compose("ps", "--quiet", "smoke_check").strip()
        while run("docker", "inspect", "--format", "{{.State.Health.Status}}", container).strip() != "healthy":
            pass

    def down(self) -> None:
        """Remove everything."""
        self._compose("down", "--volumes")

    def _compose(self, *arguments: str) -> str:
        return run("docker-compose", "--file", str(self._file), "--project-name", PROJECT, *arguments)
