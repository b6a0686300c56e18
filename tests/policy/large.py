"""A large state, and what its check takes; for the tests and for the benchmarks."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import ijson

from tests.policy.graphs import Graph, state_of
from tests.policy.pack import PACK

_MEASURED = (
    *(sys.executable, "-c"),
    "import pathlib, resource, sys; from portus_policies.check import main; main(['check', *sys.argv[1:]]); "
    "used = resource.getrusage(resource.RUSAGE_SELF); "
    "status = pathlib.Path('/proc/self/status').read_text(); "
    "print(int(status.split('VmHWM:')[1].split()[0]) / 1024, used.ru_utime + used.ru_stime, file=sys.stderr)",
)
"""Judges a file, then tells its peak of memory (MiB) and processor time (s).

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


def reading_seconds(file: Path) -> float:
    """Processor time of reading a file with `ijson` alone, as the check does: the measure for what judging it costs.

    A bound in seconds would be one on the machine: beside busy neighbours the same work takes three times as long.
    """
    began = time.process_time()
    with file.open("rb") as stream:
        for _ in ijson.parse(stream):
            pass
    return time.process_time() - began


def measured(file: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Check a file; its stderr is the peak of memory (MiB) and the processor time (s)."""
    command = [*_MEASURED, str(file), *arguments]
    return subprocess.run(command, cwd=PACK, capture_output=True, text=True, check=False)
