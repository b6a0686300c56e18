"""Reads the ``kubernetes`` group."""

from dataclasses import replace

from ..args import Role
from . import patterns
from .kubernetes_model import (
    CertManager,
    Expose,
    Gateway,
    Ingress,
    KubernetesSettings,
    LoadBalancer,
    NodePort,
    PodSettings,
    Toleration,
)
from .networks import read_networks
from .reader import Reader
from .registries import read_registry_auth
from .variables import variable_problem

_HTTPS_PORT = 443
_HTTP_PORT = 80
_HIGHEST_PORT = 65535
NODE_PORTS = range(30000, 32768)
"""What an API server hands out unless it is told otherwise (``--service-node-port-range``)."""
_OPERATORS = ("Equal", "Exists")
_OTHER_EFFECTS = ("NoSchedule", "PreferNoSchedule")
_EFFECTS = ("NoExecute", *_OTHER_EFFECTS)
_AFFINITIES = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_LONGEST_SECONDS = 3600
_DAY_SECONDS = 86400
_CERT_MANAGER = "cert-manager.io"
_ISSUERS = ("ClusterIssuer", "Issuer")
_NOTHING = PodSettings({}, (), {}, "", {}, {}, {})


def read_kubernetes(reader: Reader, name: str, public_port: int) -> KubernetesSettings:
    """Which way of exposing was chosen is judged later, as it matters to this target alone."""
    storage_class = reader.text("storage_class", "", *patterns.OBJECT_NAME)
    pods = _pods(reader.group("pods"), _NOTHING)
    roles = reader.group("roles")
    settings = KubernetesSettings(
        namespace=reader.text("namespace", name, *patterns.DNS_LABEL),
        create_namespace=reader.boolean("create_namespace", True),
        storage_class=storage_class,
        shared_storage_class=reader.text("shared_storage_class", storage_class, *patterns.OBJECT_NAME),
        expose=_expose(reader.group("expose"), public_port),
        pull_secrets=reader.texts("pull_secrets", (), *patterns.OBJECT_NAME),
        registry_auth=read_registry_auth(reader),
        labels=reader.words("labels", patterns.LABEL_KEY, patterns.LABEL_VALUE),
        annotations=reader.words("annotations", patterns.LABEL_KEY, patterns.PRINTABLE),
        pods=pods,
        roles={role.value: _pods(roles.group(role.value), pods) for role in Role},
        scheduling_timeout_seconds=reader.integer("scheduling_timeout_seconds", 300, 5, _LONGEST_SECONDS, "seconds"),
    )
    for each in (roles, reader):
        each.finish()
    return settings


def _pods(reader: Reader, default: PodSettings) -> PodSettings:
    """The settings of pods; what is not given is as in ``default``."""
    given: dict[str, object] = {
        "node_selector": reader.words("node_selector", patterns.LABEL_KEY, patterns.LABEL_VALUE),
        "tolerations": tuple(_toleration(each) for each in reader.groups("tolerations")),
        "affinity": _affinity(reader),
        "priority_class": reader.text("priority_class", "", *patterns.OBJECT_NAME),
        "labels": reader.words("labels", patterns.LABEL_KEY, patterns.LABEL_VALUE),
        "annotations": reader.words("annotations", patterns.LABEL_KEY, patterns.PRINTABLE),
        "environment": _environment(reader),
    }
    reader.finish()
    return replace(default, **{key: value for key, value in given.items() if value})  # type: ignore[arg-type]


def _environment(reader: Reader) -> dict[str, str]:
    found = reader.words("environment", patterns.VARIABLE, patterns.PRINTABLE)
    for name in found:
        if reason := variable_problem(name):
            reader.also("environment", reason)
    return found


def _affinity(reader: Reader) -> dict[str, object]:
    found = dict(reader.mapping("affinity"))
    for key in found:
        if key not in _AFFINITIES:
            reader.problem("affinity", f"must hold {', '.join(_AFFINITIES)} only, in Kubernetes' own spelling")
    return found


def _toleration(reader: Reader) -> Toleration:
    toleration = Toleration(
        key=reader.text("key", "", *patterns.LABEL_KEY),
        operator=reader.choice("operator", "Equal", _OPERATORS),
        value=reader.text("value", "", *patterns.LABEL_VALUE),
        effect=reader.choice("effect", "", _EFFECTS),
        seconds=reader.integer("toleration_seconds", 0, 0, _DAY_SECONDS, "seconds")
        if reader.has("toleration_seconds")
        else None,
    )
    if not toleration.key and toleration.operator != "Exists":
        reader.problem("key", "is required with operator Equal")
    if toleration.value and toleration.operator == "Exists":
        reader.problem("value", "is for operator Equal only")
    if toleration.seconds is not None and (toleration.effect in _OTHER_EFFECTS or not reader.given("effect")):
        reader.problem("toleration_seconds", "is for effect NoExecute only")
    reader.finish()
    return toleration


def _expose(reader: Reader, public_port: int) -> Expose:
    expose = Expose(
        load_balancer=_load_balancer(reader.group("load_balancer"), public_port)
        if reader.has("load_balancer")
        else None,
        node_port=_node_port(reader.group("node_port"), public_port) if reader.has("node_port") else None,
        ingress=_ingress(reader.group("ingress")) if reader.has("ingress") else None,
        gateway=_gateway(reader.group("gateway")) if reader.has("gateway") else None,
    )
    reader.finish()
    return expose


def _load_balancer(reader: Reader, public_port: int) -> LoadBalancer:
    settings = LoadBalancer(
        https_port=reader.integer("https_port", public_port, 1, _HIGHEST_PORT),
        http_port=reader.integer("http_port", _HTTP_PORT if public_port == _HTTPS_PORT else 0, 0, _HIGHEST_PORT),
        class_name=reader.text("class_name", "", *patterns.LABEL_KEY),
        source_ranges=read_networks(reader, "source_ranges"),
        annotations=reader.words("annotations", patterns.LABEL_KEY, patterns.PRINTABLE),
    )
    if settings.http_port == settings.https_port:
        reader.problem("http_port", f"must differ from https_port ({settings.https_port})")
    reader.finish()
    return settings


def _node_port(reader: Reader, public_port: int) -> NodePort:
    settings = NodePort(
        https_port=_in_range(reader, "https_port", public_port if public_port in NODE_PORTS else 0),
        http_port=_in_range(reader, "http_port", 0),
        annotations=reader.words("annotations", patterns.LABEL_KEY, patterns.PRINTABLE),
    )
    if settings.http_port and settings.http_port == settings.https_port:
        reader.problem("http_port", f"must differ from https_port ({settings.https_port})")
    reader.finish()
    return settings


def _in_range(reader: Reader, key: str, default: int) -> int:
    port = reader.integer(key, default, 0, NODE_PORTS[-1])
    if port and port not in NODE_PORTS:
        reader.problem(key, f"must be a whole number from {NODE_PORTS[0]} to {NODE_PORTS[-1]}, or 0, not {port}")
    return port


def _ingress(reader: Reader) -> Ingress:
    settings = Ingress(
        class_name=reader.text("class_name", "", *patterns.OBJECT_NAME),
        annotations=reader.words("annotations", patterns.LABEL_KEY, patterns.PRINTABLE),
    )
    reader.finish()
    return settings


def _gateway(reader: Reader) -> Gateway:
    settings = Gateway(
        name=reader.text("name", None, *patterns.OBJECT_NAME),
        namespace=reader.text("namespace", "", *patterns.DNS_LABEL),
        section_name=reader.text("section_name", "", *patterns.OBJECT_NAME),
        passthrough=reader.boolean("passthrough", True),
    )
    reader.finish()
    return settings


def read_cert_manager(reader: Reader) -> CertManager:
    """Reads ``certificates.cert_manager``."""
    issuer = reader.group("issuer")
    settings = CertManager(
        name=issuer.text("name", None, *patterns.OBJECT_NAME),
        kind=issuer.text("kind", _ISSUERS[0], *patterns.KIND),
        group=issuer.text("group", _CERT_MANAGER, *patterns.OBJECT_NAME),
        ca_certificate_pem=reader.public("ca_certificate_pem", *patterns.PEM_CERTIFICATE)
        if reader.given("ca_certificate_pem")
        else None,
    )
    if settings.group == _CERT_MANAGER and settings.kind not in _ISSUERS:
        issuer.problem("kind", f"must be one of {', '.join(_ISSUERS)} in group {_CERT_MANAGER}, not {settings.kind}")
    issuer.finish()
    reader.finish()
    return settings
