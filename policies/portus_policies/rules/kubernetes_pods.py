"""Pod security: the whole of Kubernetes' Pod Security Standard "restricted", for every kind of pod and container.

Source: kubernetes/pod-security-admission, ``policy/check_*.go`` at v1.36.
"""

from __future__ import annotations

import re

from ..kubernetes import VOLUME, WORKLOADS, containers, effective, is_patch, pod_spec, tokens, windows
from ..resource import Resource
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, rule
from ..values import Bad, Node, Unseen, Verdicts, demand, demand_some, forbid, given, is_true, number_of

_SELINUX_TYPES = ("", None, "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SECCOMP = ("RuntimeDefault", "Localhost")
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_VOLUME_KINDS = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
        "secret",
    }
)
_SYSCTLS = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_slow_start_after_idle": 37,
    "net.ipv4.tcp_notsent_lowat": 37,
}
"""Safe parameter → the minor version of Kubernetes from which on it is."""
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HIGH_ID = 10_000
_RELAXED_BY_USER_NAMESPACE = 35


def _own_users(workload: Resource, pod: Node) -> bool:
    """Whether the pod's root is nobody on the node, which the standard accepts from 1.35 on."""
    return pod.at("hostUsers").value is False and workload.settings.kubernetes_minor >= _RELAXED_BY_USER_NAMESPACE


@rule(
    *("K01", "k8s-no-privileged", "no privileged containers", MANDATORY, CRITICAL),
    reason="a privileged container is root on the node",
    fix="leave `privileged` out",
    source="PSS privileged; CIS Kubernetes 5.2.2",
    types=WORKLOADS,
)
def no_privileged(workload: Resource) -> Verdicts:
    for each in containers(workload):
        yield from forbid(each.at("securityContext", "privileged"), is_true)


@rule(
    *("K02", "k8s-no-host-namespaces", "no namespaces of the node", MANDATORY, CRITICAL),
    reason="they show the node's processes, memory and traffic to the pod",
    fix="leave `hostNetwork`, `hostPID` and `hostIPC` out",
    source="PSS hostNamespaces; CIS Kubernetes 5.2.3-5",
    types=WORKLOADS,
)
def no_host_namespaces(workload: Resource) -> Verdicts:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        yield from forbid(pod_spec(workload).at(name), is_true)


@rule(
    *("K03", "k8s-no-host-path", "no directories of the node", MANDATORY, CRITICAL),
    reason="who can read or write the node's files owns the node",
    fix="a PersistentVolumeClaim, an emptyDir or a Secret",
    source="PSS hostPathVolumes; CIS Kubernetes 5.2.11",
    types=(*WORKLOADS, *VOLUME),
)
def no_host_path(resource: Resource) -> Verdicts:
    if resource.type in VOLUME:
        for kind in ("hostPath", "local", "flexVolume"):
            yield from forbid(resource.at("spec", kind), lambda value: value is not None)
        return
    for each in pod_spec(resource).at("volumes").each():
        yield from forbid(each.at("hostPath"), lambda value: value is not None)


@rule(
    *("K04", "k8s-no-host-port", "no ports of the node", MANDATORY, HIGH),
    reason="they bypass Services and network policies",
    fix="a Service",
    source="PSS hostPorts; CIS Kubernetes 5.2.12",
    types=WORKLOADS,
)
def no_host_port(workload: Resource) -> Verdicts:
    for container in containers(workload):
        for port in container.at("ports").each():
            yield from forbid(port.at("hostPort"), lambda value: number_of(value) or 0)


@rule(
    *("K05", "k8s-no-host-probe", "probes ask the pod itself", MANDATORY, MEDIUM),
    reason="a probe with a host makes the node send requests wherever the pod's author likes",
    fix="leave `host` out of probes and lifecycle handlers",
    source="PSS hostProbesAndHostLifecycle",
    types=WORKLOADS,
)
def no_host_probe(workload: Resource) -> Verdicts:
    for container in containers(workload):
        handlers = [container.at(probe) for probe in _PROBES]
        handlers += [container.at("lifecycle", hook) for hook in ("postStart", "preStop")]
        for handler in handlers:
            for kind in ("httpGet", "tcpSocket"):
                yield from forbid(handler.at(kind, "host"), given)


@rule(
    *("K06", "k8s-capabilities", "all capabilities dropped", MANDATORY, HIGH),
    reason="the default set lets a process change owners and forge packets",
    fix='`capabilities: {drop: ["ALL"]}`; for a low port the sysctl net.ipv4.ip_unprivileged_port_start',
    source="PSS capabilities_restricted; CIS Kubernetes 5.2.8-9",
    types=WORKLOADS,
)
def capabilities(workload: Resource) -> Verdicts:
    if windows(pod_spec(workload)):
        return
    for container in containers(workload):
        drop, add = (container.at("securityContext", "capabilities", name) for name in ("drop", "add"))
        if not (is_patch(workload) and drop.missing):
            yield from demand_some(drop, drop.each(), lambda node: node.value == "ALL")
        for each in add.each():
            yield from demand(each, lambda value: value == "NET_BIND_SERVICE")


@rule(
    *("K07", "k8s-proc-mount", "the masked /proc", MANDATORY, HIGH),
    reason="the mask hides what of the kernel a container must not see",
    fix="leave `procMount` out",
    source="PSS procMount",
    types=WORKLOADS,
)
def proc_mount(workload: Resource) -> Verdicts:
    for container in containers(workload):
        yield from forbid(
            container.at("securityContext", "procMount"), lambda value: value not in (None, "", "Default")
        )


@rule(
    *("K08", "k8s-selinux", "SELinux type of a container", MANDATORY, HIGH),
    reason="another type, user or role lifts the separation from the node",
    fix="leave `seLinuxOptions` out",
    source="PSS seLinuxOptions",
    types=WORKLOADS,
)
def selinux(workload: Resource) -> Verdicts:
    for holder in (pod_spec(workload), *containers(workload)):
        options = holder.at("securityContext", "seLinuxOptions")
        yield from demand(options.at("type"), lambda value: value in _SELINUX_TYPES)
        for name in ("user", "role"):
            yield from forbid(options.at(name), given)


@rule(
    *("K09", "k8s-apparmor", "AppArmor on", MANDATORY, HIGH),
    reason="it is the last fence when a process breaks out",
    fix="leave `appArmorProfile` out, or `type: RuntimeDefault`",
    source="PSS appArmorProfile",
    types=WORKLOADS,
)
def apparmor(workload: Resource) -> Verdicts:
    pod = pod_spec(workload)
    for holder in (pod, *containers(workload)):
        kind = holder.at("securityContext", "appArmorProfile", "type")
        yield from forbid(kind, lambda value: value not in (None, "", *_SECCOMP))
    place = pod.path.removesuffix("spec")
    annotations = workload.at(*(key for key in place.split(".") if key), "metadata", "annotations")
    for name, value in annotations.entries():
        if name.startswith(_APPARMOR_ANNOTATION):
            yield from demand(value, lambda found: re.match(r"^(?:$|runtime/default$|localhost/)", str(found)))


@rule(
    *("K10", "k8s-seccomp", "system call filter set", MANDATORY, HIGH),
    reason="Kubernetes filters no system calls unless it is asked to",
    fix="`securityContext: {seccompProfile: {type: RuntimeDefault}}` on the pod",
    source="PSS seccompProfile_restricted; CIS Kubernetes 5.6.2",
    types=WORKLOADS,
)
def seccomp(workload: Resource) -> Verdicts:
    pod = pod_spec(workload)
    if windows(pod):
        return
    if pod.at("securityContext", "seccompProfile", "type").text == "Unconfined":
        yield Bad(pod.at("securityContext", "seccompProfile", "type").path)
    for container in containers(workload):
        kind = effective(pod, container, "seccompProfile", "type")
        if not (is_patch(workload) and kind.missing):
            yield from demand(kind, lambda value: value in _SECCOMP)


@rule(
    *("K11", "k8s-sysctls", "safe kernel parameters only", MANDATORY, HIGH),
    reason="other parameters reach beyond the pod",
    fix="leave them out",
    source="PSS sysctls",
    types=WORKLOADS,
)
def sysctls(workload: Resource) -> Verdicts:
    minor = workload.settings.kubernetes_minor
    for each in pod_spec(workload).at("securityContext", "sysctls").each():
        yield from demand(each.at("name"), lambda value: _SYSCTLS.get(str(value), minor + 1) <= minor)


@rule(
    *("K12", "k8s-no-host-process", "no Windows host processes", MANDATORY, CRITICAL),
    reason="a host process is a process of the node",
    fix="leave `windowsOptions.hostProcess` out",
    source="PSS windowsHostProcess; CIS Kubernetes 5.2.10",
    types=WORKLOADS,
)
def no_host_process(workload: Resource) -> Verdicts:
    for holder in (pod_spec(workload), *containers(workload)):
        yield from forbid(holder.at("securityContext", "windowsOptions", "hostProcess"), is_true)


@rule(
    *("K13", "k8s-no-privilege-escalation", "no privilege escalation", MANDATORY, HIGH),
    reason="without it a setuid program gives a process root's rights again",
    fix="`allowPrivilegeEscalation: false` on every container",
    source="PSS allowPrivilegeEscalation; CIS Kubernetes 5.2.6",
    types=WORKLOADS,
)
def no_privilege_escalation(workload: Resource) -> Verdicts:
    if windows(pod_spec(workload)):
        return
    for container in containers(workload):
        allowed = container.at("securityContext", "allowPrivilegeEscalation")
        if not (is_patch(workload) and allowed.missing):
            yield from demand(allowed, lambda value: value is False)


@rule(
    *("K14", "k8s-non-root", "not root inside", MANDATORY, HIGH),
    reason="root inside is root outside once a process breaks out",
    fix="`runAsNonRoot: true` on the pod",
    source="PSS runAsNonRoot; CIS Kubernetes 5.2.7",
    types=WORKLOADS,
)
def non_root(workload: Resource) -> Verdicts:
    pod = pod_spec(workload)
    if _own_users(workload, pod):
        return
    for container in containers(workload):
        demanded = effective(pod, container, "runAsNonRoot")
        if not (is_patch(workload) and demanded.missing):
            yield from demand(demanded, is_true)


@rule(
    *("K15", "k8s-no-uid-0", "never user 0", MANDATORY, HIGH),
    reason="user 0 is root, and with runAsNonRoot the pod does not even start",
    fix="`runAsUser` of the image's own user",
    source="PSS runAsUser",
    types=WORKLOADS,
)
def no_uid_zero(workload: Resource) -> Verdicts:
    pod = pod_spec(workload)
    if _own_users(workload, pod):
        return
    for holder in (pod, *containers(workload)):
        yield from forbid(holder.at("securityContext", "runAsUser"), lambda value: number_of(value) == 0)


@rule(
    *("K16", "k8s-volume-types", "harmless kinds of volumes", MANDATORY, HIGH),
    reason="other kinds reach the node or bring credentials of their own",
    fix="configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or secret",
    source="PSS restrictedVolumes",
    types=WORKLOADS,
)
def volume_types(workload: Resource) -> Verdicts:
    for volume in pod_spec(workload).at("volumes").each():
        if volume.unknown:
            yield Unseen(volume.path)
        for kind, _ in volume.entries():
            if kind not in _VOLUME_KINDS | {"name", "*"}:
                yield Bad(f"{volume.path}.{kind}")


@rule(
    *("K17", "k8s-no-gid-0", "not in root's group", ADVISORY, LOW),
    reason="root's group may read and write more than a service needs",
    fix="`runAsGroup` and `fsGroup` of the image's own group",
    source="Kyverno require-non-root-groups",
    types=WORKLOADS,
)
def no_gid_zero(workload: Resource) -> Verdicts:
    pod = pod_spec(workload).at("securityContext")
    groups = [pod.at("runAsGroup"), pod.at("fsGroup"), *pod.at("supplementalGroups").each()]
    groups += [each.at("securityContext", "runAsGroup") for each in containers(workload)]
    for group in groups:
        yield from forbid(group, lambda value: number_of(value) == 0)


@rule(
    *("K18", "k8s-high-uid", "a user that no node has", ADVISORY, LOW),
    reason="a low number may be somebody on the node",
    fix="`hostUsers: false`, or `runAsUser` from 10000 on",
    source="CKV_K8S_40",
    types=tokens(
        "core/v1:Pod",
        "apps/v1:Deployment",
        "apps/v1:StatefulSet",
        "apps/v1:DaemonSet",
        "batch/v1:Job",
        "batch/v1:CronJob",
    ),
)
def high_uid(workload: Resource) -> Verdicts:
    pod = pod_spec(workload)
    if pod.at("hostUsers").value is False or is_patch(workload):
        return
    for container in containers(workload):
        user = effective(pod, container, "runAsUser")
        yield from demand(user, lambda value: (number_of(value) or 0) >= _HIGH_ID)
