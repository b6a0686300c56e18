"""From Docker's description of a container to its state.

Follows `resourceDockerContainerRead` of kreuzwerker/terraform-provider-docker v4.5.0: environment, labels, volumes and
uploads are never read back, others only when the program set them.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from toolchain.plugins.docker.engine_json import (
    list_at,
    number_at,
    object_at,
    object_list_at,
    objects_at,
    set_at,
    strings_at,
    text_at,
    texts_at,
)
from toolchain.plugins.docker.go_text import format_cpus, format_duration
from toolchain.plugins.docker.planning import in_set_order
from toolchain.plugins.docker.reading import blocks, flag, mebibytes_of, text
from toolchain.plugins.framework import Properties, Value


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
        "bridge": text_at(settings, "Bridge"),
        "networkDatas": [_network_data(name, entry) for name, entry in objects_at(settings, "Networks")],
    }
    # A stopped container has no ports; what is known stays unless it should be running.
    if blocks(state, "ports") and (running or flag(state, "mustRun")):
        facts["ports"] = _ports(settings)
    return facts


def _network_data(name: str, entry: Mapping[str, object]) -> Properties:
    return {
        "networkName": name,
        "ipAddress": text_at(entry, "IPAddress"),
        "ipPrefixLength": number_at(entry, "IPPrefixLen"),
        "gateway": text_at(entry, "Gateway"),
        "globalIpv6Address": text_at(entry, "GlobalIPv6Address"),
        "globalIpv6PrefixLength": number_at(entry, "GlobalIPv6PrefixLen"),
        "ipv6Gateway": text_at(entry, "IPv6Gateway"),
        "macAddress": text_at(entry, "MacAddress"),
    }


def _ports(settings: Mapping[str, object]) -> list[Value]:
    ports: list[Value] = []
    entries = object_at(settings, "Ports")
    for key in sorted(entries, key=lambda key: int(key.split("/")[0])):
        internal, _, protocol = key.partition("/")
        for binding in list_at(entries, key):
            host = cast("Mapping[str, object]", binding)
            ports.append(
                {
                    "internal": int(internal),
                    "external": int(text_at(host, "HostPort") or 0),
                    "ip": text_at(host, "HostIp"),
                    "protocol": protocol,
                }
            )
    return ports


def _run_facts(found: Mapping[str, object], state: Properties, running: bool) -> Properties:
    if running:
        return {}
    facts: Properties = {"exitCode": number_at(object_at(found, "State"), "ExitCode")}
    # A container that should run and does not shows as a change, which the next update repairs.
    return {**facts, "mustRun": False} if flag(state, "mustRun") else facts


def _process_facts(found: Mapping[str, object], state: Properties) -> Properties:
    config = object_at(found, "Config")
    by_id = text(state, "image").startswith("sha256:")
    facts: Properties = {
        "name": text_at(found, "Name").lstrip("/"),
        "image": text_at(found, "Image") if by_id else text_at(config, "Image"),
        "hostname": text_at(config, "Hostname"),
        "domainname": text_at(config, "Domainname"),
        "command": texts_at(config, "Cmd"),
        "entrypoints": texts_at(config, "Entrypoint"),
        "user": text_at(config, "User"),
        "workingDir": text_at(config, "WorkingDir"),
        "tty": config.get("Tty") is True,
        "stdinOpen": config.get("OpenStdin") is True,
        "stopSignal": text_at(config, "StopSignal"),
        "stopTimeout": number_at(config, "StopTimeout"),
        "platform": text_at(found, "Platform"),
    }
    if check := object_at(config, "Healthcheck"):
        facts["healthcheck"] = _health_check(check)
    return facts


def _health_check(check: Mapping[str, object]) -> Properties:
    return {
        "tests": texts_at(check, "Test"),
        "interval": format_duration(number_at(check, "Interval")),
        "timeout": format_duration(number_at(check, "Timeout")),
        "startPeriod": format_duration(number_at(check, "StartPeriod")),
        "startInterval": format_duration(number_at(check, "StartInterval")),
        "retries": number_at(check, "Retries"),
    }


def _host_facts(found: Mapping[str, object], state: Properties) -> Properties:
    host = object_at(found, "HostConfig")
    restart = object_at(host, "RestartPolicy")
    facts: Properties = {
        "rm": host.get("AutoRemove") is True,
        "readOnly": host.get("ReadonlyRootfs") is True,
        "dns": set_at(host, "Dns"),
        "dnsOpts": set_at(host, "DnsOptions"),
        "dnsSearches": set_at(host, "DnsSearch"),
        "securityOpts": set_at(host, "SecurityOpt"),
        "publishAllPorts": host.get("PublishAllPorts") is True,
        "restart": text_at(restart, "Name"),
        "maxRetryCount": number_at(restart, "MaximumRetryCount"),
        "init": host.get("Init") is True,
        "runtime": text_at(host, "Runtime"),
        "mounts": in_set_order([_mount(mount) for mount in object_list_at(host, "Mounts")]),
        "tmpfs": strings_at(host, "Tmpfs"),
        "hosts": in_set_order([_extra_host(str(entry)) for entry in list_at(host, "ExtraHosts")]),
        "privileged": host.get("Privileged") is True,
        "logDriver": text_at(object_at(host, "LogConfig"), "Type"),
        "logOpts": strings_at(object_at(host, "LogConfig"), "Config") if state.get("logOpts") else {},
        "storageOpts": strings_at(host, "StorageOpt"),
        "networkMode": text_at(host, "NetworkMode"),
        "usernsMode": text_at(host, "UsernsMode"),
        "sysctls": strings_at(host, "Sysctls"),
        "ipcMode": text_at(host, "IpcMode"),
        "groupAdds": set_at(host, "GroupAdd"),
    }
    if state.get("pidMode"):
        facts["pidMode"] = text_at(host, "PidMode")
    if host.get("CapAdd") or host.get("CapDrop"):
        facts["capabilities"] = {"adds": set_at(host, "CapAdd"), "drops": set_at(host, "CapDrop")}
    return facts


def _mount(mount: Mapping[str, object]) -> Properties:
    return {
        "target": text_at(mount, "Target"),
        "source": text_at(mount, "Source"),
        "type": text_at(mount, "Type"),
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
    return {
        ours: number_at(options, theirs) if numbers else text_at(options, theirs) for ours, theirs in fields.items()
    }


def _volume_options(options: Mapping[str, object]) -> Properties:
    driver = object_at(options, "DriverConfig")
    labels = strings_at(options, "Labels")
    return {
        "noCopy": options.get("NoCopy") is True,
        "labels": in_set_order([{"label": label, "value": value} for label, value in labels.items()]),
        "driverName": text_at(driver, "Name"),
        "driverOptions": strings_at(driver, "Options") or None,
        "subpath": text_at(options, "Subpath"),
    }


def _extra_host(entry: str) -> Properties:
    # An IPv6 address is cut at its first colon, in the official plugin too.
    host, address, *_ = [*entry.split(":"), ""]
    return {"host": host, "ip": address}


def _limit_facts(found: Mapping[str, object], state: Properties) -> Properties:
    host = object_at(found, "HostConfig")
    facts: Properties = {
        "memory": number_at(host, "Memory") // (1024 * 1024),
        "memoryReservation": mebibytes_of(number_at(host, "MemoryReservation")),
        "memorySwap": mebibytes_of(number_at(host, "MemorySwap")),
        "shmSize": number_at(host, "ShmSize") // (1024 * 1024),
        "cpuShares": number_at(host, "CpuShares"),
        "cpuSet": text_at(host, "CpusetCpus"),
        "deviceReadBps": _rates(host, "BlkioDeviceReadBps"),
        "deviceReadIops": _rates(host, "BlkioDeviceReadIOps"),
        "deviceWriteBps": _rates(host, "BlkioDeviceWriteBps"),
        "deviceWriteIops": _rates(host, "BlkioDeviceWriteIOps"),
    }
    if number_at(host, "NanoCpus") > 0:
        facts["cpus"] = format_cpus(number_at(host, "NanoCpus"))
    if blocks(state, "ulimits"):
        limits = object_list_at(host, "Ulimits")
        facts["ulimits"] = in_set_order(
            [
                {"name": text_at(it, "Name"), "soft": number_at(it, "Soft"), "hard": number_at(it, "Hard")}
                for it in limits
            ]
        )
    return facts


def _rates(host: Mapping[str, object], name: str) -> list[Value]:
    rates = object_list_at(host, name)
    return in_set_order([{"path": text_at(rate, "Path"), "rate": number_at(rate, "Rate")} for rate in rates])


def _device_facts(found: Mapping[str, object], state: Properties) -> Properties:
    host = object_at(found, "HostConfig")
    facts: Properties = {}
    if configured := blocks(state, "devices"):
        with_path = {text(device, "hostPath") for device in configured if text(device, "containerPath")}
        devices: list[Value] = [_device(device, with_path) for device in object_list_at(host, "Devices")]
        facts["devices"] = in_set_order(devices)
    if text(state, "gpus"):
        if gpus := _gpus(object_list_at(host, "DeviceRequests")):
            facts["gpus"] = gpus
    elif blocks(state, "deviceRequests"):
        requests: list[Value] = [_device_request(request) for request in object_list_at(host, "DeviceRequests")]
        facts["deviceRequests"] = in_set_order(requests)
    return facts


def _device(device: Mapping[str, object], with_path: set[str]) -> Properties:
    path = text_at(device, "PathOnHost")
    return {
        "hostPath": path,
        "containerPath": text_at(device, "PathInContainer") if path in with_path else "",
        "permissions": text_at(device, "CgroupPermissions"),
    }


def _gpus(requests: Sequence[Mapping[str, object]]) -> str:
    """Empty when the requests cannot be said in the words of `gpus`: then what is known stays."""
    if len(requests) != 1:
        return ""
    request = requests[0]
    if ids := texts_at(request, "DeviceIDs"):
        return f"device={','.join(str(name) for name in ids)}"
    wanted = [
        str(name).lower() for group in list_at(request, "Capabilities") if isinstance(group, list) for name in group
    ]
    return "all" if number_at(request, "Count") == -1 and "gpu" in wanted else ""


def _device_request(request: Mapping[str, object]) -> Properties:
    groups = list_at(request, "Capabilities")
    first = groups[0] if groups and isinstance(groups[0], list) else []
    return {
        "driver": text_at(request, "Driver"),
        "count": number_at(request, "Count"),
        "deviceIds": in_set_order(texts_at(request, "DeviceIDs")) or None,
        "capabilities": in_set_order([str(name) for name in first]) or None,
        "options": strings_at(request, "Options") or None,
    }
