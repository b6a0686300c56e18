"""An `up` that is struck at a chosen moment, and what it leaves: processes, locks, objects that no state knows."""

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.docker.deployment import NAME_LABEL, ROLE_LABEL, Deployment
from tests.portus_image import patience

_MOMENT_SECONDS = 300 * patience()
_POLL_SECONDS = 0.02
_LAST_LINES_SECONDS = 5
_BEGUN = re.compile(r"^ \S+ +(?P<type>\S+) (?P<name>\S+) \w+ing \(0s\) *$")
_KINDS = {
    "docker:index/container:Container": "container",
    "docker:index/network:Network": "network",
    "docker:index/volume:Volume": "volume",
}
_SECRETS = ("result", "privateKeyPem", "hex")


class RunningUp:
    """A `pulumi up` under way: which operations have begun, and what Docker has of them."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment, self._output = deployment, ""
        self._process = deployment.start("up", "--yes", "--skip-preview", "--suppress-progress", "-s", deployment.name)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._output += line

    @property
    def pid(self) -> int:
        """The engine's process, which leads a process group as a terminal's job does."""
        return self._process.pid

    def begun(self, prefix: str = "") -> int:
        """How many resources whose type starts with ``prefix`` have been begun with."""
        found = (_BEGUN.match(line) for line in self._output.splitlines())
        return len({(each["type"], each["name"]) for each in found if each and each["type"].startswith(prefix)})

    def status(self, role: str) -> str:
        """What Docker says of a role's container, "" while there is none."""
        labels = [f"{NAME_LABEL}={self._deployment.name}", f"{ROLE_LABEL}={role}"]
        found = self._deployment.docker.api.containers(all=True, filters={"label": labels})
        return next((each["State"] for each in found if not each["Names"][0].endswith("-files")), "")

    def strike(self, moment: "Moment", blow: Callable[[int], None]) -> str:
        """Wait for the moment, deal the blow, and wait for the engine's end; returns what it printed."""
        deadline = time.monotonic() + _MOMENT_SECONDS
        while not moment.reached(self):
            assert self._process.poll() is None, f"up ended before the moment “{moment.name}”:\n{self._output}"
            assert time.monotonic() < deadline, f"the moment “{moment.name}” never came:\n{self._output}"
            time.sleep(_POLL_SECONDS)
        blow(self.pid)
        code = self._process.wait(timeout=_MOMENT_SECONDS)
        self._reader.join(_LAST_LINES_SECONDS)
        assert code != 0, f"up was not interrupted at “{moment.name}”:\n{self._output}"
        return self._output


@dataclass(frozen=True)
class Moment:
    """When to strike."""

    name: str
    reached: Callable[[RunningUp], bool]


def ctrl_c(pid: int) -> None:
    """What a terminal does: an interrupt to every process of the foreground job."""
    os.killpg(pid, signal.SIGINT)


def kill_9(pid: int) -> None:
    """The engine alone; its hosts and plugins have to notice."""
    os.kill(pid, signal.SIGKILL)


@dataclass
class Snapshot:
    """What the engine's state and Docker have of a deployment.

    ``secrets`` are generated values by resource; ``unknown`` are Docker's objects that the state does not have.
    """

    pending: list[str]
    secrets: dict[str, str]
    unknown: list[str]
    doubled_networks: list[str]
    locks: list[Path] = field(default_factory=list)

    @classmethod
    def of(cls, deployment: Deployment) -> "Snapshot":
        """As it is now."""
        exported = json.loads(deployment.pulumi("stack", "export", "--show-secrets", "-s", deployment.name))
        resources = exported["deployment"].get("resources") or []
        pending = exported["deployment"].get("pending_operations") or []
        known = {(_KINDS[each["type"]], each["id"]) for each in resources if each["type"] in _KINDS}
        objects = _objects(deployment)
        networks = [name for (kind, _), name in objects.items() if kind == "network"]
        return cls(
            [f"{each['type']} {each['resource']['urn']}" for each in pending],
            {f"{each['urn']}.{key}": value for each in resources for key, value in _secrets(each).items()},
            [f"{kind} {name}" for (kind, identity), name in objects.items() if (kind, identity) not in known],
            sorted({name for name in networks if networks.count(name) > 1}),
            list((deployment.folder / "state" / ".pulumi" / "locks").rglob("*.json")),
        )


def _secrets(resource: Mapping[str, Any]) -> dict[str, str]:
    outputs = resource.get("outputs") or {}
    found = {key: outputs[key] for key in _SECRETS if key in outputs}
    return {key: value["plaintext"] if isinstance(value, dict) else value for key, value in found.items()}


def _objects(deployment: Deployment) -> dict[tuple[str, str], str]:
    """(kind, id) → name of whatever carries the deployment's label."""
    api, labels = deployment.docker.api, {"label": f"{NAME_LABEL}={deployment.name}"}
    containers = api.containers(all=True, filters=labels)
    return {
        **{("container", each["Id"]): each["Names"][0] for each in containers},
        **{("network", each["Id"]): each["Name"] for each in api.networks(filters=labels)},
        **{("volume", each["Name"]): each["Name"] for each in api.volumes(filters=labels)["Volumes"] or []},
    }


def processes(deployment: Deployment) -> list[str]:
    """Command lines of the processes that work on this deployment: its engine, hosts, plugins and programs."""
    mark = f"PULUMI_BACKEND_URL={deployment.environment['PULUMI_BACKEND_URL']}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return [each for each in found if each]
