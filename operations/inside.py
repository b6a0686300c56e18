"""Commands inside what a PortusStack runs, where a role may run several times."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from .deployed import Deployed


class Inside(AbstractContextManager["Inside"], Protocol):
    """The containers or pods of one PortusStack. Each thread needs one of its own.

    Every method raises OperationError when the host or cluster does not answer.
    """

    def of(self, role: str) -> Sequence[str]:
        """The names of all that runs the role at this moment, in their order."""

    def run(self, name: str, command: Sequence[str]) -> tuple[int, str]:
        """Run a command in one of them; returns its exit code and its standard output."""


def inside_of(found: Deployed) -> Inside:
    """What runs on the target of the PortusStack."""
    if found.recorded.target == "kubernetes":
        from .cluster.inside import Pods  # noqa: PLC0415 - its client takes half a second to import

        return Pods(found)
    from .docker_inside import Containers  # noqa: PLC0415 - one of the two is enough

    return Containers(found)
