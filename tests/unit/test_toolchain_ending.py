"""An end that is asked for is noticed, whichever thread the kernel gives the signal to."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.language_host_project import wait_until

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10
WAITS = """
import os, signal, sys, threading
from toolchain.ending import Ending

def other() -> None:
    sys.stdin.readline()
    {then}

ending = Ending()
threading.Thread(target=other, daemon=True).start()
print("waits", flush=True)
print(ending.wait({seconds}))
"""


def waited(then: str, seconds: float) -> str:
    """What `Ending.wait` returns in a process where another thread does `then` once the main thread is blocked."""
    command = [sys.executable, "-c", WAITS.format(then=then, seconds=seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "waits\n"
            status = Path(f"/proc/{process.pid}/task/{process.pid}/stat")
            wait_until(lambda: status.read_text().rpartition(")")[2].split()[0] in "SZ", SECONDS, status.read_text)
            answer, _ = process.communicate("\n", timeout=SECONDS)
        finally:
            process.kill()
    return answer.strip()


@pytest.mark.parametrize(
    "then",
    [
        "signal.pthread_kill(threading.get_ident(), signal.SIGINT)",
        "signal.pthread_kill(threading.get_ident(), signal.SIGTERM)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "ending.ask()",
    ],
)
def test_the_wait_ends(then: str) -> None:
    assert waited(then, 60) == "True"


def test_no_end_is_waited_for_no_longer_than_asked() -> None:
    assert waited("pass", 0.5) == "False"
