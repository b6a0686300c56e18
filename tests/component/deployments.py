"""Interesting arguments, and the real component recorded with them."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pulumi_tls as tls

from components.portus import PortusStack, PortusStackArgs
from tests.component.recorder import MARK, Recording, record
from tests.unit.portus import kubernetes_samples, samples, topologies

NAME = "hub"
SECRET_OPTIONS = {"email.smtp.password": f"{MARK}-smtp", "oauth.github.client_secret": f"{MARK}-github"}

BACKUP_BUCKET = {
    **samples.COMPLETE["backup"]["repository"]["s3"],
    "access_key": f"{MARK}-access-key",
    "secret_key": f"{MARK}-secret-key",
}

VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "generation 1": topologies.GENERATION_1,
    "external database": topologies.EXTERNAL_DATABASE,
    "bucket": topologies.S3,
    "registry 3": {"registry": {"image": "registry:3.1.1"}},
    "one host name": topologies.ONE_HOSTNAME,
    "three hosts": topologies.SPLIT,
    "provided certificate": {"certificates": {"provided": samples.COMPLETE["certificates"]["provided"]}},
    "secret options": {"portus": {"settings": SECRET_OPTIONS}},
    "secret options, generation 1": {
        "portus": {"image": "opensuse/portus:2.2", "settings": {"email.smtp.password": f"{MARK}-smtp"}}
    },
    "unprotected": {"data": {"protect": False}},
    "retained": {"data": {"protect": False, "retain": True}},
    "no smoke check": {"smoke_check": False},
    "backups": {"backup": {}},
    "backups in a bucket": {"backup": {"repository": {"s3": BACKUP_BUCKET}}},
    "rotated": {
        "rotation": dict.fromkeys(("certificates", "token_key", "session_key", "http_secret", "webhook_secret"), "2")
    },
    "address pool": {"docker": {"address_pool": "10.213.0.0/20"}},
    "every argument": samples.COMPLETE,
}


KUBERNETES_VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "generation 1": topologies.GENERATION_1,
    "external database": topologies.EXTERNAL_DATABASE,
    "bucket": topologies.S3,
    "registry 3": {"registry": {"image": "registry:3.1.1"}},
    "one host name": topologies.ONE_HOSTNAME,
    "secret options": {"portus": {"settings": SECRET_OPTIONS}},
    "unprotected": {"data": {"protect": False}},
    "retained": {"data": {"protect": False, "retain": True}},
    "no smoke check": {"smoke_check": False},
    "backups": {"backup": {}},
    "backups in a bucket": {"backup": {"repository": {"s3": BACKUP_BUCKET}}},
    "load balancer": kubernetes_samples.target("load_balancer"),
    "ingress": kubernetes_samples.target("ingress"),
    "gateway": {"kubernetes": {"expose": {"gateway": {"name": "front"}}}},
    "gateway that ends TLS": {"kubernetes": {"expose": {"gateway": {"name": "front", "passthrough": False}}}},
    "replicas": {
        "portus": {"replicas": 3},
        "edge": {"replicas": 2},
        "registry": {"replicas": 2, "storage": {"filesystem": {"shared": True}}},
    },
    "cert-manager": {"certificates": {"cert_manager": {"issuer": {"name": "public"}}}},
    "cert-manager, ingress": {
        **kubernetes_samples.target("ingress"),
        "certificates": {"cert_manager": kubernetes_samples.CERT_MANAGER},
    },
    "cert-manager, gateway that ends TLS": {
        "kubernetes": {"expose": {"gateway": {"name": "front", "passthrough": False}}},
        "certificates": {"cert_manager": {"issuer": {"name": "public"}}},
    },
    "somebody's namespace": {"kubernetes": {"namespace": "theirs", "create_namespace": False}},
    **{f"every argument, {way}": kubernetes_samples.complete(way) for way in kubernetes_samples.WAYS},
}


def kubernetes_args(variant: str) -> dict[str, Any]:
    """What a variant adds to the minimal arguments, the target among it."""
    more = KUBERNETES_VARIANTS[variant]
    exposed = "expose" in more.get("kubernetes", {})
    return samples.merged({"target": "kubernetes"} if exposed else kubernetes_samples.target(), more)


def providers() -> list[pulumi.ProviderResource]:
    """What a program without default providers hands to its components."""
    return [
        docker.Provider("docker", host="unix:///var/run/docker.sock"),
        kubernetes.Provider("kubernetes", kubeconfig="{}"),
        random.Provider("random"),
        tls.Provider("tls"),
    ]


def deploy(
    *more: Mapping[str, Any], name: str = NAME, preview: bool = False, opts: pulumi.ResourceOptions | None = None
) -> Recording:
    """One PortusStack with the minimal arguments and ``more``."""
    args: dict[str, Any] = samples.MINIMAL
    for one in more:
        args = samples.merged(args, one)

    def program() -> None:
        options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(providers=providers()), opts)
        PortusStack(name, cast(PortusStackArgs, args), options)

    return record(program, preview=preview)
