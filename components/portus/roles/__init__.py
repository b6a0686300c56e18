"""One file per role: what runs, its files, environment, ports, data and limits, and which other roles it talks to."""

from ..naming import internal_name
from ..plan import OUTSIDE, Link
from ..settings import Settings
from . import background, database, edge, portus, registry


def role_links(settings: Settings) -> tuple[Link, ...]:
    """The links of every role that this PortusStack has."""
    modules = {"database": database, "registry": registry, "portus": portus, "background": background, "edge": edge}
    return tuple(link for role in settings.roles for link in modules[role.value].links(settings))


def tls_servers(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The roles that somebody reaches over TLS, with the names that their certificates carry."""
    servers = {link.destination for link in role_links(settings) if link.tls and link.destination != OUTSIDE}
    public = {"edge": settings.hostnames.names}
    return {role: public.get(role) or (internal_name(settings.name, role),) for role in sorted(servers)}
