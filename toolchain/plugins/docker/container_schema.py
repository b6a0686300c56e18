"""The properties of a container.

Source: `resource_docker_container.go` of kreuzwerker/terraform-provider-docker v4.5.0, as pulumi-docker 5.2.0 shows it.
Memory sizes are in MiB (as Docker counts a megabyte), grace times and time-outs in seconds unless the name says
otherwise.
"""

import base64
import binascii

from toolchain.plugins.docker.go_text import parse_duration
from toolchain.plugins.docker.schema import (
    LABEL,
    Kind,
    Property,
    ResourceSchema,
    Schema,
    at_least,
    collection,
    computed,
    flag,
    matching,
    number,
    output,
    text,
)
from toolchain.plugins.framework import Value

_POSITIVE = at_least(0)
_UNKNOWN_EFFECT = "its effect in the official plugin is not known"  # newer than the sources this follows


def _duration(value: Value) -> str | None:
    try:
        nanoseconds = parse_duration(str(value))
    except ValueError:
        return f"'{value}' is not a valid duration"
    return f"'{value}' duration must not be negative" if nanoseconds < 0 else None


def _base64(value: Value) -> str | None:
    try:
        base64.b64decode(str(value), validate=True)
    except binascii.Error:
        return "the value is not base64 decodeable"  # never quoted: it may be a secret file
    return None


def _absolute_path(value: Value) -> str | None:
    return None if matching(r"^[a-zA-Z]:[\\/]|^/")(value) is None else f"'{value}' must be an absolute path"


_PORT: Schema = {
    "internal": number(required=True),
    "external": computed(Kind.INTEGER),
    "ip": text(default="0.0.0.0"),
    "protocol": text(default="tcp"),
}
_NETWORK: Schema = {
    "name": text(required=True),
    "aliases": collection(Kind.SET),
    "ipv4Address": text(),
    "ipv6Address": text(),
    "linkLocalIps": collection(Kind.SET),
    "macAddress": text(),
    "driverOpts": collection(Kind.SET),
    "gwPriority": number(validate=_POSITIVE),
}
_VOLUME: Schema = {
    "containerPath": text(),
    "fromContainer": text(),
    "hostPath": text(validate=_absolute_path),
    "readOnly": flag(),
    "selinuxRelabel": text(validate=matching(r"^(z|Z)$")),
    "volumeName": text(),
}
_MOUNT: Schema = {
    "target": text(required=True, replaces=False),
    "source": text(replaces=False),
    "type": text(required=True, replaces=False, validate=matching(r"^(bind|volume|tmpfs)$")),
    "readOnly": flag(replaces=False),
    "bindOptions": Property(
        Kind.OBJECT,
        fields={
            "propagation": text(replaces=False, validate=matching(r"^(private|rprivate|shared|rshared|slave|rslave)$"))
        },
    ),
    "volumeOptions": Property(
        Kind.OBJECT,
        fields={
            "noCopy": flag(replaces=False),
            "labels": collection(Kind.SET, LABEL, replaces=False),
            "driverName": text(replaces=False),
            "driverOptions": collection(Kind.MAP, replaces=False),
            "subpath": text(),
        },
    ),
    "tmpfsOptions": Property(
        Kind.OBJECT, replaces=True, fields={"sizeBytes": number(replaces=False), "mode": number(replaces=False)}
    ),
}
_UPLOAD: Schema = {
    "file": text(required=True),
    "content": text(),
    "contentBase64": text(validate=_base64),
    "source": text(),
    "sourceHash": text(),
    "executable": flag(default=False),
    "permissions": text(validate=matching(r"^0[0-7]{3}$")),
    "owner": Property(Kind.STRING, refused=_UNKNOWN_EFFECT),
    "group": Property(Kind.STRING, refused=_UNKNOWN_EFFECT),
}
_HEALTH_CHECK: Schema = {
    "tests": collection(Kind.LIST, replaces=False),
    "interval": text(replaces=False, default="0s", validate=_duration),
    "timeout": text(replaces=False, default="0s", validate=_duration),
    "startPeriod": text(replaces=False, default="0s", validate=_duration),
    "startInterval": text(replaces=False, default="0s", validate=_duration),
    "retries": number(replaces=False, default=0, validate=_POSITIVE),
}
_RATE: Schema = {
    "path": text(required=True, replaces=False),
    "rate": number(required=True, replaces=False, validate=_POSITIVE),
}
_DEVICE: Schema = {"hostPath": text(required=True), "containerPath": text(), "permissions": text(default="rwm")}
_DEVICE_REQUEST: Schema = {
    "driver": text(default="cdi"),
    "count": number(default=0),
    "deviceIds": collection(Kind.SET),
    "capabilities": collection(Kind.SET),
    "options": collection(Kind.MAP),
}
_LIMIT: Schema = {"name": text(required=True), "soft": number(required=True), "hard": number(required=True)}
_NETWORK_DATA: Schema = {
    "networkName": output(Kind.STRING),
    "ipAddress": output(Kind.STRING),
    "ipPrefixLength": output(Kind.INTEGER),
    "gateway": output(Kind.STRING),
    "globalIpv6Address": output(Kind.STRING),
    "globalIpv6PrefixLength": output(Kind.INTEGER),
    "ipv6Gateway": output(Kind.STRING),
    "macAddress": output(Kind.STRING),
}

_WHAT_RUNS: Schema = {
    "name": text(required=True),
    "image": text(required=True),
    "command": computed(Kind.LIST),
    "entrypoints": computed(Kind.LIST),
    "envs": computed(Kind.SET),
    "labels": Property(Kind.SET, computed=True, replaces=True, fields=LABEL),
    "hostname": computed(Kind.STRING),
    "domainname": text(),
    "user": Property(Kind.STRING, replaces=True, blank_is_unset=True),
    "workingDir": Property(Kind.STRING, replaces=True, blank_is_unset=True),
    "platform": computed(Kind.STRING),
    "runtime": computed(Kind.STRING),
    "init": computed(Kind.BOOLEAN, replaces=False),
    "tty": flag(default=False),
    "stdinOpen": flag(default=False),
    "stopSignal": computed(Kind.STRING),
    "stopTimeout": computed(Kind.INTEGER),
    "healthcheck": Property(Kind.OBJECT, computed=True, fields=_HEALTH_CHECK),
    "uploads": collection(Kind.SET, _UPLOAD),
}
_HOW_IT_IS_MANAGED: Schema = {
    "start": flag(replaces=False, default=True),
    "mustRun": flag(replaces=False, default=True),
    "attach": flag(replaces=False, default=False),
    "logs": flag(replaces=False, default=False),
    "wait": flag(replaces=False, default=False),
    "waitTimeout": number(replaces=False, default=60),
    "rm": flag(replaces=False, default=False),
    "removeVolumes": flag(replaces=False, default=True),
    "destroyGraceSeconds": number(replaces=False),
    "containerReadRefreshTimeoutMilliseconds": number(replaces=False, default=15000),
    "restart": text(replaces=False, default="no", validate=matching(r"^(no|on-failure|always|unless-stopped)$")),
    "maxRetryCount": number(replaces=False),
    "logDriver": computed(Kind.STRING),
    "logOpts": collection(Kind.MAP),
}
_STORAGE: Schema = {
    "volumes": collection(Kind.SET, _VOLUME),
    "mounts": collection(Kind.SET, _MOUNT),
    "tmpfs": collection(Kind.MAP, replaces=False),
    "readOnly": flag(default=False),
    "storageOpts": collection(Kind.MAP),
    "shmSize": computed(Kind.INTEGER, validate=_POSITIVE),
}
_NETWORKING: Schema = {
    "ports": collection(Kind.LIST, _PORT),
    "publishAllPorts": flag(),
    "networkMode": text(default="bridge"),
    "networksAdvanced": collection(Kind.SET, _NETWORK),
    "dns": collection(Kind.SET),
    "dnsOpts": collection(Kind.SET),
    "dnsSearches": collection(Kind.SET),
    "hosts": collection(Kind.SET, {"host": text(required=True), "ip": text(required=True)}),
}
_ISOLATION: Schema = {
    "capabilities": Property(
        Kind.OBJECT, replaces=True, fields={"adds": collection(Kind.SET), "drops": collection(Kind.SET)}
    ),
    "securityOpts": computed(Kind.SET),
    "privileged": flag(),
    "groupAdds": collection(Kind.SET),
    "sysctls": collection(Kind.MAP),
    "ipcMode": computed(Kind.STRING),
    "pidMode": text(),
    "usernsMode": text(),
    "cgroupnsMode": text(),
    "cgroupParent": text(),
    "ulimits": collection(Kind.SET, _LIMIT),
    "devices": collection(Kind.SET, _DEVICE),
    "deviceRequests": Property(Kind.SET, replaces=True, fields=_DEVICE_REQUEST, conflicts=("gpus",)),
    "gpus": text(),
    "deviceCgroupRules": Property(Kind.SET, replaces=True, refused=_UNKNOWN_EFFECT),
}
_RESOURCES: Schema = {
    "memory": number(replaces=False, validate=_POSITIVE),
    "memoryReservation": number(replaces=False, default=0, validate=_POSITIVE),
    "memorySwap": number(replaces=False, validate=at_least(-1)),
    "cpuShares": number(replaces=False, validate=_POSITIVE),
    "cpuSet": text(replaces=False, validate=matching(r"^\d+([,-]\d+)*$")),
    "cpus": text(),
    "cpuPeriod": number(replaces=False, validate=_POSITIVE),
    "cpuQuota": number(replaces=False, validate=_POSITIVE),
    "deviceReadBps": collection(Kind.SET, _RATE, replaces=False),
    "deviceReadIops": collection(Kind.SET, _RATE, replaces=False),
    "deviceWriteBps": collection(Kind.SET, _RATE, replaces=False),
    "deviceWriteIops": collection(Kind.SET, _RATE, replaces=False),
}
_SEEN: Schema = {
    "bridge": output(Kind.STRING),
    "containerLogs": output(Kind.STRING),
    "exitCode": output(Kind.INTEGER),
    "networkDatas": output(Kind.LIST, _NETWORK_DATA),
}

CONTAINER = ResourceSchema(
    {**_WHAT_RUNS, **_HOW_IT_IS_MANAGED, **_STORAGE, **_NETWORKING, **_ISOLATION, **_RESOURCES, **_SEEN},
    version=2,
    timeout_minutes=20,
    always_delete_first=True,
)
