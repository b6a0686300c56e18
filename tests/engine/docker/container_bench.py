"""Judges containers by what `docker inspect` tells.

The questions are those of the container section of the CIS Docker Benchmark (docker-bench-security, checks 4.1 and
5.x), asked here of Docker's own answers; questions whose answer depends on the host (AppArmor, SELinux, cgroup
namespaces) are left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

Attributes = Mapping[str, Any]
_SHARING = ("PidMode", "IpcMode", "UTSMode", "UsernsMode", "NetworkMode")


def _host(attributes: Attributes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = attributes["HostConfig"]
    return found


def _user_is_root(attributes: Attributes) -> bool:
    return attributes["Config"]["User"].partition(":")[0] in ("", "0", "root")


def _shares(attributes: Attributes) -> bool:
    return any(_host(attributes).get(namespace) == "host" for namespace in _SHARING)


def _mounts_of_the_host(attributes: Attributes) -> bool:
    return any(mount["Type"] == "bind" for mount in attributes["Mounts"])


def _sees_docker(attributes: Attributes) -> bool:
    return any("docker.sock" in f"{mount.get('Source')}{mount['Destination']}" for mount in attributes["Mounts"])


def _log_grows(attributes: Attributes) -> bool:
    log = _host(attributes)["LogConfig"]
    return log["Type"] == "json-file" and not {"max-size", "max-file"} <= set(log["Config"] or {})


def _memory_is_open(attributes: Attributes) -> bool:
    host = _host(attributes)
    return not host["Memory"] or host["MemorySwap"] != host["Memory"]


def _option(attributes: Attributes, text: str) -> bool:
    return any(option.startswith(text) for option in _host(attributes)["SecurityOpt"] or [])


_CHECKS: dict[str, Callable[[Attributes], bool]] = {
    "4.1 runs as root": _user_is_root,
    "4.6 has no health check": lambda found: not found["Config"].get("Healthcheck"),
    "5.3 keeps capabilities that it does not need": lambda found: _host(found)["CapDrop"] != ["ALL"],
    "5.4 is privileged": lambda found: bool(_host(found)["Privileged"]),
    "5.5 sees directories of the host": _mounts_of_the_host,
    "5.9 shares a namespace of the host": _shares,
    "5.10 has no memory limit, or swaps": _memory_is_open,
    "5.11 has no CPU limit": lambda found: not _host(found)["NanoCpus"] and not _host(found)["CpuQuota"],
    "5.12 writes to its root": lambda found: not _host(found)["ReadonlyRootfs"],
    "5.14 has no restart policy": lambda found: _host(found)["RestartPolicy"]["Name"] in ("", "no"),
    "5.14 restarts without limit": lambda found: not _host(found)["RestartPolicy"]["MaximumRetryCount"],
    "5.17 sees devices of the host": lambda found: bool(_host(found)["Devices"]),
    "5.18 has no limits on files and processes": lambda found: not _host(found)["Ulimits"],
    "5.21 runs without seccomp": lambda found: _option(found, "seccomp=unconfined"),
    "5.25 may gain privileges": lambda found: not _option(found, "no-new-privileges"),
    "5.28 has no limit on processes that binds root": lambda found: not _host(found)["PidsLimit"],
    "5.31 sees the Docker socket": _sees_docker,
    "log grows without limit": _log_grows,
}


def findings(attributes: Attributes) -> set[str]:
    """What is wrong with a container, by check; and each capability that it was given."""
    added = {f"5.3 is given {capability}" for capability in _host(attributes)["CapAdd"] or []}
    return {check for check, is_wrong in _CHECKS.items() if is_wrong(attributes)} | added
