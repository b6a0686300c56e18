"""`python -m benchmarks.processes`: where a preview's processor time goes, process by process; Linux only."""

import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.rows import previews

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.02
_PROGRAM_HOST = "pulumi-language-python-exec"


def processor_seconds(action: Callable[[], object]) -> dict[str, float]:
    """Part → seconds of processor time that the processes which ``action`` starts take, theirs included.

    A process is read every 20 ms, so its last 20 ms may be missing.
    """
    used: dict[int, tuple[str, float]] = {}
    ended = threading.Event()
    others = dict(_descendants())

    def watch() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            used.update((pid, found) for pid, found in _descendants() if pid not in others)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        action()
    finally:
        ended.set()
        watcher.join()
    totals: Counter[str] = Counter()
    for part, seconds in used.values():
        totals[part] += seconds  # type: ignore[assignment] # Counter adds floats as well
    return dict(totals)


def _descendants() -> Iterator[tuple[int, tuple[str, float]]]:
    """Process id → (part, seconds so far) of what this process started, and what those started."""
    parents: dict[int, int] = {}
    found: dict[int, tuple[str, float]] = {}
    for folder in Path("/proc").iterdir():
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split() if folder.name.isdigit() else []
            command = (folder / "cmdline").read_text().split("\0") if status else [""]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended
        if command[0]:  # one that ended and was not waited for has none
            pid = int(folder.name)
            parents[pid] = int(status[1])
            found[pid] = part_of(command), (int(status[11]) + int(status[12])) / _TICKS_PER_SECOND
    ours = os.getpid()
    for pid, each in found.items():
        ancestor = parents[pid]
        while ancestor not in (0, ours):
            ancestor = parents.get(ancestor, 0)
        if ancestor == ours:
            yield pid, each


def part_of(command: list[str]) -> str:
    """What a command line is: engine, program, policy pack, language host, a provider plugin."""
    line = " ".join(command)
    for plugin in ("docker", "kubernetes", "random", "tls"):
        if f"pulumi-resource-{plugin}" in line:
            return f"plugin {plugin}"
    if Path(command[0]).name == "pulumi":
        return "engine"
    if "pulumi.policy" in command:
        return "policy pack"
    return "program" if _PROGRAM_HOST in line and "--dry_run" in command else "language host"


def main() -> None:
    """Print a table: one PortusStack beside an empty program."""
    with tempfile.TemporaryDirectory(prefix="portus-stack-bench-") as folder, previews(Path(folder)) as (one, empty):
        shown = [processor_seconds(action) for action in (empty, one)]
    print(f"{'processor seconds':20} {'empty':>6} {'one':>6}")
    for part in sorted(shown[1], key=lambda each: -shown[1][each]):
        print(f"{part:20} {shown[0].get(part, 0):6.2f} {shown[1][part]:6.2f}")


if __name__ == "__main__":
    main()
