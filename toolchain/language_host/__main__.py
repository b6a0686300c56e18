"""`pulumi-language-python [FLAG…] ENGINE_ADDRESS`: print the port, serve, and end with the engine."""

import argparse
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

from toolchain.ending import Ending

from .guard import Guard

_THREADS = 64
"""Runs at a time: each program, policy pack and component package of an update holds one to its end."""


def main() -> int:
    """Serve until the engine ends us or is gone."""
    parser = argparse.ArgumentParser(prog="pulumi-language-python", description=__doc__, add_help=False)
    parser.add_argument("--executor", type=Path, required=True)
    parser.add_argument("engine", nargs="?", default="")
    arguments, _ = parser.parse_known_args()
    guard = Guard.start()
    ending = Ending()
    Thread(target=_end_with_engine, args=(ending,), daemon=True).start()
    serve(arguments.engine, arguments.executor.absolute(), guard, ending)
    return 0


def serve(engine: str, executor: Path, guard: Guard, ending: Ending) -> None:
    """Serve on a free port of the loopback interface until the end is asked for, then end what was started."""
    import grpc  # noqa: PLC0415  (gRPC starts threads, and the guard must be forked before)

    from toolchain.protocol import CHANNEL_OPTIONS  # noqa: PLC0415

    from .children import Children  # noqa: PLC0415
    from .protocol import language_pb2_grpc  # noqa: PLC0415
    from .servicer import LanguageHost  # noqa: PLC0415

    children = Children(guard)
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine, executor, children), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    ending.wait()
    children.stop_all()
    server.stop(grace=None).wait()


def _end_with_engine(ending: Ending) -> None:
    """The engine holds the other end of our stdin: when it is gone, even killed, reading comes to an end."""
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return
    while os.read(0, 1):
        pass
    ending.ask()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a worker thread may still be blocked in a call that nobody waits for
