"""`python -m toolchain.plugins.docker ENGINE_ADDRESS`."""

import importlib
import sys
import threading

from toolchain.plugins.docker.provider import DockerProvider
from toolchain.plugins.framework import serve


def _warm_up() -> None:
    """Import the Docker SDK while the engine is busy elsewhere: it takes longer than the rest of the start."""
    importlib.import_module("docker")


if __name__ == "__main__":
    threading.Timer(0.05, _warm_up).start()
    sys.exit(serve(DockerProvider(), sys.argv[1:]))
