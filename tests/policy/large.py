"""A large state, and what its check takes; for the tests and for the benchmarks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.policy.graphs import Graph, state_of
from tests.policy.pack import PACK

_MEASURED = (
    *(sys.executable, "-c"),
    "import pathlib, resource, sys; from portus_policies.check import main; main(['check', *sys.argv[1:]]); "
    "used = resource.getrusage(resource.RUSAGE_SELF); "
    "status = pathlib.Path('/proc/self/status').read_text(); "
    "print(int(status.split('VmHWM:')[1].split()[0]) / 1024, used.ru_utime + used.ru_stime, file=sys.stderr)",
)
"""Judges a file, then tells its peak of memory (MiB) and processor time (s), which busy neighbours do not change.

The peak is VmHWM, which begins with the program; `ru_maxrss` begins with the peak of the process that started it.
"""


def large_state(graph: Graph, count: int) -> Any:
    """The graph's state, repeated until it has about so many resources."""
    whole = state_of(graph)
    resources = whole["deployment"]["resources"]
    copies = [
        {**each, "urn": f"{each['urn']}-{number}"} for number in range(count // len(resources)) for each in resources
    ]
    return {"version": 3, "deployment": {"resources": [*resources, *copies]}}


def measured(file: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Check a file; its stderr is the peak of memory (MiB) and the processor time (s)."""
    command = [*_MEASURED, str(file), *arguments]
    return subprocess.run(command, cwd=PACK, capture_output=True, text=True, check=False)
