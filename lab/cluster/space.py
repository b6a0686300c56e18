"""Spaces: what a machine is to the cluster. Each has its own processes, mounts and network, all of which end with it.

A space is kept alive by one process, the first of its process namespace. The kernel ends every other process in it, and
removes its mounts, network and packet filter, as soon as that one ends: nothing has to be remembered to be cleaned up.
What runs is read from /proc, never from notes on disk.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.cluster.console import ClusterError, run, wait_for
from lab.cluster.instance import Instance

#: Settings of the kernel that a kubelet insists on. They are the whole machine's, so it is shown files instead.
_SHOWN_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
_PREPARE = """set -eu
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p /run/lock /run/settings /var/lib/cni
mount -t tmpfs -o mode=755 tmpfs /var/lib/cni
settings=$1 first=$2 instance=$3 space=$4
for setting in $settings; do
    file=/run/settings/$(echo "${setting%%=*}" | tr / .)
    echo "${setting#*=}" >"$file"
    mount --bind "$file" "/proc/sys/${setting%%=*}"
done
exec "$first" "$instance" "$space"
"""


@dataclass(frozen=True)
class Space:
    """A space of an instance, whether it exists or not."""

    instance: Instance
    name: str

    @property
    def first_process(self) -> int | None:
        """Its first process, as the machine counts; None when the space does not exist."""
        return next((pid for pid, name in _first_processes(self.instance) if name == self.name), None)

    def create(self, first: Path) -> None:
        """Make the space, without a network; ``first`` is the program that keeps it alive."""
        settings = " ".join(f"{name}={value}" for name, value in _SHOWN_SETTINGS.items())
        namespaces = ["--fork", "--pid", "--mount-proc", "--net", "--mount", "--ipc"]
        script = ["sh", "-c", _PREPARE, "sh", settings, str(first), str(self.instance.folder), self.name]
        log = self.instance.log(self.name, "space")
        with log.open("wb") as output:
            # `unshare` would only wait for the space: it is ended, and the space is the machine's first process's.
            process = subprocess.Popen(
                ["unshare", *namespaces, *script],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd="/",
            )
        try:
            wait_for(
                lambda: self.first_process is not None or process.poll() is not None,
                f"the space {self.name}",
                seconds=20,
                explain=lambda: log.read_text(encoding="utf-8"),
            )
            if self.first_process is None:
                raise ClusterError(f"could not make the space {self.name}: {log.read_text(encoding='utf-8').strip()}")
        finally:
            process.kill()
            process.wait()

    def command(self, *command: str) -> list[str]:
        """A command line that runs ``command`` in this space.

        Raises:
            ClusterError: there is no such space.
        """
        first = self.first_process
        if first is None:
            raise ClusterError(
                f"{self.name} of cluster {self.instance.name} does not run: start it with `make cluster`"
            )
        return ["nsenter", f"--target={first}", "--mount", "--net", "--pid", "--ipc", "--", *command]

    def run(self, *command: str, text: str | None = None) -> str:
        """Run a program in the space to its end and return its stdout. Raises ClusterError when it fails."""
        return run(self.command(*command), text=text)

    def start(self, process: str, command: Sequence[str], **environment: str) -> None:
        """Start a program that outlives this command, unless it runs; what it writes goes to the log of ``process``.

        Args:
            process: the program's own name, or that of a module of this package that Python runs.
            command: program and arguments.
            environment: its whole environment but for PATH: nothing of the user's goes into it.
        """
        if self.pids(process):
            return
        log = self.instance.log(self.name, process)
        script = 'log=$1; shift; exec setsid --fork "$@" >>"$log" 2>&1 </dev/null'
        whole = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", **environment}
        run(self.command("sh", "-c", script, "sh", str(log), *command), directory=Path("/"), environment=whole)

    def stop(self, process: str) -> None:
        """End a program that `start` started, as a crash does. Raises ClusterError when it does not run."""
        pids = self.pids(process)
        if not pids:
            raise ClusterError(f"{process} does not run on {self.name} of cluster {self.instance.name}")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.pids(process), f"{process} to end", explain=lambda: "it is still there")

    def pids(self, process: str) -> list[int]:
        """Processes of this name, as the machine counts: none or one."""
        first = self.first_process
        if first is None:
            return []
        ours = _namespace(first)
        return [pid for pid in _processes() if _namespace(pid) == ours and _is_named(_command_line(pid), process)]

    def end(self) -> None:
        """End the space and everything in it."""
        first = self.first_process
        if first is None:
            return
        inside = [pid for pid in _processes() if _inside(pid, first)]
        os.kill(first, signal.SIGKILL)
        wait_for(
            lambda: not any(_alive(pid) for pid in [first, *inside]),
            f"the processes of {self.name} to end",
            explain=lambda: f"still there: {[pid for pid in inside if _alive(pid)]}",
        )


def spaces(instance: Instance) -> list[Space]:
    """The spaces of an instance that exist."""
    return [Space(instance, name) for _, name in _first_processes(instance)]


def _first_processes(instance: Instance) -> Iterator[tuple[int, str]]:
    """(pid, name of the space): a first process is recognised by the instance's folder in its arguments."""
    for pid in _processes():
        words = _command_line(pid)
        if len(words) == 3 and words[0].endswith("/pause") and words[1] == str(instance.folder):  # noqa: PLR2004
            yield pid, words[2]


def _processes() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdecimal()]


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _is_named(words: Sequence[str], process: str) -> bool:
    """Whether a command line is that of a program, or of a module of this package, with this name."""
    return bool(words) and (Path(words[0]).name == process or words[1:3] == ["-m", f"lab.cluster.{process}"])


def _namespace(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def _alive(pid: int) -> bool:
    """False for a zombie too: it has ended, and whoever started it may look at it later."""
    return bool(_command_line(pid))


def _inside(pid: int, first: int) -> bool:
    """Whether a process descends from ``first``."""
    while pid > 1:
        pid = _parent(pid)
        if pid == first:
            return True
    return False


def _parent(pid: int) -> int:
    """0 when the process has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(stat.rpartition(")")[2].split()[1])
