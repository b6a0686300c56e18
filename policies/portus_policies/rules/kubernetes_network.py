"""Kubernetes: who reaches whom, what is exposed, what the stack may do in the cluster, and whether data survives."""

from __future__ import annotations

import re

from ..addresses import are_everywhere
from ..kubernetes import (
    CLAIM,
    INGRESS,
    SERVICE,
    VOLUME,
    is_patch,
    kind_of,
    name_of,
    tokens,
)
from ..resource import Resource
from ..roles import DATABASE, EDGE, PORTUS, REGISTRY, role_of, selected_role
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, rule
from ..values import Bad, Node, Unseen, Verdicts, demand, forbid, given, is_true, number_of, written

_PUBLIC_ROLES = (EDGE, PORTUS, REGISTRY)
_SNIPPETS = re.compile(r"nginx\.(?:ingress\.kubernetes|org)\S*(?:snippet|lua)|/lua-|alias", re.IGNORECASE)
_RBAC = tokens(
    *(f"rbac.authorization.k8s.io/v1:{kind}" for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"))
)
_WEBHOOKS = tokens(
    *(
        f"admissionregistration.k8s.io/{version}:{kind}WebhookConfiguration"
        for version in ("v1", "v1beta1")
        for kind in ("Validating", "Mutating")
    )
)
_API_SERVICE = tokens(*(f"apiregistration.k8s.io/{version}:APIService" for version in ("v1", "v1beta1")))
_SENSITIVE = frozenset({"*", "secrets", "pods", "configmaps", "serviceaccounts", "namespaces"})
_EVERYBODY = (
    "system:masters",
    "system:anonymous",
    "system:unauthenticated",
    "system:authenticated",
    "system:serviceaccounts",
)
_DANGEROUS_VERBS = frozenset({"*", "escalate", "bind", "impersonate"})
_DANGEROUS_RESOURCES = frozenset({"*", "secrets", "pods/exec", "pods/attach", "nodes/proxy", "serviceaccounts/token"})


@rule(
    *("K54", "k8s-service-type", "only TLS is exposed", MANDATORY, HIGH),
    reason="a NodePort or LoadBalancer opens a port on every node or to the internet",
    fix="`type: ClusterIP`; LoadBalancer for the edge's ports in `public_tls_ports`",
    source="kube-score service-type",
    types=SERVICE,
)
def service_type(service: Resource) -> Verdicts:
    kind = service.at("spec", "type")
    if kind.unknown:
        yield Unseen(kind.path)
    if kind.text not in ("NodePort", "LoadBalancer"):
        return
    role = selected_role(Node({"matchLabels": service.at("spec", "selector").value}))
    ports = service.settings.public_tls_ports + (service.settings.redirect_ports if role == EDGE else ())
    if role and role not in _PUBLIC_ROLES:
        yield Bad(kind.path, f"{role} is not for the outside")
        return
    for port in service.at("spec", "ports").each():
        yield from demand(port.at("port"), lambda value: number_of(value) in ports)


@rule(
    *("K55", "k8s-no-external-ips", "Services take no foreign addresses", MANDATORY, HIGH),
    reason="with externalIPs a Service takes over traffic of others (CVE-2020-8554)",
    fix="leave `externalIPs` out, and do not use `ExternalName`",
    source="CVE-2020-8554; KSV-0108",
    types=SERVICE,
)
def no_external_ips(service: Resource) -> Verdicts:
    yield from forbid(service.at("spec", "externalIPs"), given)
    yield from forbid(service.at("spec", "type"), lambda value: value == "ExternalName")


@rule(
    *("K56", "k8s-load-balancer-ranges", "load balancers know their clients", ADVISORY, LOW),
    reason="a registry for one company need not be reachable from the whole internet",
    fix="`loadBalancerSourceRanges` (unless `public_cidr` in the settings), `externalTrafficPolicy: Local`",
    source="good practice",
    types=SERVICE,
)
def load_balancer_ranges(service: Resource) -> Verdicts:
    if service.at("spec", "type").text != "LoadBalancer":
        return
    ranges = service.at("spec", "loadBalancerSourceRanges")
    if not service.settings.public_cidr:
        yield from demand(ranges, given)
        if are_everywhere(each.text for each in ranges.each()):
            yield Bad(ranges.path, "everywhere, all ranges taken together")
    yield from demand(service.at("spec", "externalTrafficPolicy"), lambda value: value == "Local")


@rule(
    *("K57", "k8s-ingress-tls", "TLS on every host", MANDATORY, HIGH),
    reason="passwords and tokens cross the network in plain text",
    fix="`tls: [{hosts, secretName}]` for each host, no wildcard hosts; Gateway listeners with protocol HTTPS",
    source="Kyverno require-ingress-https",
    types=(*INGRESS, *tokens("gateway.networking.k8s.io/v1:Gateway", "gateway.networking.k8s.io/v1beta1:Gateway")),
)
def ingress_tls(resource: Resource) -> Verdicts:
    if kind_of(resource) == "Gateway":
        for listener in resource.at("spec", "listeners").each():
            redirect = listener.at("port").number in resource.settings.redirect_ports
            yield from demand(
                listener.at("protocol"),
                lambda value: value in ("HTTPS", "TLS") or (redirect and value == "HTTP"),
            )
        return
    secured = {
        host.text
        for each in resource.at("spec", "tls").each()
        for host in each.at("hosts").each()
        if each.at("secretName").value
    }
    unseen = resource.at("spec", "tls").unknown
    for entry in resource.at("spec", "rules").each():
        host = entry.at("host")
        if unseen or host.unknown:
            yield Unseen(host.path)
        elif not host.text or "*" in host.text or host.text not in secured:
            yield Bad(host.path)


@rule(
    *("K58", "k8s-ingress-no-snippets", "no configuration smuggled into the proxy", MANDATORY, HIGH),
    reason="a snippet is code in the proxy that holds every stack's keys (CVE-2021-25742)",
    fix="the controller's typed annotations",
    source="CVE-2021-25742; CKV_K8S_152-154",
    types=INGRESS,
)
def ingress_no_snippets(ingress: Resource) -> Verdicts:
    for name, node in ingress.at("metadata", "annotations").entries():
        if name != "*" and _SNIPPETS.search(name):
            yield Bad(node.path)


@rule(
    *("K59", "k8s-ingress-body-size", "layers fit through the proxy", ADVISORY, LOW),
    reason="controllers refuse bodies above 1 MB, so every push fails",
    fix='annotation nginx.ingress.kubernetes.io/proxy-body-size: "0"',
    source="distribution recipes",
    types=INGRESS,
)
def ingress_body_size(ingress: Resource) -> Verdicts:
    if role_of(ingress) in _PUBLIC_ROLES or ingress.inside_component:
        sizes = [
            node for name, node in ingress.at("metadata", "annotations").entries() if name.endswith("proxy-body-size")
        ]
        if not sizes and not ingress.at("metadata", "annotations").unknown:
            yield Bad("metadata.annotations")
        for each in sizes:
            yield from demand(each, lambda value: str(value) == "0")


@rule(
    *("K60", "k8s-no-rbac", "no rights in the cluster beyond need", MANDATORY, CRITICAL),
    reason="rights to read secrets or to start pods are rights over the whole namespace, often over the cluster",
    fix="no roles in a PortusStack; elsewhere named resources and verbs, no wildcards, no cluster-admin",
    source="CIS Kubernetes 5.1.1-5.1.13",
    types=_RBAC,
)
def no_rbac(resource: Resource) -> Verdicts:
    if resource.inside_component:
        yield Bad("", "a PortusStack needs no rights in the cluster")
    for entry in resource.at("rules").each():
        groups = {each.text for each in entry.at("apiGroups").each()}
        reading = {each.text for each in entry.at("verbs").each()} & {"get", "list", "watch", "*", "create"}
        for verb in entry.at("verbs").each():
            yield from forbid(verb, lambda value: value in _DANGEROUS_VERBS)
        for each in entry.at("resources").each():
            named = written(entry.at("resourceNames"))
            core = bool(groups & {"", "*"})
            yield from forbid(
                each,
                lambda value: value == "*" or (core and reading and not named and value in _DANGEROUS_RESOURCES),
            )
    yield from forbid(resource.at("roleRef", "name"), lambda value: value == "cluster-admin")
    for subject in resource.at("subjects").each():
        yield from forbid(subject.at("name"), lambda value: value in _EVERYBODY)


@rule(
    *("K65", "k8s-no-interception", "nothing between the API server and what it is asked for", MANDATORY, CRITICAL),
    reason="a webhook is sent what it asks for, Secrets too, and changes it; an APIService answers in the API's place",
    fix="none in a PortusStack; elsewhere the groups of its own, by a Service of the cluster",
    source="Kubernetes threat model; Microsoft threat matrix, malicious admission controller",
    types=(*_WEBHOOKS, *_API_SERVICE),
)
def no_interception(resource: Resource) -> Verdicts:
    if resource.inside_component:
        yield Bad("", "a PortusStack needs none")
        return
    for hook in resource.at("webhooks").each():
        yield from forbid(hook.at("clientConfig", "url"), given, "it is sent out of the cluster's sight")
        yield from forbid(hook.at("rules"), lambda value: not value, "everything")
        for each in hook.at("rules").each():
            groups = {group.text for group in each.at("apiGroups").each()}
            for name in each.at("resources").each():
                core = bool(groups & {"", "*"})
                yield from forbid(name, lambda value: core and str(value).partition("/")[0] in _SENSITIVE)
    yield from forbid(resource.at("spec", "insecureSkipTLSVerify"), is_true)


@rule(
    *("K61", "k8s-data-retained", "data survives its owner", MANDATORY, HIGH),
    reason="a claim that goes with its workload takes every layer or user with it",
    fix="`protect: true`; StatefulSet `persistentVolumeClaimRetentionPolicy: Retain/Retain`; volumes `Retain`",
    source="NIST SP 800-190 4.4",
    types=(*CLAIM, *VOLUME, *tokens("apps/v1:StatefulSet")),
)
def data_retained(resource: Resource) -> Verdicts:
    if resource.settings.ephemeral or is_patch(resource):
        return
    kind = kind_of(resource)
    if kind == "PersistentVolume":
        yield from demand(resource.at("spec", "persistentVolumeReclaimPolicy"), lambda value: value in (None, "Retain"))
    elif kind == "PersistentVolumeClaim":
        if not resource.options.protect and (resource.inside_component or role_of(resource)):
            yield Bad("protect")
    elif written(resource.at("spec", "volumeClaimTemplates")):
        retention = resource.at("spec", "persistentVolumeClaimRetentionPolicy")
        for name in ("whenDeleted", "whenScaled"):
            yield from demand(retention.at(name), lambda value: value in (None, "Retain"))
        if not resource.options.protect and (resource.inside_component or role_of(resource)):
            yield Bad("protect")


@rule(
    *("K62", "k8s-claim", "claims say what they need", MANDATORY, LOW),
    reason="without a size nothing can be provisioned; two writers destroy a database",
    fix="`resources.requests.storage`; for the database ReadWriteOnce or ReadWriteOncePod",
    source="NSA C-0264",
    types=(*CLAIM, *tokens("apps/v1:StatefulSet")),
)
def claim(resource: Resource) -> Verdicts:
    if is_patch(resource):
        return
    if kind_of(resource) == "PersistentVolumeClaim":
        specs = [resource.at("spec")]
    else:
        specs = [each.at("spec") for each in resource.at("spec", "volumeClaimTemplates").each()]
    for spec in specs:
        yield from demand(spec.at("resources", "requests", "storage"), given)
        if role_of(resource) == DATABASE or DATABASE in name_of(resource):
            for mode in spec.at("accessModes").each():
                yield from demand(mode, lambda value: value in ("ReadWriteOnce", "ReadWriteOncePod"))


@rule(
    *("K63", "k8s-provider", "the cluster is verified", MANDATORY, HIGH),
    reason="without verification anybody on the way is the cluster; rendered manifests hold Secrets in plain text",
    fix="`certificate-authority-data` in the kubeconfig; no `renderYamlToDirectory` below the program",
    source="provider documentation",
    types=("pulumi:providers:kubernetes",),
)
def provider(resource: Resource) -> Verdicts:
    pattern = re.compile(r"insecure-skip-tls-verify[\"']?\s*:\s*[\"']?true", re.IGNORECASE)
    yield from forbid(resource.at("kubeconfig"), lambda value: pattern.search(str(value or "")))
    yield from forbid(
        resource.at("renderYamlToDirectory"), lambda value: value is not None and not str(value).startswith("/")
    )
