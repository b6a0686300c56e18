"""Runs a module of the toolchain as a program: `python -I launch.py MODULE ARGUMENT…`.

Python's isolated mode (`-I`) keeps the user's PYTHONPATH, PYTHONHOME and user packages out of the language
host; it also leaves the script's folder off the module path, so this puts the folder that holds `toolchain` there.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
