"""A process's output as a stream of chunks, in the order in which it arrives."""

import os
import subprocess
from collections.abc import Iterator
from queue import Queue
from threading import Thread
from typing import IO

_CHUNK_BYTES = 64 * 1024

Chunk = tuple[str, bytes]
"""`stdout` or `stderr`, and what came there."""


def output_of(process: "subprocess.Popen[bytes]") -> Iterator[Chunk]:
    """What a process writes to its pipes, until it and all that it started have closed them."""
    chunks: Queue[Chunk | None] = Queue()
    pipes = [(name, pipe) for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)) if pipe]
    for name, pipe in pipes:
        Thread(target=_pump, args=(name, pipe, chunks), daemon=True).start()
    for _ in pipes:
        yield from iter(chunks.get, None)


def _pump(name: str, pipe: IO[bytes], chunks: "Queue[Chunk | None]") -> None:
    while chunk := os.read(pipe.fileno(), _CHUNK_BYTES):
        chunks.put((name, chunk))
    chunks.put(None)
