"""`python -m toolchain.plugins.kubernetes ENGINE_ADDRESS`: the plugin as the engine starts it."""

import sys

from toolchain.plugins.framework.server import serve
from toolchain.plugins.kubernetes.provider import provider

if __name__ == "__main__":
    sys.exit(serve(provider(), sys.argv[1:]))
