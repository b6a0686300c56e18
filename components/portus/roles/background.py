"""Portus' background process (generation 2): turns the registry's events into repositories and tags, and synchronises.

Without it nothing that is pushed appears in Portus (SUSE/Portus#2172): from 2.3 on the webhook only stores events.
"""

from ..certificates import Certificates
from ..contract import contract_of
from ..contract.generation2 import BACKGROUND, entrypoint
from ..credentials import Credentials
from ..images import tag_of
from ..settings import Settings
from ..topology import Link, Probe, Workload
from . import portus

_ALIVE = ("bash", "-c", "grep -qs '[b]ackground' /proc/[0-9]*/cmdline")
"""It listens on nothing: being there is all that can be seen."""
_STOP_SECONDS = 10


def links(settings: Settings) -> tuple[Link, ...]:
    """The same as the web application's."""
    return portus.common_links(settings, "background")


def workload(settings: Settings, credentials: Credentials, certificates: Certificates) -> Workload:
    """The background process: the image of Portus with one more variable, started when the database has its tables.

    It listens on nothing, so the key that the web application presents itself with is not given to it.
    """
    contract = contract_of(settings.portus.generation)
    return Workload(
        name="background",
        image=settings.portus.image,
        entrypoint=entrypoint(tag_of(settings.portus.image) or ""),
        environment={**portus.environment(settings, contract), **BACKGROUND},
        files=portus.files(settings, credentials, certificates),
        probe=Probe(_ALIVE),
        limits=portus.limits(settings.portus.background_resources),
        security=portus.security(contract),
        links=links(settings),
        after=("bootstrap",),
        exclusive=True,  # two would take the same events
        stop_seconds=_STOP_SECONDS,
    )
