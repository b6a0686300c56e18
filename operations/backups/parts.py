"""Stops and starts what a PortusStack runs, and runs its tasks again."""

from contextlib import AbstractContextManager
from typing import Protocol

from ..deployed import Deployed


class Parts(AbstractContextManager["Parts"], Protocol):
    """The processes of one PortusStack on their target. Every method raises OperationError for what is refused."""

    def has(self, process: str) -> bool:
        """Whether the PortusStack has it."""

    def stop(self, process: str) -> None:
        """End it, and wait until it has ended. One that does not run stays so."""

    def start(self, process: str) -> None:
        """Start it, as often as the stack file says. One that runs stays so."""

    def run_again(self, task: str) -> None:
        """Run a task and wait until it succeeds; raises OperationError with what it says when it does not."""


def parts_of(found: Deployed) -> Parts:
    """Those of a PortusStack."""
    if found.recorded.target == "kubernetes":
        from .kubernetes_parts import KubernetesParts  # noqa: PLC0415 - its client takes half a second to import

        return KubernetesParts(found)
    from .docker_parts import DockerParts  # noqa: PLC0415 - one of the two is enough

    return DockerParts(found)
