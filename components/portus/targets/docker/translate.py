"""From the topology's words to those of the Docker provider. Pure functions; the traps they avoid are the provider's.

Source: kreuzwerker/terraform-provider-docker 4.5 (which pulumi-docker wraps), observed: what Docker reports back in
another spelling (``90s`` as ``1m30s``, ``X`` as ``CAP_X``, ``2`` CPUs as ``2.0``) is changed again at every ``up``, so
it is written in Docker's own form.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import pulumi
import pulumi_docker as docker

from ...naming import DEPLOYMENT_LABEL, NAME_LABEL, ROLE_LABEL
from ...topology import File, Probe, Process

_MINUTE, _HOUR = 60, 3600
_TENS = 10
_SCRATCH_SIZE = "64m"
_OPEN_FILES = 16384
_PROCESSES = 4096
_PROBE_REST_SECONDS = 30
_PROBE_SPARE_SECONDS = 5
_KNOWN_WELL = "/dev/shm/well"
"""Made when a probe succeeds; Docker makes `/dev/shm` anew whenever a container starts."""
_PROBE = f"""if [ -e {_KNOWN_WELL} ]; then sleep {_PROBE_REST_SECONDS}; fi
if timeout "$0" "$@"; then : > {_KNOWN_WELL}; else rm -f {_KNOWN_WELL}; exit 1; fi"""
_LOG_OPTIONS = {"max-size": "10m", "max-file": "3"}


def duration(seconds: int) -> str:
    """Docker's own form: ``3s``, ``1m30s``, ``2m0s``, ``1h0m0s``."""
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m{seconds % _MINUTE}s"
    return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE}m{seconds % _MINUTE}s"


def cpus(cores: float) -> str:
    """The provider's own form: ``0.5``, ``2.0``, ``10.`` (it trims a trailing zero after two digits or more)."""
    text = f"{cores:.2f}".rstrip("0")
    return f"{text}0" if text.endswith(".") and cores < _TENS else text


def labels(name: str, role: str, deployment: pulumi.Input[str]) -> list[docker.ContainerLabelArgsDict]:
    """The labels that everything of ours carries."""
    values: dict[str, pulumi.Input[str]] = {NAME_LABEL: name, ROLE_LABEL: role, DEPLOYMENT_LABEL: deployment}
    return [{"label": label, "value": value} for label, value in values.items()]


def healthcheck(probe: Probe, start_seconds: int) -> docker.ContainerHealthcheckArgs:
    """A probe that rests 30 s after each success; while a process may still be starting, failures do not count.

    Each probe starts a process in the container; at intervals short enough for a start, those of one stack took a fifth
    of a processor for good (docs/decisions/0042). Docker's `start_interval` is refused by engines before release 25.
    """
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", "sh", "-c", _PROBE, str(probe.timeout_seconds), *probe.command],
        interval=duration(probe.interval_seconds),
        timeout=duration(_PROBE_REST_SECONDS + probe.timeout_seconds + _PROBE_SPARE_SECONDS),
        retries=probe.retries,
        start_period=duration(start_seconds),
    )


def uploads(files: Sequence[File]) -> pulumi.Output[list[docker.ContainerUploadArgs]]:
    """Files, secret as a whole: the provider marks nothing in them as secret."""
    entries = [
        docker.ContainerUploadArgs(file=file.path, content=file.content, permissions=file.mode)
        for file in sorted(files, key=lambda file: file.path)
    ]
    if any(file.secret for file in files):
        return pulumi.Output.secret(entries)
    return pulumi.Output.from_input(entries)


def environment(variables: Mapping[str, str]) -> list[str]:
    """``KEY=VALUE``, sorted."""
    return [f"{key}={value}" for key, value in sorted(variables.items())]


def scratch(paths: Sequence[str]) -> dict[str, str] | None:
    """Writable paths in memory."""
    return {path: f"rw,noexec,nosuid,nodev,size={_SCRATCH_SIZE},mode=1777" for path in paths} or None


def in_volume(process: Process) -> bool:
    """Whether the files need a volume of their own: Docker refuses uploads into a container whose root is read-only."""
    return process.security.read_only_root and bool(process.files)


def files_directory(process: Process) -> str:
    """The one directory that holds every file of a process with a read-only root; ValueError if there is none."""
    tops = {PurePosixPath(file.path).parts[:3] for file in process.files}
    if len(tops) != 1:
        raise ValueError(f"{process.name}: files of a read-only root must share one directory")
    return str(PurePosixPath(*tops.pop()))


def container(process: Process, image: pulumi.Input[str]) -> docker.ContainerArgs:
    """What follows from the process alone."""
    options = [] if process.security.new_privileges else ["no-new-privileges:true"]
    return docker.ContainerArgs(
        image=image,
        capabilities=docker.ContainerCapabilitiesArgs(adds=list(process.security.capabilities) or None, drops=["ALL"]),
        command=list(process.command) or None,
        cpus=cpus(process.limits.cpus),
        destroy_grace_seconds=process.stop_seconds,
        entrypoints=list(process.entrypoint) or None,
        envs=environment(process.environment) or None,
        healthcheck=healthcheck(process.probe, process.start_seconds),
        init=True,
        log_driver="json-file",
        log_opts=_LOG_OPTIONS,
        memory=process.limits.memory_mib,
        memory_swap=process.limits.memory_mib,
        must_run=True,
        read_only=process.security.read_only_root,
        restart="always",
        security_opts=options or None,
        stop_timeout=process.stop_seconds,
        tmpfs=scratch(process.scratch),
        ulimits=[
            docker.ContainerUlimitArgs(name="nofile", soft=_OPEN_FILES, hard=_OPEN_FILES),
            docker.ContainerUlimitArgs(name="nproc", soft=_PROCESSES, hard=_PROCESSES),
        ],
        user=process.security.user,
        wait=True,
        wait_timeout=process.start_seconds,
    )
