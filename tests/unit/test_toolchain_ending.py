"""An end that is asked for is noticed, whichever thread the kernel gives the signal to."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAITS = """
import os, signal, sys, threading, time
from toolchain.ending import Ending

def other() -> None:
    main = threading.main_thread().ident
    while sys._current_frames()[main].f_code.co_name != "wait":  # a signal before that is noticed in any case
        time.sleep(0.001)
    {then}

ending = Ending()
threading.Thread(target=other).start()
print(ending.wait({seconds}))
"""


def waited(then: str, seconds: float = 30) -> str:
    """What `Ending.wait` returns in a process where `then` happens in another thread meanwhile."""
    script = WAITS.format(then=then, seconds=seconds)
    return subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True, timeout=20).strip()


def test_a_signal_to_another_thread_ends_the_wait() -> None:
    assert waited("signal.pthread_kill(threading.get_ident(), signal.SIGINT)") == "True"


def test_a_signal_to_the_process_ends_the_wait() -> None:
    assert waited("os.kill(os.getpid(), signal.SIGTERM)") == "True"


def test_a_thread_may_ask() -> None:
    assert waited("ending.ask()") == "True"


def test_no_end_is_waited_for_no_longer_than_asked() -> None:
    assert waited("pass", seconds=0.1) == "False"
