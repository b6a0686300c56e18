"""Run a provider as a plugin process.

The engine starts the executable with its own address as the last argument, reads the port that the plugin listens on
from the first line of stdout, and ends it with an interrupt. Every other output belongs on stderr.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc

from toolchain.ending import Ending
from toolchain.plugins.framework.engine_log import EngineLog
from toolchain.plugins.framework.protocol import provider_pb2_grpc
from toolchain.plugins.framework.provider import Provider
from toolchain.plugins.framework.servicer import ProviderServicer
from toolchain.protocol import CHANNEL_OPTIONS

_PARENT_SECONDS = 1.0  # how long a plugin may outlive an engine that was killed
_THREADS = 256  # handlers may wait for minutes, and the engine asks for as many at once as `--parallel` says


def _wait(ending: Ending, engine: int) -> None:
    """Until the end is asked for, or until the engine, a process id, is gone: one that was killed interrupts nobody."""
    while not ending.wait(_PARENT_SECONDS) and os.getppid() == engine:
        pass


def serve(provider: Provider, arguments: Sequence[str]) -> int:
    """Serve `provider` until the engine ends the process. Returns the exit code: 0, or 2 when no engine address was
    given.

    `arguments` are the command line's without the program; the engine's logging flags among them are accepted and not
    used.
    """
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    if not addresses:
        program = f"pulumi-resource-{provider.name} {provider.version}"
        print(f"{program} is started by the Pulumi engine, with its address", file=sys.stderr)
        return 2
    engine = os.getppid()  # before the port is told: from then on the engine may be killed at any moment
    server = grpc.server(ThreadPoolExecutor(_THREADS, thread_name_prefix=provider.name), options=CHANNEL_OPTIONS)
    servicer = ProviderServicer(provider, EngineLog(addresses[-1]))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    ending = Ending()
    server.start()
    print(port, flush=True)
    _wait(ending, engine)
    provider.cancelled.set()
    server.stop(grace=None).wait()
    return 0
