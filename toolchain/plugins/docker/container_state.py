"""From Docker's description of a container to its state.

Follows `resourceDockerContainerRead` of kreuzwerker/terraform-provider-docker v4.5.0: environment, labels, volumes and
uploads are never read back, others only when the program set them.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar, cast

from toolchain.plugins.docker.go_text import format_cpus, format_duration
from toolchain.plugins.docker.planning import in_set_order, set_key
from toolchain.plugins.docker.reading import blocks, flag, mebibytes_of, text
from toolchain.plugins.framework import Properties, Value

_Item = TypeVar("_Item")


class Found(Protocol):
    """Docker's JSON object."""

    def get(self, name: str) -> object: ...


def object_at(found: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """A nested object of Docker's answer; empty where Docker says null."""
    for name in names:
        inner = found.get(name)
        found = inner if isinstance(inner, Mapping) else {}
    return found


def read_container(found: Mapping[str, object], state: Properties) -> Properties:
    """The state after a look at the container. `found` is Docker's inspect answer, `state` what was known before."""
    running = object_at(found, "State").get("Running") is True
    seen = {
        **_network_facts(found, state, running),
        **_run_facts(found, state, running),
        **_process_facts(found, state),
        **_host_facts(found, state),
        **_limit_facts(found, state),
        **_device_facts(found, state),
    }
    return {**state, **seen}


def _network_facts(found: Mapping[str, object], state: Properties, running: bool) -> Properties:
    settings = object_at(found, "NetworkSettings")
    facts: Properties = {
        "bridge": _text(settings, "Bridge"),
        "networkDatas": [_network_data(name, entry) for name, entry in _objects(settings, "Networks")],
    }
    # A stopped container has no ports; what is known stays unless it should be running.
    if blocks(state, "ports") and (running or flag(state, "mustRun")):
        facts["ports"] = _ports(settings)
    return facts


def _network_data(name: str, entry: Mapping[str, object]) -> Properties:
    return {
        "networkName": name,
        "ipAddress": _text(entry, "IPAddress"),
        "ipPrefixLength": _number(entry, "IPPrefixLen"),
        "gateway": _text(entry, "Gateway"),
        "globalIpv6Address": _text(entry, "GlobalIPv6Address"),
        "globalIpv6PrefixLength": _number(entry, "GlobalIPv6PrefixLen"),
        "ipv6Gateway": _text(entry, "IPv6Gateway"),
        "macAddress": _text(entry, "MacAddress"),
    }


def _ports(settings: Mapping[str, object]) -> list[Value]:
    ports: list[Value] = []
    entries = object_at(settings, "Ports")
    for key in sorted(entries, key=lambda key: int(key.split("/")[0])):
        internal, _, protocol = key.partition("/")
        for binding in _list(entries, key):
            host = cast("Mapping[str, object]", binding)
            ports.append(
                {
                    "internal": int(internal),
                    "external": int(_text(host, "HostPort") or 0),
                    "ip": _text(host, "HostIp"),
                    "protocol": protocol,
                }
            )
    return ports


def _run_facts(found: Mapping[str, object], state: Properties, running: bool) -> Properties:
    if running:
        return {}
    facts: Properties = {"exitCode": _number(object_at(found, "State"), "ExitCode")}
    # A container that should run and does not shows as a change, which the next update repairs.
    return {**facts, "mustRun": False} if flag(state, "mustRun") else facts


def _process_facts(found: Mapping[str, object], state: Properties) -> Properties:
    config = object_at(found, "Config")
    by_id = text(state, "image").startswith("sha256:")
    facts: Properties = {
        "name": _text(found, "Name").lstrip("/"),
        "image": _text(found, "Image") if by_id else _text(config, "Image"),
        "hostname": _text(config, "Hostname"),
        "domainname": _text(config, "Domainname"),
        "command": _texts(config, "Cmd"),
        "entrypoints": _texts(config, "Entrypoint"),
        "user": _text(config, "User"),
        "workingDir": _text(config, "WorkingDir"),
        "tty": config.get("Tty") is True,
        "stdinOpen": config.get("OpenStdin") is True,
        "stopSignal": _text(config, "StopSignal"),
        "stopTimeout": _number(config, "StopTimeout"),
        "platform": _text(found, "Platform"),
    }
    if check := object_at(config, "Healthcheck"):
        facts["healthcheck"] = _health_check(check)
    return facts


def _health_check(check: Mapping[str, object]) -> Properties:
    return {
        "tests": _texts(check, "Test"),
        "interval": format_duration(_number(check, "Interval")),
        "timeout": format_duration(_number(check, "Timeout")),
        "startPeriod": format_duration(_number(check, "StartPeriod")),
        "startInterval": format_duration(_number(check, "StartInterval")),
        "retries": _number(check, "Retries"),
    }


def _host_facts(found: Mapping[str, object], state: Properties) -> Properties:
    host = object_at(found, "HostConfig")
    restart = object_at(host, "RestartPolicy")
    facts: Properties = {
        "rm": host.get("AutoRemove") is True,
        "readOnly": host.get("ReadonlyRootfs") is True,
        "dns": _set(host, "Dns"),
        "dnsOpts": _set(host, "DnsOptions"),
        "dnsSearches": _set(host, "DnsSearch"),
        "securityOpts": _set(host, "SecurityOpt"),
        "publishAllPorts": host.get("PublishAllPorts") is True,
        "restart": _text(restart, "Name"),
        "maxRetryCount": _number(restart, "MaximumRetryCount"),
        "init": host.get("Init") is True,
        "runtime": _text(host, "Runtime"),
        "mounts": in_set_order([_mount(mount) for mount in _object_list(host, "Mounts")]),
        "tmpfs": _strings(host, "Tmpfs"),
        "hosts": in_set_order([_extra_host(str(entry)) for entry in _list(host, "ExtraHosts")]),
        "privileged": host.get("Privileged") is True,
        "logDriver": _text(object_at(host, "LogConfig"), "Type"),
        "logOpts": _strings(object_at(host, "LogConfig"), "Config") if state.get("logOpts") else {},
        "storageOpts": _strings(host, "StorageOpt"),
        "networkMode": _text(host, "NetworkMode"),
        "usernsMode": _text(host, "UsernsMode"),
        "sysctls": _strings(host, "Sysctls"),
        "ipcMode": _text(host, "IpcMode"),
        "groupAdds": _set(host, "GroupAdd"),
    }
    if state.get("pidMode"):
        facts["pidMode"] = _text(host, "PidMode")
    if host.get("CapAdd") or host.get("CapDrop"):
        facts["capabilities"] = {"adds": _set(host, "CapAdd"), "drops": _set(host, "CapDrop")}
    return facts


def _mount(mount: Mapping[str, object]) -> Properties:
    return {
        "target": _text(mount, "Target"),
        "source": _text(mount, "Source"),
        "type": _text(mount, "Type"),
        "readOnly": mount.get("ReadOnly") is True,
        "bindOptions": _options(mount, "BindOptions", {"propagation": "Propagation"}),
        "volumeOptions": _volume_options(object_at(mount, "VolumeOptions")) if mount.get("VolumeOptions") else None,
        "tmpfsOptions": _options(mount, "TmpfsOptions", {"sizeBytes": "SizeBytes", "mode": "Mode"}),
    }


def _options(mount: Mapping[str, object], name: str, fields: Mapping[str, str]) -> Value:
    options = object_at(mount, name)
    numbers = name == "TmpfsOptions"
    if not isinstance(mount.get(name), Mapping):
        return None
    return {ours: _number(options, theirs) if numbers else _text(options, theirs) for ours, theirs in fields.items()}


def _volume_options(options: Mapping[str, object]) -> Properties:
    driver = object_at(options, "DriverConfig")
    labels = _strings(options, "Labels")
    return {
        "noCopy": options.get("NoCopy") is True,
        "labels": in_set_order([{"label": label, "value": value} for label, value in labels.items()]),
        "driverName": _text(driver, "Name"),
        "driverOptions": _strings(driver, "Options") or None,
        "subpath": _text(options, "Subpath"),
    }


def _extra_host(entry: str) -> Properties:
    # An IPv6 address is cut at its first colon, in the official plugin too.
    host, address, *_ = [*entry.split(":"), ""]
    return {"host": host, "ip": address}


def _limit_facts(found: Mapping[str, object], state: Properties) -> Properties:
    host = object_at(found, "HostConfig")
    facts: Properties = {
        "memory": _number(host, "Memory") // (1024 * 1024),
        "memoryReservation": mebibytes_of(_number(host, "MemoryReservation")),
        "memorySwap": mebibytes_of(_number(host, "MemorySwap")),
        "shmSize": _number(host, "ShmSize") // (1024 * 1024),
        "cpuShares": _number(host, "CpuShares"),
        "cpuSet": _text(host, "CpusetCpus"),
        "deviceReadBps": _rates(host, "BlkioDeviceReadBps"),
        "deviceReadIops": _rates(host, "BlkioDeviceReadIOps"),
        "deviceWriteBps": _rates(host, "BlkioDeviceWriteBps"),
        "deviceWriteIops": _rates(host, "BlkioDeviceWriteIOps"),
    }
    if _number(host, "NanoCpus") > 0:
        facts["cpus"] = format_cpus(_number(host, "NanoCpus"))
    if blocks(state, "ulimits"):
        limits = _object_list(host, "Ulimits")
        facts["ulimits"] = in_set_order(
            [{"name": _text(it, "Name"), "soft": _number(it, "Soft"), "hard": _number(it, "Hard")} for it in limits]
        )
    return facts


def _rates(host: Mapping[str, object], name: str) -> list[Value]:
    rates = _object_list(host, name)
    return in_set_order([{"path": _text(rate, "Path"), "rate": _number(rate, "Rate")} for rate in rates])


def _device_facts(found: Mapping[str, object], state: Properties) -> Properties:
    host = object_at(found, "HostConfig")
    facts: Properties = {}
    if configured := blocks(state, "devices"):
        with_path = {text(device, "hostPath") for device in configured if text(device, "containerPath")}
        devices = [_device(device, with_path) for device in _object_list(host, "Devices")]
        facts["devices"] = in_set_order(devices)
    if text(state, "gpus"):
        if gpus := _gpus(_object_list(host, "DeviceRequests")):
            facts["gpus"] = gpus
    elif blocks(state, "deviceRequests"):
        requests = [_device_request(request) for request in _object_list(host, "DeviceRequests")]
        facts["deviceRequests"] = in_set_order(requests)
    return facts


def _device(device: Mapping[str, object], with_path: set[str]) -> Properties:
    path = _text(device, "PathOnHost")
    return {
        "hostPath": path,
        "containerPath": _text(device, "PathInContainer") if path in with_path else "",
        "permissions": _text(device, "CgroupPermissions"),
    }


def _gpus(requests: Sequence[Mapping[str, object]]) -> str:
    """Empty when the requests cannot be said in the words of `gpus`: then what is known stays."""
    if len(requests) != 1:
        return ""
    request = requests[0]
    if ids := _texts(request, "DeviceIDs"):
        return f"device={','.join(str(name) for name in ids)}"
    wanted = [str(name).lower() for group in _list(request, "Capabilities") if isinstance(group, list) for name in group]
    return "all" if _number(request, "Count") == -1 and "gpu" in wanted else ""


def _device_request(request: Mapping[str, object]) -> Properties:
    groups = _list(request, "Capabilities")
    first = groups[0] if groups and isinstance(groups[0], list) else []
    return {
        "driver": _text(request, "Driver"),
        "count": _number(request, "Count"),
        "deviceIds": in_set_order(_texts(request, "DeviceIDs")) or None,
        "capabilities": in_set_order([str(name) for name in first]) or None,
        "options": _strings(request, "Options") or None,
    }


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _number(found: Mapping[str, object], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _list(found: Mapping[str, object], name: str) -> list[object]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def _texts(found: Mapping[str, object], name: str) -> list[Value]:
    return [str(element) for element in _list(found, name)]


def _set(found: Mapping[str, object], name: str) -> list[Value]:
    return sorted({str(element) for element in _list(found, name)}, key=set_key)


def _strings(found: Mapping[str, object], name: str) -> dict[str, Value]:
    return {key: str(value) for key, value in object_at(found, name).items()}


def _objects(found: Mapping[str, object], name: str) -> list[tuple[str, Mapping[str, object]]]:
    return [(key, value) for key, value in object_at(found, name).items() if isinstance(value, Mapping)]


def _object_list(found: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    return [value for value in _list(found, name) if isinstance(value, Mapping)]
