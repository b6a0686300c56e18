"""What Docker makes of the options of a container: which one holds where several are written, in whatever spelling.

Sources: moby ``daemon/daemon_unix.go`` (parseSecurityOpt), ``oci/caps/utils.go``, ``profiles/seccomp``; opencontainers
``runc/libcontainer/user``. The provider keeps `security_opts` as a set, without order: the weakest of them counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .resource import Resource
from .values import Node, Value

_TRUE = ("1", "t", "true")
"""What Go's ParseBool takes for true, in lower case."""
_ROOT_NUMBER = re.compile(r"^[+-]?0+$")
_DENYING = frozenset(
    {"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"}
)
_KERNEL_CALLS = frozenset(
    {
        *(
            "bpf",
            "clock_settime",
            "delete_module",
            "finit_module",
            "fsopen",
            "fsmount",
            "init_module",
            "ioperm",
            "iopl",
        ),
        *("kexec_file_load", "kexec_load", "mount", "mount_setattr", "move_mount", "open_by_handle_at", "open_tree"),
        *(
            "perf_event_open",
            "pivot_root",
            "quotactl",
            "reboot",
            "setns",
            "settimeofday",
            "swapoff",
            "swapon",
            "umount",
        ),
        *("umount2", "unshare", "userfaultfd"),
    }
)
"""System calls that Docker's own profile gives to nobody without a capability."""
_SELINUX_TYPES = ("container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_HOST_GROUPS = frozenset(
    {
        *(
            "root",
            "adm",
            "daemon",
            "disk",
            "docker",
            "input",
            "kmem",
            "kvm",
            "libvirt",
            "lxd",
            "mem",
            "plugdev",
            "podman",
        ),
        *("shadow", "sudo", "systemd-journal", "tty", "video", "wheel", "containerd", "sys", "bin", "operator"),
    }
)


def security_options(container: Resource) -> Iterator[tuple[str, str, Node]]:
    """Name and value of each security option; an unknown one as ("", "", node)."""
    for node in container.at("securityOpts").each():
        if node.unknown:
            yield "", "", node
            continue
        text = node.text.strip()
        name, _, value = text.partition("=" if "=" in text else ":")
        yield ("label", "disable", node) if text == "disable" else (name.strip().lower(), value.strip(), node)


def holds_privileges(name: str, value: str) -> bool:
    """Whether an option is one that forbids new privileges: the bare word does too."""
    return name == "no-new-privileges" and (not value or value.lower() in _TRUE)


def weak_seccomp(profile: str) -> str:
    """What is wrong with a seccomp profile, "" where nothing is. Empty and ``builtin`` are Docker's own."""
    if profile in ("", "builtin"):
        return ""
    if not profile.startswith("{"):
        return "no filter" if profile.lower() == "unconfined" else "a profile that cannot be read here"
    try:
        document = json.loads(profile)
    except (ValueError, RecursionError):
        return "a profile that is not JSON"
    if document.get("defaultAction") not in _DENYING:
        return "a profile that allows what it does not name"
    given = [each for each in document.get("syscalls") or () if isinstance(each, dict)]
    open_calls = {name for each in given if _always_allows(each) for name in _names(each)} & _KERNEL_CALLS
    return f"a profile that allows {', '.join(sorted(open_calls)[:3])}" if open_calls else ""


def _names(entry: dict[str, object]) -> list[str]:
    names = entry.get("names")
    return [str(each) for each in names] if isinstance(names, list) else [str(entry.get("name"))]


def _always_allows(entry: dict[str, object]) -> bool:
    """Whether an entry lets its calls through for whoever calls, not with a capability or certain arguments only."""
    conditions = entry.get("includes")
    with_capability = isinstance(conditions, dict) and bool(conditions.get("caps"))
    return entry.get("action") not in _DENYING and not with_capability and not entry.get("args")


def weak_module_option(name: str, value: str) -> str:
    """What is wrong with an option for AppArmor, SELinux or the masked paths, "" where nothing is."""
    kind, _, label = value.partition(":")
    if name in ("apparmor", "systempaths") and value.lower() == "unconfined":
        return f"{name} is off"
    if name == "writable-cgroups" and value.lower() not in ("0", "f", "false"):
        return "control groups can be written"
    if name != "label" or kind in ("level", "filetype"):
        return ""
    if kind == "type":
        return "" if label in _SELINUX_TYPES else "another SELinux type than a container's"
    return "SELinux is off" if kind == "disable" else "another SELinux user or role than a container's"


def is_root(user: Value) -> bool:
    """Whether ``user`` (``UID``, ``UID:GID``, names) is root. None is the image's own, which is not known."""
    name = str("" if user is None else user).strip().partition(":")[0].strip()
    return name in ("", "root", "toor") or bool(_ROOT_NUMBER.match(name.partition(".")[0]))


def group_of(user: Value) -> str:
    """The group in ``user``, "" where none is told."""
    return str(user or "").strip().partition(":")[2].strip()


def is_host_group(group: Value) -> bool:
    """Whether a group of this name or number owns what is the host's: root's, the runtime's, the disks'."""
    text = str("" if group is None else group).strip().lower()
    return text in _HOST_GROUPS or bool(_ROOT_NUMBER.match(text.partition(".")[0]))


def capability(value: Value) -> str:
    """A capability's name as the kernel knows it, without its prefix."""
    return str(value or "").strip().upper().removeprefix("CAP_")
