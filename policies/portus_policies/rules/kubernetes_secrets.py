"""Kubernetes: secrets that must not lie open, and namespaces."""

from __future__ import annotations

import base64
import binascii
import re

from ..kubernetes import CONFIG_MAP, NAMESPACE, SECRET, WORKLOADS, containers, is_patch, kind_of, pod_spec
from ..resource import Resource
from ..rule import ADVISORY, CRITICAL, LOW, MANDATORY, MEDIUM, rule
from ..secret_commands import command_secrets
from ..secret_text import (
    connection_password,
    fingerprint,
    holds_secret,
    reference,
    secret_assignment,
    secret_name,
    secret_text,
)
from ..values import Bad, Node, Value, Verdicts, demand, forbid, is_true, number_of
from .docker_hygiene import open_secret

_TIGHTEST_READABLE_MODE = 0o440
_PROGRAMS = (".py", ".rb", ".js", ".go", ".pl", ".lua")
_PSA = "pod-security.kubernetes.io"
_FORBIDDEN_NAMESPACES = re.compile(r"^(?:default|kube-.*)$")
_CLUSTER_KINDS = frozenset(
    {
        *("Namespace", "PersistentVolume", "StorageClass", "ClusterRole", "ClusterRoleBinding", "PriorityClass"),
        *(
            "CustomResourceDefinition",
            "IngressClass",
            "GatewayClass",
            "RuntimeClass",
            "CSIDriver",
            "Node",
            "APIService",
        ),
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "VolumeAttachment", "VolumeSnapshotClass"),
        *(
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ClusterIssuer",
            "PriorityLevelConfiguration",
        ),
    }
)
_NO_OBJECTS = ("kubernetes:helm.sh", "kubernetes:yaml", "kubernetes:kustomize")
_PSA_LEVELS = {"strict": ("restricted",), "compat": ("restricted", "baseline")}


@rule(
    *("K30", "k8s-no-open-secrets", "no secret in environment or command", MANDATORY, CRITICAL),
    reason="everybody who may read the workload reads it, and so does every backup of the cluster",
    fix="a Secret, mounted as a file",
    source="CIS Kubernetes 5.4.1; NIST SP 800-190 4.1.4",
    types=WORKLOADS,
)
def noopen_secrets(workload: Resource) -> Verdicts:
    for container in containers(workload):
        for variable in container.at("env").each():
            name = variable.at("name").text
            yield from forbid(variable.at("value"), lambda value: open_secret(name, value), name)
        for words in commands(container):
            yield from command_secrets(words)


def commands(container: Node) -> list[list[Node]]:
    """The command lines of a container: what it runs, its probes and its hooks."""
    places = [container.at(probe, "exec", "command") for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
    places += [container.at("lifecycle", hook, "exec", "command") for hook in ("postStart", "preStop")]
    own = [*container.at("command").each(), *container.at("args").each()]
    return [own, *(list(place.each()) for place in places)]


@rule(
    *("K64", "k8s-no-secret-in-metadata", "no secret in labels and annotations", MANDATORY, CRITICAL),
    reason="whoever may list objects reads them, and controllers copy them into logs and metrics",
    fix="a Secret, and its name in the annotation",
    source="CIS Kubernetes 5.4.1",
)
def no_secret_in_metadata(resource: Resource) -> Verdicts:
    if not resource.type.startswith("kubernetes:"):
        return
    places = [resource.at("metadata"), resource.at("spec", "template", "metadata")]
    places.append(resource.at("spec", "jobTemplate", "spec", "template", "metadata"))
    for place in places:
        for kind in ("annotations", "labels"):
            for name, node in place.at(kind).entries():
                yield from forbid(node, lambda value: _open_in_metadata(name, str(value or "")))


def _open_in_metadata(name: str, text: str) -> bool:
    """Names such as `auth-secret` tell which Secret to take; those of a password or a token tell what they hold."""
    if name.endswith("last-applied-configuration"):
        return '"kind":"Secret"' in text.replace(" ", "")
    own = name.rpartition("/")[2]
    told = secret_name(own) and not own.lower().rstrip("s").endswith(("secret", "auth", "name", "ref", "credential"))
    return (told and not reference(text)) or (secret_text(text) and not fingerprint(name, text))


@rule(
    *("K31", "k8s-secrets-as-files", "secrets as files, not in the environment", ADVISORY, LOW),
    reason="the environment is inherited by every child and printed by every crash report",
    fix="a volume from the Secret, and the path in `…_FILE`",
    source="CIS Kubernetes 5.4.1; CKV_K8S_35",
    types=WORKLOADS,
)
def secrets_as_files(workload: Resource) -> Verdicts:
    for container in containers(workload):
        for variable in container.at("env").each():
            yield from forbid(variable.at("valueFrom", "secretKeyRef"), lambda value: value is not None)
        for source in container.at("envFrom").each():
            yield from forbid(source.at("secretRef"), lambda value: value is not None)


@rule(
    *("K32", "k8s-no-secret-in-config-map", "no secret in a ConfigMap", MANDATORY, CRITICAL),
    reason="ConfigMaps are neither encrypted nor guarded like Secrets",
    fix="a Secret",
    source="NSA C-0012; KSV-0109",
    types=CONFIG_MAP,
)
def no_secret_in_config_map(config: Resource) -> Verdicts:
    for name, node in config.at("data").entries():
        yield from forbid(node, lambda value: _open_entry(name, str(value)))
    for name, node in config.at("binaryData").entries():
        yield from forbid(node, lambda value: _open_entry(name, _decoded(value)))


def _open_entry(name: str, text: str) -> bool:
    if holds_secret(text):
        return True
    if name.endswith(_PROGRAMS):  # in a program `password = …` is code
        return False
    is_file = "\n" in text or "." in name
    if connection_password(text):
        return True
    return secret_assignment(text) if is_file else open_secret(name, text)


def _decoded(value: Value) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""


@rule(
    *("K33", "k8s-secret-shape", "Secrets say what they hold", ADVISORY, LOW),
    reason="the API server checks typed Secrets, so that half a key pair is refused at once",
    fix="`type: kubernetes.io/tls` for a key pair, `kubernetes.io/dockerconfigjson` for registry logins",
    source="CIS Kubernetes 5.4",
    types=SECRET,
)
def secret_shape(secret: Resource) -> Verdicts:
    if is_patch(secret):
        return
    names = {name for place in ("data", "stringData") for name, _ in secret.at(place).entries()}
    kind = secret.at("type")
    if names == {"tls.crt", "tls.key"}:
        yield from demand(kind, lambda value: value == "kubernetes.io/tls")
    if names & {".dockerconfigjson", ".dockercfg"}:
        yield from demand(kind, lambda value: value in ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"))


@rule(
    *("K34", "k8s-secret-mode", "secrets mounted for their readers only", MANDATORY, MEDIUM),
    reason="Kubernetes makes files of Secrets readable by everybody in the pod unless told otherwise",
    fix="`defaultMode: 0o440` (decimal 288) or tighter, `readOnly: true` on the mount",
    source="OWASP Kubernetes cheat sheet",
    types=WORKLOADS,
)
def secret_mode(workload: Resource) -> Verdicts:
    names = set()
    for volume in pod_spec(workload).at("volumes").each():
        secret, projected = volume.at("secret"), volume.at("projected")
        sources = [each.at("secret") for each in projected.at("sources").each() if not each.at("secret").missing]
        if secret.missing and (projected.missing or not sources):
            continue
        names.add(volume.at("name").text)
        holder = projected if secret.missing else secret
        listed = [secret.at("items")] if projected.missing else [each.at("items") for each in sources]
        if not all(_modes_given(items) for items in listed):
            yield from demand(holder.at("defaultMode"), _tight)
        for items in listed:
            for item in items.each():
                if not item.at("mode").missing:
                    yield from demand(item.at("mode"), _tight)
    for container in containers(workload):
        for mount in container.at("volumeMounts").each():
            if mount.at("name").text in names:
                yield from demand(mount.at("readOnly"), is_true)


def _modes_given(items: Node) -> bool:
    """Whether every item has a mode of its own, so that the default does not matter."""
    return bool(items.value) and not items.unknown and all(not each.at("mode").missing for each in items.each())


def _tight(value: Value) -> bool:
    number = number_of(value)
    return number is not None and not int(number) & ~_TIGHTEST_READABLE_MODE


@rule(
    *("K35", "k8s-namespace", "a namespace of its own", MANDATORY, MEDIUM),
    reason="in `default` everything reaches everything, and kube-system is the cluster's own",
    fix="`metadata.namespace` of a namespace made for the stack",
    source="CIS Kubernetes 5.6.4; CKV_K8S_21",
)
def namespace(resource: Resource) -> Verdicts:
    if not resource.type.startswith("kubernetes:") or resource.type.startswith(_NO_OBJECTS):
        return
    if kind_of(resource) in _CLUSTER_KINDS or kind_of(resource).startswith("Cluster"):
        return
    node = resource.at("metadata", "namespace")
    yield from demand(node, lambda value: bool(value) and not _FORBIDDEN_NAMESPACES.match(str(value)))


@rule(
    *("K36", "k8s-namespace-pod-security", "namespaces enforce pod security", MANDATORY, MEDIUM),
    reason="without the label the API server lets any pod in, whoever made it",
    fix="labels pod-security.kubernetes.io/enforce: restricted (compat: baseline), and warn and audit: restricted",
    source="CIS Kubernetes 5.2.1",
    types=NAMESPACE,
)
def namespace_pod_security(found: Resource) -> Verdicts:
    given_labels = found.at("metadata", "labels")
    levels = _PSA_LEVELS[found.settings.profile]
    yield from demand(given_labels.at(f"{_PSA}/enforce"), lambda value: value in levels)
    if not given_labels.unknown:
        for name in ("audit", "warn"):
            value = given_labels.at(f"{_PSA}/{name}")
            if not value.missing and not value.unknown and value.value != "restricted":
                yield Bad(value.path)
