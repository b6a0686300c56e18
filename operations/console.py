"""How commands speak: progress and errors on stderr, so that stdout stays for results."""

import sys


class OperationError(Exception):
    """Something went wrong that the operator can act on.

    Attributes:
        next_step: what to do about it, a sentence; shown on a line of its own.
    """

    def __init__(self, problem: str, next_step: str = "") -> None:
        super().__init__(problem)
        self.next_step = next_step

    def __str__(self) -> str:
        return super().__str__() + (f"\n  Next: {self.next_step}" if self.next_step else "")


def say(text: str) -> None:
    """One line of progress, with a mark that tells it from the engine's own lines."""
    print(f"portus-stack: {text}", file=sys.stderr, flush=True)
