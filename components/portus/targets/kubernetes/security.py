"""What a pod may do, in the words of Kubernetes, and which level of the Pod Security Standards it meets.

Source: the Pod Security Standards of the Kubernetes documentation.
"""

from collections.abc import Iterable

from pulumi_kubernetes import core

from ...topology import Process

RESTRICTED, BASELINE, PRIVILEGED = "restricted", "baseline", "privileged"
_LEVELS = (RESTRICTED, BASELINE, PRIVILEGED)
_RESTRICTED_CAPABILITIES = {"NET_BIND_SERVICE"}
_BASELINE_CAPABILITIES = _RESTRICTED_CAPABILITIES | {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_UNPRIVILEGED_PORTS = 1024


def user_of(process: Process) -> tuple[int, int] | None:
    """User and group id; None for the image's own, which may be root."""
    user = process.security.unprivileged_user or process.security.user
    if user is None:
        return None
    uid, gid = user.split(":")
    return int(uid), int(gid)


def capabilities_of(process: Process) -> list[str]:
    """As Kubernetes writes them."""
    return [name.removeprefix("CAP_") for name in process.security.capabilities]


def level_of(process: Process) -> str:
    """The strictest level that the pod of a process meets."""
    capabilities = set(capabilities_of(process))
    as_user = user_of(process) is not None and not process.security.new_privileges
    if as_user and capabilities <= _RESTRICTED_CAPABILITIES:
        return RESTRICTED
    return BASELINE if capabilities <= _BASELINE_CAPABILITIES else PRIVILEGED


def strictest_level(processes: Iterable[Process]) -> str:
    """The strictest level that all of them meet."""
    return max((level_of(process) for process in processes), key=_LEVELS.index)


def pod_context(process: Process, ports: Iterable[int]) -> core.v1.PodSecurityContextArgs:
    """Files and data belong to the process' group; a low port needs no capability."""
    user = user_of(process)
    low = user is not None and any(port < _UNPRIVILEGED_PORTS for port in ports)
    return core.v1.PodSecurityContextArgs(
        run_as_non_root=True if user else None,
        run_as_user=user[0] if user else None,
        run_as_group=user[1] if user else None,
        fs_group=user[1] if user else None,
        fs_group_change_policy="OnRootMismatch" if user else None,
        seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        sysctls=[core.v1.SysctlArgs(name="net.ipv4.ip_unprivileged_port_start", value="0")] if low else None,
    )


def container_context(process: Process) -> core.v1.SecurityContextArgs:
    """As little as the process can do with."""
    return core.v1.SecurityContextArgs(
        allow_privilege_escalation=process.security.new_privileges,
        privileged=False,
        read_only_root_filesystem=process.security.read_only_root,
        capabilities=core.v1.CapabilitiesArgs(drop=["ALL"], add=capabilities_of(process) or None),
    )
