"""Where the time of a run went, lane by lane; the slowest tests are told by pytest itself (`--durations`)."""

from collections import Counter
from collections.abc import Iterable

_LEAST_SECONDS = 10


def of_lanes(durations: Iterable[tuple[str, float]]) -> list[str]:
    """A line for each lane that took its time, the longest first. ``durations`` are pairs of a lane and seconds."""
    sums: Counter[str] = Counter()
    for lane, seconds in durations:
        sums[lane] += seconds  # type: ignore[assignment] # Counter counts what can be added, not only whole numbers
    return [f"{seconds:7.0f} s  {lane}" for lane, seconds in sums.most_common() if seconds >= _LEAST_SECONDS]
