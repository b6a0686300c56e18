"""One command of the topology becomes three probes.

While a process starts nothing kills it for half an hour: a database that recovers must not be stopped, and `up` has its
own limit. Later a process that does not answer is sent no traffic within seconds, and started anew after minutes.
"""

from collections.abc import Sequence

from pulumi_kubernetes import core

from ...topology import Process

_LONGEST_START_SECONDS = 1800
_READY_PERIOD_SECONDS = 5
_READY_FAILURES = 3
_ALIVE_PERIOD_SECONDS = 30
_ALIVE_FAILURES = 10


def _probe(command: Sequence[str], period: int, timeout: int, failures: int) -> core.v1.ProbeArgs:
    return core.v1.ProbeArgs(
        exec_=core.v1.ExecActionArgs(command=list(command)),
        period_seconds=period,
        timeout_seconds=timeout,
        failure_threshold=failures,
    )


def startup(process: Process) -> core.v1.ProbeArgs:
    """Until it succeeds the others do not run."""
    probe = process.probe
    longest = max(_LONGEST_START_SECONDS, process.start_seconds)
    return _probe(probe.command, probe.interval_seconds, probe.timeout_seconds, longest // probe.interval_seconds)


def readiness(process: Process) -> core.v1.ProbeArgs:
    """Whether it gets traffic."""
    return _probe(process.probe.command, _READY_PERIOD_SECONDS, process.probe.timeout_seconds, _READY_FAILURES)


def liveness(process: Process) -> core.v1.ProbeArgs:
    """Whether it is started anew."""
    return _probe(process.probe.command, _ALIVE_PERIOD_SECONDS, process.probe.timeout_seconds, _ALIVE_FAILURES)
