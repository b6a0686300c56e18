"""`collect-garbage`: the registry gives back the space of deleted images."""

from argparse import Namespace

from ..backups.parts import parts_of
from ..console import OperationError, say
from ..deployed import Deployed, deployed
from ..engine import Engine
from ..inside import Inside, inside_of
from .collector import Collector, Found
from .hold import Hold

_REGISTRY, _SMOKE_CHECK = "registry", "smoke_check"
_UNTAGGED = "--delete-untagged"
_KEEPS_INDEXES = 3
"""From this version on the collector knows that the images of an index belong to it (distribution issue 3178)."""
_MEBIBYTE = 1024 * 1024


def collect_garbage(engine: Engine, options: Namespace) -> int:
    """Hold pushes, remove what no image needs, let pushes in again, and let the smoke check judge it.

    Whatever ends it half-way, pushes go on by themselves within 70 seconds, and the next one removes the rest.

    Args:
        options: ``name`` of the PortusStack, "" for the only one; ``untagged``, whether manifests without a tag go,
            too; ``dry_run``, to tell what would be removed and change nothing.

    Raises:
        OperationError: pushes cannot be held, one goes on too long, or the collector failed.
    """
    found = deployed(engine, options.name)
    with inside_of(found) as inside:
        collector = _collector(inside)
        chosen = _options(collector, options.untagged)
        if options.dry_run:
            would = collector.look(*chosen)
            for line in would.lines:
                print(line)
            print(f"would be removed: {_told(would)}", flush=True)
            return 0
        _collect(found, inside, collector, chosen)
    if found.has(_SMOKE_CHECK):
        say("running smoke_check again")
        with parts_of(found) as parts:
            parts.run_again(_SMOKE_CHECK)
    return 0


def _collect(found: Deployed, inside: Inside, collector: Collector, options: tuple[str, ...]) -> None:
    say("holding pushes; pulls go on")
    with Hold(inside, collector, lambda: inside_of(found)) as hold:
        hold.wait_for_writes()
        before = collector.size()
        say("collecting")
        try:
            removed = collector.run(*options)
        finally:
            hold.check()
        after = collector.size()
    say("pushes go on")
    print(f"removed: {_told(removed)}; {_given_back(before, after)}", flush=True)


def _collector(inside: Inside) -> Collector:
    """In the first registry: they share what they store."""
    places = inside.of(_REGISTRY)
    if not places:
        raise OperationError("no registry runs", "see what `status` says; `up` starts it")
    return Collector(inside, places[0])


def _options(collector: Collector, untagged: bool) -> tuple[str, ...]:
    if not untagged:
        return ()
    major = collector.major()
    if major < _KEEPS_INDEXES:
        raise OperationError(
            f"registry {major} cannot remove manifests without a tag: it would take the images of a tagged"
            " multi-platform image away, as these have no tag of their own",
            "leave --untagged out, or set registry.image to Distribution 3",
        )
    return (_UNTAGGED,)


def _told(found: Found) -> str:
    untagged = f" and {found.manifests} manifests without a tag" if found.manifests else ""
    return f"{found.blobs} blobs that no image needs{untagged}; {found.kept} are kept"


def _given_back(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "how many bytes that is, the bucket tells"
    return f"{before - after} bytes given back ({(before - after) / _MEBIBYTE:.1f} of {before / _MEBIBYTE:.1f} MiB)"
