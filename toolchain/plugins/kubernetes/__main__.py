"""`python -m toolchain.plugins.kubernetes ENGINE_ADDRESS`: the plugin as the engine starts it."""

import importlib
import sys
import threading

from toolchain.plugins.framework import serve
from toolchain.plugins.kubernetes.provider import KubernetesProvider


def _warm_up() -> None:
    """Import the official client while the engine is busy elsewhere: it takes longer than the rest of the start."""
    importlib.import_module("kubernetes")


if __name__ == "__main__":
    threading.Timer(0.05, _warm_up).start()
    sys.exit(serve(KubernetesProvider(), sys.argv[1:]))
