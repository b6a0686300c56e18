"""`python -m benchmarks`: measure everything, print the table, write it and a plot beside this file.

Exit code 1 when a bar is missed by more than the spread."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import compose, kubectl, kubernetes_rows, rows
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
    if not compose.available():
        print("bench: docker-compose is missing; on Debian: apt-get install docker-compose", file=sys.stderr)
        return 2
    if not kubectl.available() or os.geteuid() != 0:
        print("bench: kubectl is missing, or this is not root, whom the lab's Kubernetes needs", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="portus-stack-bench-"))
    try:
        found: list[Row] = []
        for measure in (
            rows.preview_against_empty_program,
            rows.policies,
            rows.scaling,
            rows.deployed_rows,
            kubernetes_rows.first_up,
        ):
            print(f"bench: {(measure.__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
            result = measure(folder)
            found += result if isinstance(result, list) else [result]
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
