"""Plans without an engine: the real roles and tasks; credentials and certificates hold words instead of secrets."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pulumi

from components.portus.assembly import assemble
from components.portus.certificates import Certificates
from components.portus.credentials import Credentials
from components.portus.roles import tls_servers
from components.portus.settings import Settings
from components.portus.targets.docker.placement import Placement
from components.portus.topology import Issued, TlsPair, Topology
from tests.unit.portus import samples
from tests.unit.portus.token_key import PORTUS_DEVELOPMENT_KEY_PEM

SPLIT: dict[str, Any] = {
    "docker": {
        "hosts": [
            {"name": "front", "address": "ssh://a.test", "private_address": "10.0.0.1", "roles": ["edge"]},
            {
                "name": "core",
                "address": "ssh://b.test",
                "private_address": "10.0.0.2",
                "roles": ["database", "portus", "background"],
            },
            {"name": "disks", "address": "ssh://c.test", "private_address": "10.0.0.3", "roles": ["registry"]},
        ]
    }
}
"""Three hosts: the edge in front, Portus with its database, the registry beside the disks."""
GENERATION_1: dict[str, Any] = {"portus": {"image": "opensuse/portus:2.2"}}
EXTERNAL_DATABASE: dict[str, Any] = {"database": samples.COMPLETE["database"]}
S3: dict[str, Any] = {"registry": {"storage": samples.COMPLETE["registry"]["storage"]}}
ONE_HOSTNAME: dict[str, Any] = {"hostnames": {"portus": "hub.example.com", "registry": "hub.example.com"}}

DEPLOYMENT = "0a1b2c3d"


def credentials(settings: Settings) -> Credentials:
    """A word for each secret."""
    words = (
        "database_password",
        "portus_password",
        "administrator_password",
        "bot_password",
        "backup_password",
        "session_key",
        "http_secret",
        "webhook_secret",
    )
    root = None if settings.database.external else pulumi.Output.secret("root_password")
    secrets = {word: pulumi.Output.secret(word) for word in words}
    deployment = pulumi.Output.from_input(DEPLOYMENT)
    return cast(Credentials, SimpleNamespace(**secrets, database_root_password=root, deployment=deployment))


def certificates(settings: Settings) -> Certificates:
    """A word for each file."""
    authority = pulumi.Output.from_input("ca.crt")
    presented: dict[str, TlsPair | Issued] = {
        role: TlsPair(pulumi.Output.from_input(f"{role}.crt"), pulumi.Output.secret(f"{role}.key"), authority, None)
        for role in tls_servers(settings)
    }
    if settings.certificates.cert_manager:
        presented["edge"] = Issued(
            "/issued", settings.hostnames.names, ("ca", "Issuer", "cert-manager.io"), 24, 8, None
        )
    found = SimpleNamespace(
        presented=presented.__getitem__,
        pair=presented.__getitem__,
        publicly_trusted=bool(settings.certificates.cert_manager),
        token_private_key_pem=pulumi.Output.secret("token.key"),
        token_public_key_pem=pulumi.Output.from_input(PORTUS_DEVELOPMENT_KEY_PEM),
        token_certificate_pem=pulumi.Output.from_input("token.crt"),
        internal_ca_pem=authority,
        public_ca_pem=authority,
        trust_pem=authority,
    )
    return cast(Certificates, found)


def topology(*more: Mapping[str, Any]) -> Topology:
    """The topology for the minimal arguments and ``more``."""
    settings = samples.settings(*more)
    return assemble(settings, credentials(settings), certificates(settings))


def placement(*more: Mapping[str, Any]) -> Placement:
    """Where that topology is placed."""
    return Placement(topology(*more), samples.settings(*more).docker)


def plain_file(topology: Topology, process: str, path: str) -> str:
    """A file whose content is no Output."""
    content = {file.path: file.content for file in topology.process(process).files}[path]
    assert isinstance(content, str)
    return content
