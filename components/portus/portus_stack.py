"""The component: a table of contents."""

import json
from typing import Any

import pulumi

from .args import PortusStackArgs
from .assembly import assemble
from .certificates import Certificates
from .credentials import Credentials
from .images import is_stand_in
from .protection import DataProtection
from .record import TopologyRecord
from .roles import tls_servers
from .settings import settings_from_args
from .targets import deploy, require_package


class PortusStack(pulumi.ComponentResource):
    """A private, authorised container registry: Portus, MariaDB and the Docker Registry behind a TLS edge."""

    portus_url: pulumi.Output[str]
    """Where people sign in."""
    registry_url: pulumi.Output[str]
    """``host[:port]`` for ``docker login``, ``push`` and ``pull``."""
    ca_certificate_pem: pulumi.Output[str]
    """The CA that clients have to trust, PEM; empty where every system trusts it already."""
    certificates_expire_at: pulumi.Output[str]
    """When the first generated server certificate expires, RFC 3339; ``up`` within the renewal time renews it."""
    administrator_username: pulumi.Output[str]
    """The first user."""
    administrator_password: pulumi.Output[str]
    """Her password as generated; secret."""
    images: pulumi.Output[dict[str, str]]
    """Process → the digest that its image resolved to (the image's id where it came from no registry)."""
    smoke_check: pulumi.Output[dict[str, Any]]
    """What the last smoke check pushed and pulled, and when; empty when it is switched off."""
    stand_in: pulumi.Output[bool]
    """True when a test double stands in for Portus: such a stack is for tests only."""

    def __init__(self, name: str, args: PortusStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidSettings, one error that lists every invalid argument, before anything is created."""
        settings = settings_from_args(name, args)
        require_package(settings)
        super().__init__("portus:index:PortusStack", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        credentials = Credentials(settings, child)
        certificates = Certificates(settings, tls_servers(settings), child)
        topology = assemble(settings, credentials, certificates)
        TopologyRecord(settings, topology, certificates, child)
        target = deploy(settings, topology, credentials.deployment, child)
        DataProtection(settings, (credentials, certificates, target), child)

        self.portus_url = _when(target.ready, f"https://{settings.hostnames.portus_address}")
        self.registry_url = _when(target.ready, settings.hostnames.registry_address)
        self.ca_certificate_pem = certificates.public_ca_pem
        self.certificates_expire_at = certificates.expire_at
        self.administrator_username = _when(target.ready, settings.administrator.username)
        self.administrator_password = credentials.administrator_password
        self.images = pulumi.Output.all(**target.images)
        self.smoke_check = (
            target.last_result("smoke_check").apply(_report) if settings.smoke_check else pulumi.Output.from_input({})
        )
        self.stand_in = pulumi.Output.from_input(is_stand_in(settings.portus.image))
        self.register_outputs({output: getattr(self, output) for output in OUTPUTS})


OUTPUTS = tuple(PortusStack.__annotations__)
"""Names of all outputs, in the order in which they are documented."""


def _when(ready: pulumi.Output[list[str]], value: str) -> pulumi.Output[str]:
    """``value``, once everything runs."""
    return ready.apply(lambda _: value)


def _report(line: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(line) if line else {}
    return report
