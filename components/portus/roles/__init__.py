"""One file per role: what runs, its files, environment, ports, data and limits, and which other roles it talks to.

A role's module has ``links(settings)`` and ``workload(settings, credentials, certificates)``; :data:`ROLES` holds all.
"""

from collections.abc import Mapping
from types import ModuleType

from ..args import Role
from ..certificates import Certificates, TlsServer
from ..credentials import Credentials
from ..naming import internal_name
from ..settings import Settings
from ..topology import OUTSIDE, Link, Workload
from . import background, backup, database, edge, portus, registry

ROLES: Mapping[Role, ModuleType] = {
    Role.DATABASE: database,
    Role.REGISTRY: registry,
    Role.PORTUS: portus,
    Role.BACKGROUND: background,
    Role.EDGE: edge,
    Role.BACKUP: backup,
}


def role_links(settings: Settings) -> tuple[Link, ...]:
    """The links of every role that this PortusStack has."""
    return tuple(link for role in settings.roles for link in ROLES[role].links(settings))


def workloads(settings: Settings, credentials: Credentials, certificates: Certificates) -> tuple[Workload, ...]:
    """The workload of every role that this PortusStack has."""
    return tuple(ROLES[role].workload(settings, credentials, certificates) for role in settings.roles)


def tls_servers(settings: Settings) -> dict[str, TlsServer]:
    """The roles that somebody reaches over TLS. Outsiders know theirs by the public names."""
    links = role_links(settings)
    public = {link.destination for link in links if link.source == OUTSIDE}
    return {
        role: TlsServer(
            names=settings.hostnames.names if role in public else (internal_name(settings.name, role),),
            public=role in public,
            signs_tokens=role == Role.PORTUS and portus.signs_with_its_tls_key(settings),
        )
        for role in sorted({link.destination for link in links if link.tls} - {OUTSIDE})
    }
