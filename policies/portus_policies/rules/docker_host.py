"""Docker containers: what of the host is inside, as whom they run, which fences are up. CIS Docker 1.6, section 5."""

from __future__ import annotations

import re

from ..docker_options import (
    group_of,
    holds_privileges,
    is_host_group,
    is_root,
    security_options,
    weak_module_option,
    weak_seccomp,
)
from ..host_paths import SERVICE, VOLUME, host_paths, propagation_options
from ..resource import Resource
from ..roles import CONTAINER, DATABASE, REGISTRY, role_of, runs
from ..rule import CRITICAL, HIGH, MANDATORY, MEDIUM, rule
from ..values import Bad, Unseen, Verdicts, forbid

ONLY = (CONTAINER,)
RUNTIME_SOCKETS = re.compile(
    r"(?:docker|containerd|podman|crio|cri-dockerd|dockershim|buildkitd)\.sock\b|docker_engine", re.IGNORECASE
)


@rule(
    *("D03", "dkr-no-new-privileges", "no new privileges", MANDATORY, HIGH),
    reason="without it a setuid program inside gives a process root's rights again",
    fix='`security_opts: ["no-new-privileges:true"]`, once',
    source="CIS Docker 5.26",
    types=ONLY,
)
def no_new_privileges(container: Resource) -> Verdicts:
    if not runs(container):
        return
    options = container.at("securityOpts")
    unseen, good = options.unknown, False
    for name, value, node in security_options(container):
        unseen = unseen or node.unknown
        good = good or holds_privileges(name, value)
        if name == "no-new-privileges" and not holds_privileges(name, value):
            yield Bad(node.path, "the options are a set: whether this one holds is left to chance")
    if not good:
        yield Unseen(options.path) if unseen else Bad(options.path)


@rule(
    *("D04", "dkr-seccomp", "system call filter on", MANDATORY, HIGH),
    reason="the filter keeps some 50 dangerous system calls away from the kernel",
    fix="leave `seccomp=…` out of `security_opts`: Docker's own profile applies",
    source="CIS Docker 5.22",
    types=ONLY,
)
def seccomp(container: Resource) -> Verdicts:
    for name, value, node in security_options(container):
        if node.unknown:
            yield Unseen(node.path)
        elif name == "seccomp" and weak_seccomp(value):
            yield Bad(node.path, weak_seccomp(value))


@rule(
    *("D05", "dkr-security-module", "AppArmor and SELinux on", MANDATORY, HIGH),
    reason="the security module is the last fence when a process breaks out",
    fix="leave `apparmor=…`, `label=…` and `systempaths=…` out of `security_opts`",
    source="CIS Docker 5.2, 5.3",
    types=ONLY,
)
def security_module(container: Resource) -> Verdicts:
    for name, value, node in security_options(container):
        if node.unknown:
            yield Unseen(node.path)
        elif weak_module_option(name, value):
            yield Bad(node.path, weak_module_option(name, value))


@rule(
    *("D08", "dkr-user", "not root inside", MANDATORY, HIGH),
    reason="root inside is root outside once a process breaks out",
    fix='`user: "UID:GID"` of the image\'s own user',
    source="CIS Docker 4.1",
    types=ONLY,
)
def user(container: Resource) -> Verdicts:
    if runs(container):
        yield from forbid(container.at("user"), is_root)


@rule(
    *("D45", "dkr-groups", "not in a group of the host's", MANDATORY, HIGH),
    reason="groups such as docker, disk and root's own may write what leads to root",
    fix="leave such groups out of `group_adds` and of `user`",
    source="CIS Docker 1.1.2, 4.1",
    types=ONLY,
)
def groups(container: Resource) -> Verdicts:
    if runs(container):
        yield from forbid(container.at("user"), lambda value: bool(group_of(value)) and is_host_group(group_of(value)))
        for each in container.at("groupAdds").each():
            yield from forbid(each, is_host_group)


@rule(
    *("D19", "dkr-no-system-mounts", "no system directory of the host inside", MANDATORY, CRITICAL),
    reason="who can read or write the host's system directories owns the host",
    fix="a named volume, or `uploads` for single files",
    source="CIS Docker 5.6",
    types=(CONTAINER, VOLUME, SERVICE),
)
def no_system_mounts(resource: Resource) -> Verdicts:
    for each in host_paths(resource):
        if each.node.unknown:
            yield Unseen(each.node.path)
        elif each.is_system:
            yield Bad(each.node.path)


@rule(
    *("D20", "dkr-no-runtime-socket", "no container runtime's socket inside", MANDATORY, CRITICAL),
    reason="whoever can talk to the runtime can start a privileged container: root on the host",
    fix="leave the socket out; ask the runtime from outside",
    source="CIS Docker 5.32; OWASP Docker rule 1",
    types=(CONTAINER, VOLUME, SERVICE),
)
def no_runtime_socket(resource: Resource) -> Verdicts:
    places = [resource.at("driverOpts")]
    for holder in (resource.root, resource.at("taskSpec", "containerSpec")):
        places += [mount for place in ("volumes", "mounts") for mount in holder.at(place).each()]
    for place in places:
        for text in place.texts():
            if not text.unknown and RUNTIME_SOCKETS.search(text.text):
                yield Bad(text.path)
    for upload in resource.at("uploads").each():
        yield from forbid(upload.at("source"), lambda value: RUNTIME_SOCKETS.search(str(value or "")))


@rule(
    *("D21", "dkr-no-shared-propagation", "no shared mount propagation", MANDATORY, HIGH),
    reason="mounts made inside would appear on the host",
    fix="leave `propagation` out, or `rprivate`",
    source="CIS Docker 5.20",
    types=(CONTAINER, VOLUME),
)
def no_shared_propagation(resource: Resource) -> Verdicts:
    for mount in resource.at("mounts").each():
        yield from forbid(mount.at("bindOptions", "propagation"), lambda value: value in ("shared", "rshared"))
    for options in propagation_options(resource):
        yield from forbid(options, lambda value: {"shared", "rshared"} & set(str(value or "").split(",")))


@rule(
    *("D22", "dkr-named-volumes", "state in named volumes", MANDATORY, MEDIUM),
    reason="a directory of the host ties data to its paths and owners, and bypasses the data-loss guard",
    fix="`docker.Volume`, mounted by `volume_name`",
    source="good practice",
    types=ONLY,
)
def named_volumes(container: Resource) -> Verdicts:
    if role_of(container) in (DATABASE, REGISTRY):
        for each in host_paths(container):
            yield Unseen(each.node.path) if each.node.unknown else Bad(each.node.path)
