"""Which changes replace an object.

Source: `provider/diff.go` of pulumi-kubernetes, the table of properties that force a replacement.
"""

from collections.abc import Sequence
from typing import Final

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.settings import Settings

Path = tuple[str | int, ...]

_EVERY: Final = ("metadata.name", "metadata.namespace")

_POD: Final = (
    *("affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases"),
    *("hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead"),
    *("preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"),
    *("schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace"),
    *("subdomain", "terminationGracePeriodSeconds", "volumes"),
)
_CONTAINER: Final = (
    *("args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports", "readinessProbe"),
    *("resources", "securityContext", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy"),
    *("tty", "volumeDevices", "volumeMounts", "workingDir"),
)
_VOLUME_SOURCES: Final = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
)
_STATEFUL_SET: Final = (
    *("spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.revisionHistoryLimit"),
    "spec.volumeClaimTemplates",
)
_OF_KIND: Final[dict[tuple[str, str], Sequence[str]]] = {
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "StatefulSet"): _STATEFUL_SET,
    ("batch", "Job"): ("spec.selector", "spec.template", "spec.completions", "spec.parallelism"),
    ("", "Pod"): (
        *(f"spec.{name}" for name in _POD),
        *(f"spec.{list_name}.*.{name}" for list_name in ("containers", "initContainers") for name in _CONTAINER),
    ),
    ("", "PersistentVolumeClaim"): (
        *("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    ),
    ("", "PersistentVolume"): tuple(f"spec.{name}" for name in _VOLUME_SOURCES),
    ("", "Service"): ("spec.clusterIP",),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}


def replacing_paths(kind: Kind, inputs: Properties, settings: Settings) -> list[tuple[str, ...]]:
    """The paths whose change replaces an object of this kind; `*` is any index."""
    paths = [*_EVERY, *_OF_KIND.get((kind.group, kind.kind), ())]
    if (kind.group, kind.kind) == ("", "Secret"):
        mutable = settings.mutable_secrets and inputs.get("immutable") is not True
        paths += ["type"] if mutable else ["type", "data", "stringData"]
    if (kind.group, kind.kind) == ("", "ConfigMap"):
        mutable = settings.mutable_config_maps and inputs.get("immutable") is not True
        paths += [] if mutable else ["data", "binaryData"]
    if (kind.api_version, kind.kind) == ("policy/v1beta1", "PodDisruptionBudget"):
        paths.append("spec")
    return [tuple(path.split(".")) for path in paths]


def replaces(path: Path, new: Value, replacing: Sequence[tuple[str, ...]]) -> bool:
    """Whether a change at `path` to `new` (None: deleted) replaces: it lies at or below a replacing path, or brings
    something that does; and so does the loss of all metadata.
    """
    if path == ("metadata",) and new is None:
        return True
    return any(_concerns(path, new, candidate) for candidate in replacing)


def _concerns(path: Path, new: Value, candidate: tuple[str, ...]) -> bool:
    for step, expected in zip(path, candidate, strict=False):
        if not (step == expected or (expected == "*" and isinstance(step, int))):
            return False
    return _holds(new, candidate[len(path) :])


def _holds(value: Value, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    if path[0] == "*":
        return isinstance(value, list) and any(_holds(item, path[1:]) for item in value)
    return isinstance(value, dict) and path[0] in value and _holds(value[path[0]], path[1:])
