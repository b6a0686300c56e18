"""Docker containers: what a container may do and use. CIS Docker Benchmark 1.6, section 5."""

from __future__ import annotations

from ..docker_options import capability
from ..resource import Resource
from ..roles import BACKGROUND, CONTAINER, PORTUS, role_of, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, rule
from ..values import Node, Value, Verdicts, demand, demand_some, forbid, given, is_true, number_of

ONLY = (CONTAINER,)
_PORTUS_CAPABILITIES = frozenset({"CHOWN", "DAC_OVERRIDE", "FOWNER"})
"""Portus' init copies certificates into the system's store; see docs/security.md."""
_HARMLESS_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
SAFE_SYSCTLS = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.core.somaxconn"),
    }
)
_MOST_RETRIES = 5
_LARGEST_UNPRIVILEGED = 1024


@rule(
    *("D01", "dkr-no-privileged", "no privileged containers", MANDATORY, CRITICAL),
    reason="a privileged container is root on the host",
    fix="leave `privileged` out; add the one capability that is needed",
    source="CIS Docker 5.5",
    types=ONLY,
)
def no_privileged(container: Resource) -> Verdicts:
    yield from forbid(container.at("privileged"), is_true)


@rule(
    *("D02", "dkr-capabilities", "all capabilities dropped, few added", MANDATORY, HIGH),
    reason="Docker's default set lets a process change owners, forge packets and bind any port",
    fix='`capabilities: {drops: ["ALL"], adds: [what the image needs]}`',
    source="CIS Docker 5.4",
    types=ONLY,
)
def capabilities(container: Resource) -> Verdicts:
    if not runs(container):
        return
    drops, adds = container.at("capabilities", "drops"), container.at("capabilities", "adds")
    yield from demand_some(drops, drops.each(), lambda node: capability(node.value) == "ALL")
    portus = container.inside_component and role_of(container) in (PORTUS, BACKGROUND)
    allowed = _HARMLESS_CAPABILITIES | (_PORTUS_CAPABILITIES if portus else frozenset())
    for each in adds.each():
        yield from forbid(each, lambda value: capability(value) not in allowed)


@rule(
    *("D06", "dkr-read-only-root", "read-only root filesystem", MANDATORY, MEDIUM),
    reason="an attacker who can write cannot be got rid of by a restart",
    fix="`read_only: true`, and `tmpfs` for what must be writable",
    source="CIS Docker 5.13; NIST SP 800-190 4.4.4",
    types=ONLY,
)
def read_only_root(container: Resource) -> Verdicts:
    if runs(container):
        yield from demand(container.at("readOnly"), is_true)


@rule(
    *("D07", "dkr-upload-path", "uploads land in a writable volume", MANDATORY, MEDIUM),
    reason="Docker refuses to copy files into a container whose root is read-only, so `up` would fail",
    fix="upload into a named volume through a container that is not read-only",
    source="observed with Docker 20.10",
    types=ONLY,
)
def upload_path(container: Resource) -> Verdicts:
    if not is_true(_known(container.at("readOnly"))):
        return
    writable = [
        volume.at("containerPath").text
        for volume in container.at("volumes").each()
        if not is_true(_known(volume.at("readOnly")))
    ]
    for upload in container.at("uploads").each():
        file = upload.at("file")
        yield from forbid(file, lambda value: not any(str(value).startswith(f"{path}/") for path in writable if path))


def _known(node: Node) -> Value:
    return None if node.unknown else node.value


@rule(
    *("D09", "dkr-memory", "memory limited", MANDATORY, MEDIUM),
    reason="a container without a limit can take the host's memory",
    fix="`memory` (MiB), and `memory_swap` of the same size",
    source="CIS Docker 5.11",
    types=ONLY,
)
def memory(container: Resource) -> Verdicts:
    if runs(container):
        yield from demand(container.at("memory"), lambda value: (number_of(value) or 0) > 0)
        yield from forbid(
            container.at("memorySwap"), lambda value: (number_of(value) or 0) < 0, "all of the host's swap"
        )


@rule(
    *("D10", "dkr-cpu", "CPU limited", MANDATORY, MEDIUM),
    reason="a container without a limit can starve all others",
    fix='`cpus: "1.0"`, or `cpu_shares`',
    source="CIS Docker 5.12",
    types=ONLY,
)
def cpu(container: Resource) -> Verdicts:
    if runs(container):
        limits = (container.at("cpus"), container.at("cpuShares"))
        yield from demand_some(limits[0], iter(limits), lambda node: (node.number or 0) > 0)


@rule(
    *("D11", "dkr-ulimits", "numbers of processes and files limited", ADVISORY, LOW),
    reason="the provider has no limit on processes, so the ulimit must hold off a fork bomb",
    fix="`ulimits` for `nproc` and `nofile`",
    source="CIS Docker 5.19, 5.29",
    types=ONLY,
)
def ulimits(container: Resource) -> Verdicts:
    limits = container.at("ulimits")
    for name in ("nproc", "nofile"):
        if runs(container):
            yield from demand_some(limits, limits.each(), lambda node: node.at("name").text == name, name)


@rule(
    *("D12", "dkr-restart", "restarts limited", ADVISORY, LOW),
    reason="a container that crashes for ever hides the crash and burns the host",
    fix="`restart: on-failure` with `max_retry_count` up to 5",
    source="CIS Docker 5.15",
    types=ONLY,
)
def restart(container: Resource) -> Verdicts:
    policy, retries = container.at("restart"), container.at("maxRetryCount")
    if not runs(container) or policy.value in (None, "no"):
        return
    if policy.value == "on-failure":
        yield from demand(retries, lambda value: 1 <= (number_of(value) or 0) <= _MOST_RETRIES)
    else:
        yield from forbid(policy, given)


def _network_modes(container: Resource) -> Node:
    return container.at("networkMode")


@rule(
    *("D13", "dkr-no-host-network", "no host network", MANDATORY, CRITICAL),
    reason="on the host's network a container reaches every local service and sees all traffic",
    fix="`networks_advanced` with networks of the stack's own",
    source="CIS Docker 5.10",
    types=ONLY,
)
def no_host_network(container: Resource) -> Verdicts:
    yield from forbid(
        _network_modes(container), lambda value: str(value) == "host" or str(value).startswith("container:")
    )
    for each in container.at("networksAdvanced").each():
        yield from forbid(each.at("name"), lambda value: value == "host")


@rule(
    *("D14", "dkr-no-default-bridge", "not on the default bridge", MANDATORY, MEDIUM),
    reason="everything on the default bridge reaches everything else on it",
    fix="`networks_advanced` with networks of the stack's own",
    source="CIS Docker 5.30",
    types=ONLY,
)
def no_default_bridge(container: Resource) -> Verdicts:
    mode, networks = container.at("networkMode"), container.at("networksAdvanced")
    if not runs(container) or mode.text in ("none", "host") or mode.text.startswith("container:"):
        return
    named = mode.text not in ("", "bridge", "default")
    if not named:
        yield from demand(networks, given)
    for each in networks.each():
        yield from forbid(each.at("name"), lambda value: value == "bridge")


@rule(
    *("D15", "dkr-no-host-pid", "no host processes", MANDATORY, HIGH),
    reason="a container that sees the host's processes can read their memory and environment",
    fix="leave `pid_mode` out",
    source="CIS Docker 5.16",
    types=ONLY,
)
def no_host_pid(container: Resource) -> Verdicts:
    yield from forbid(container.at("pidMode"), lambda value: value not in (None, "", "private"))


@rule(
    *("D16", "dkr-no-host-ipc", "no host shared memory", MANDATORY, HIGH),
    reason="shared memory of the host, or one that others may join, leaks data between processes",
    fix="leave `ipc_mode` out, or `private`",
    source="CIS Docker 5.17",
    types=ONLY,
)
def no_host_ipc(container: Resource) -> Verdicts:
    yield from forbid(container.at("ipcMode"), lambda value: value not in (None, "", "private", "none"))


@rule(
    *("D17", "dkr-no-host-users", "no host user namespace", MANDATORY, HIGH),
    reason="it switches user remapping off for this container, so that its root is the host's",
    fix="leave `userns_mode` out",
    source="CIS Docker 5.31",
    types=ONLY,
)
def no_host_users(container: Resource) -> Verdicts:
    yield from forbid(container.at("usernsMode"), lambda value: value == "host")


@rule(
    *("D18", "dkr-no-devices", "no host devices", MANDATORY, HIGH),
    reason="a device is a way around every other fence",
    fix="leave `devices`, `gpus` and `device_cgroup_rules` out",
    source="CIS Docker 5.18",
    types=ONLY,
)
def no_devices(container: Resource) -> Verdicts:
    for name in ("devices", "deviceRequests", "gpus", "deviceCgroupRules"):
        yield from forbid(container.at(name), given)
