"""Repeating, timing, and the table."""

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure: what it is, its repetitions, the bar, and whether the bar is an upper or a lower bound."""

    name: str
    values: tuple[float, ...]
    bar: float
    unit: str = "\N{MULTIPLICATION SIGN}"
    at_least: bool = False

    @property
    def median(self) -> float:
        """The median of the repetitions."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Between the least and the largest of the repetitions."""
        return max(self.values) - min(self.values)

    @property
    def met(self) -> bool:
        """Whether the median meets the bar."""
        return self.median >= self.bar if self.at_least else self.median <= self.bar

    @property
    def missed(self) -> bool:
        """Whether the median misses the bar by more than the spread: by less is within what the machine varies."""
        miss = self.bar - self.median if self.at_least else self.median - self.bar
        return miss > self.spread

    def cells(self) -> tuple[str, ...]:
        """Name, median, spread, bar, verdict."""
        sign = "≥" if self.at_least else "≤"
        spread = f"{min(self.values):.2f} to {max(self.values):.2f}"
        return (
            self.name,
            f"{self.median:.2f} {self.unit}",
            spread,
            f"{sign} {self.bar:g} {self.unit}",
            "yes" if self.met else "NO" if self.missed else "within the spread",
        )


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` takes."""
    start = time.monotonic()
    action()
    return time.monotonic() - start


def pairs(first: Callable[[], object], second: Callable[[], object], repetitions: int) -> tuple[float, ...]:
    """Ratios first / second, the two taken in turn so that a drift of the machine's speed hits both."""
    return tuple(seconds(first) / seconds(second) for _ in range(repetitions))


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    header = ("figure", "median", "spread", "bar", "met")
    lines = [header, tuple("---" for _ in header), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def run(*command: str) -> str:
    """Run a command; raises with its output when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout
