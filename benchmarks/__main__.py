"""`python -m benchmarks`: measure everything, print the table, write it and a plot beside this file.

Exit code 1 when a bar is missed by more than the spread."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import kubectl, kubernetes_rows, rows
from benchmarks.measure import Row, table
from benchmarks.plot import plot

MEASURES: tuple[Callable[[Path], Row | list[Row]], ...] = (
    rows.preview_against_empty_program,
    rows.policies,
    rows.scaling,
    rows.deployed_rows,
    kubernetes_rows.first_up,
)


def main() -> int:
    """Measure; returns the exit code."""
    if not kubectl.available() or os.geteuid() != 0:
        print("bench: kubectl is missing, or this is not root, whom the lab's Kubernetes needs", file=sys.stderr)
        return 2
    # Some images set it; a program that is compiled at every start is not what people run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder = Path(tempfile.mkdtemp(prefix="portus-stack-bench-"))
    try:
        found: list[Row] = []
        for measure in MEASURES:
            print(f"bench: {(measure.__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
            result = measure(folder)
            measured = result if isinstance(result, list) else [result]
            for row in measured:
                print(f"bench: {' | '.join(row.cells())}", file=sys.stderr, flush=True)
            found += measured
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = f"{table(found)}\n\n{rows.machine()}. Repeat with `make bench`.\n"
    print(text)
    picture = "![Figures against their bars](results.svg)"
    (Path(__file__).parent / "results.md").write_text(f"# Figures\n\n{text}\n{picture}\n")
    (Path(__file__).parent / "results.svg").write_text(plot(found), encoding="utf-8")
    return 1 if any(row.missed for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
