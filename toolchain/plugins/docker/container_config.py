"""From a container's planned state to the body of Docker's `POST /containers/create`.

Follows `resource_docker_container_funcs.go` of kreuzwerker/terraform-provider-docker v4.5.0 in what is sent and what is
left to the engine. Field names are the Engine API's (1.41 and later).
"""

from collections.abc import Mapping

from toolchain.plugins.docker.go_text import parse_cpus, parse_duration
from toolchain.plugins.docker.reading import (
    block,
    blocks,
    bytes_of,
    flag,
    labels,
    mapping,
    number,
    text,
    texts,
)
from toolchain.plugins.framework import Properties, ProviderError, Value

Json = dict[str, object]

_SYSTEM_PATHS = "systempaths=unconfined"
_SUBPATH_VERSION = (1, 45)
_START_INTERVAL_VERSION = (1, 44)


def api_version(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def container_body(state: Properties, version: str) -> Json:
    """The body for the state. `version` is the API's. Raises `ProviderError` for what Docker would misunderstand."""
    body: Json = {
        "Image": text(state, "image"),
        "Hostname": text(state, "hostname"),
        "Domainname": text(state, "domainname"),
        "Tty": flag(state, "tty"),
        "OpenStdin": flag(state, "stdinOpen"),
        "StopSignal": text(state, "stopSignal"),
        "Env": texts(state, "envs"),
        "Labels": labels(state),
        "User": text(state, "user"),
        "WorkingDir": text(state, "workingDir"),
        "Cmd": _command(state),
        "Entrypoint": texts(state, "entrypoints"),
        "StopTimeout": number(state, "stopTimeout"),
        "Healthcheck": _health_check(block(state, "healthcheck"), api_version(version)),
    }
    volumes, binds, sources = _volumes(state)
    exposed, bindings = _ports(state)
    body |= {"Volumes": volumes, "ExposedPorts": exposed}
    host = {
        **_host_config(state, version),
        "Binds": binds,
        "VolumesFrom": sources,
        "PortBindings": bindings,
        **_resources(state),
    }
    # An unset value is left out, so that the image and the engine decide.
    return {name: value for name, value in body.items() if value} | {"HostConfig": _without_empty(host)}


def _without_empty(host: Json) -> Json:
    sent_always = ("RestartPolicy", "NetworkMode", "Init", "MaskedPaths", "ReadonlyPaths")
    return {name: value for name, value in host.items() if value or name in sent_always}


def _command(state: Properties) -> list[str]:
    command = texts(state, "command")
    if "" in command:
        raise ProviderError("values for command may not be empty")
    return command


def _health_check(check: Properties, version: tuple[int, int]) -> Json:
    if not check:
        return {}
    names = {
        "Interval": "interval",
        "Timeout": "timeout",
        "StartPeriod": "startPeriod",
        "StartInterval": "startInterval",
    }
    durations = {name: parse_duration(text(check, key) or "0s") for name, key in names.items()}
    if durations["StartInterval"] and version < _START_INTERVAL_VERSION:
        problem = '"specify healthcheck start interval" requires API version 1.44, but the Docker daemon API version is'
        raise ProviderError(f"Unable to create container: {problem} {version[0]}.{version[1]}")
    sent = {name: value for name, value in durations.items() if value}
    return {"Test": texts(check, "tests"), "Retries": number(check, "retries"), **sent}


def _ports(state: Properties) -> tuple[Json, dict[str, list[Json]]]:
    bindings: dict[str, list[Json]] = {}
    for port in blocks(state, "ports"):
        key = f"{number(port, 'internal')}/{text(port, 'protocol')}"
        # "0" lets Docker choose a number.
        bindings.setdefault(key, []).append({"HostPort": str(number(port, "external")), "HostIp": text(port, "ip")})
    return {key: {} for key in bindings}, bindings


def _volumes(state: Properties) -> tuple[Json, list[str], list[str]]:
    paths: Json = {}
    binds: list[str] = []
    sources: list[str] = []
    for volume in blocks(state, "volumes"):
        container, path = text(volume, "fromContainer"), text(volume, "containerPath")
        if not container and not path:
            raise ProviderError("Unable to parse volumes: volume entry without container path or source container")
        if container and path:
            raise ProviderError("Unable to parse volumes: both a container and a path specified in a volume entry")
        if container:
            sources.append(container)
            continue
        paths[path] = {}
        if source := text(volume, "hostPath") or text(volume, "volumeName"):
            relabel = text(volume, "selinuxRelabel")
            mode = ("ro" if flag(volume, "readOnly") else "rw") + (f",{relabel}" if relabel else "")
            binds.append(f"{source}:{path}:{mode}")
    return paths, binds, sources


def _mounts(state: Properties, version: str) -> list[Json]:
    return [_mount(mount, api_version(version)) for mount in blocks(state, "mounts")]


def _mount(mount: Properties, version: tuple[int, int]) -> Json:
    kind = text(mount, "type")
    sent: Json = {
        "Type": kind,
        "Target": text(mount, "target"),
        "Source": text(mount, "source"),
        "ReadOnly": flag(mount, "readOnly"),
    }
    bind, volume, memory = (block(mount, f"{name}Options") for name in ("bind", "volume", "tmpfs"))
    if kind == "bind" and bind:
        sent["BindOptions"] = {"Propagation": text(bind, "propagation")}
    elif kind == "volume" and volume:
        if version < _SUBPATH_VERSION:
            raise ProviderError("Setting VolumeOptions.Subpath requires docker version 1.45 or higher")
        sent["VolumeOptions"] = {
            "NoCopy": flag(volume, "noCopy"),
            "Labels": labels(volume),
            "DriverConfig": {"Name": text(volume, "driverName"), "Options": mapping(volume, "driverOptions")},
            "Subpath": text(volume, "subpath"),
        }
    elif kind == "tmpfs" and memory:
        sent["TmpfsOptions"] = {"SizeBytes": number(memory, "sizeBytes"), "Mode": number(memory, "mode")}
    return sent


def _host_config(state: Properties, version: str) -> Json:
    capabilities = block(state, "capabilities")
    options = texts(state, "securityOpts")
    host: Json = {
        "Privileged": flag(state, "privileged"),
        "PublishAllPorts": flag(state, "publishAllPorts"),
        "RestartPolicy": restart_policy(state),
        "Runtime": text(state, "runtime"),
        "Mounts": _mounts(state, version),
        "Tmpfs": mapping(state, "tmpfs"),
        "AutoRemove": flag(state, "rm"),
        "ReadonlyRootfs": flag(state, "readOnly"),
        "LogConfig": _log_config(state),
        "ExtraHosts": [f"{text(host, 'host')}:{text(host, 'ip')}" for host in blocks(state, "hosts")],
        "CapAdd": texts(capabilities, "adds"),
        "CapDrop": texts(capabilities, "drops"),
        "Dns": texts(state, "dns"),
        "DnsOptions": texts(state, "dnsOpts"),
        "DnsSearch": texts(state, "dnsSearches"),
        "SecurityOpt": [option for option in options if option != _SYSTEM_PATHS],
        "NetworkMode": text(state, "networkMode"),
        "UsernsMode": text(state, "usernsMode"),
        "PidMode": text(state, "pidMode"),
        "IpcMode": text(state, "ipcMode"),
        "GroupAdd": texts(state, "groupAdds"),
        "Sysctls": mapping(state, "sysctls"),
        "StorageOpt": mapping(state, "storageOpts"),
        "CgroupnsMode": _cgroup_namespace(state),
        "CgroupParent": text(state, "cgroupParent"),
        "Init": flag(state, "init"),
    }
    if _SYSTEM_PATHS in options:  # the client's own option: the engine wants the paths that stay masked
        host |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return host


def _log_config(state: Properties) -> Json:
    config: Json = {"Type": text(state, "logDriver"), "Config": mapping(state, "logOpts")}
    return config if any(config.values()) else {}


def _cgroup_namespace(state: Properties) -> str:
    mode = text(state, "cgroupnsMode")
    if mode not in ("", "private", "host"):
        raise ProviderError("cgroupns_mode: invalid CGROUP mode, must be either 'private', 'host' or empty")
    return mode


def restart_policy(state: Mapping[str, Value]) -> Json:
    return {"Name": text(state, "restart"), "MaximumRetryCount": number(state, "maxRetryCount")}


def _resources(state: Properties) -> Json:
    return {
        **updatable_resources(state),
        "MemorySwap": bytes_of(number(state, "memorySwap")),
        "ShmSize": bytes_of(number(state, "shmSize")),
        **_cpu_time(state),
        "Ulimits": [
            {"Name": text(limit, "name"), "Soft": number(limit, "soft"), "Hard": number(limit, "hard")}
            for limit in blocks(state, "ulimits")
        ],
        "Devices": [_device(device) for device in blocks(state, "devices")],
        "DeviceRequests": _device_requests(state),
    }


def updatable_resources(state: Mapping[str, Value]) -> Json:
    """Limits that Docker changes in place, without the swap limit."""
    return {
        "Memory": bytes_of(number(state, "memory")),
        "MemoryReservation": bytes_of(number(state, "memoryReservation")),
        "CpuShares": number(state, "cpuShares"),
        "CpusetCpus": text(state, "cpuSet"),
        "BlkioDeviceReadBps": _rates(state, "deviceReadBps"),
        "BlkioDeviceReadIOps": _rates(state, "deviceReadIops"),
        "BlkioDeviceWriteBps": _rates(state, "deviceWriteBps"),
        "BlkioDeviceWriteIOps": _rates(state, "deviceWriteIops"),
    }


def _rates(state: Mapping[str, Value], name: str) -> list[Json]:
    return [{"Path": text(rate, "path"), "Rate": number(rate, "rate")} for rate in blocks(state, name)]


def _cpu_time(state: Properties) -> Json:
    if cpus := text(state, "cpus"):
        try:
            return {"NanoCpus": parse_cpus(cpus)}
        except ValueError as error:
            raise ProviderError(f"Error setting cpus: {error}") from error
    return {"CpuPeriod": number(state, "cpuPeriod"), "CpuQuota": number(state, "cpuQuota")}


def _device(device: Properties) -> Json:
    path = text(device, "hostPath")
    return {
        "PathOnHost": path,
        "PathInContainer": text(device, "containerPath") or path,
        "CgroupPermissions": text(device, "permissions"),
    }


def _device_requests(state: Properties) -> list[Json]:
    if gpus := text(state, "gpus"):
        return [_gpu_request(gpus)]
    return [
        {
            "Driver": text(request, "driver"),
            "Count": number(request, "count"),
            "DeviceIDs": texts(request, "deviceIds"),
            "Capabilities": [texts(request, "capabilities")],
            "Options": mapping(request, "options"),
        }
        for request in blocks(state, "deviceRequests")
    ]


def _gpu_request(gpus: str) -> Json:
    """`all`, a count, or `device=ID[,ID]`: what the Docker client's `--gpus` takes."""
    wanted = gpus.strip().strip("\"'")
    if wanted == "all":
        return {"Count": -1, "Capabilities": [["gpu"]]}
    if wanted.isdigit():
        return {"Count": int(wanted), "Capabilities": [["gpu"]]}
    if wanted.startswith("device="):
        return {"DeviceIDs": wanted.removeprefix("device=").split(","), "Capabilities": [["gpu"]]}
    raise ProviderError(f"Error setting gpus: {gpus!r} is neither 'all', a number nor 'device=ID,...'")
