"""How many layers a registry of the default size sends at once, to clients behind thin links."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.unit.portus import topologies

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
STREAMS = 200
LAYER_MIB = 100
SECONDS = 20


def start(laboratory: Lab, image: str) -> str:
    """The registry as it is deployed by default: its memory, and what Go is told of it."""
    process = topologies.topology().process("registry")
    memory = f"{process.limits.memory_mib}m"
    pair = {"CERTIFICATE": "tls.crt", "KEY": "tls.key"}
    return laboratory.start(
        "registry",
        f"portus-stack.lab/{image}",
        *(f"--memory={memory}", f"--memory-swap={memory}", f"--volume={laboratory.folder}:/trust:ro", "--user=0"),
        *(f"--env={name}={value}" for name, value in process.environment.items()),
        *(f"--env=REGISTRY_HTTP_TLS_{name}=/trust/{file}" for name, file in pair.items()),
    )


def push(address: str, context: ssl.SSLContext) -> str:
    """One layer; its path."""
    content = os.urandom(1024 * 1024) * LAYER_MIB
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    connection = HTTPSConnection(address, 5000, context=context, timeout=60)
    connection.request("POST", "/v2/team/app/blobs/uploads/")
    started = connection.getresponse()
    started.read()
    place = (started.getheader("Location") or "").partition(":5000")[2]
    connection.request("PUT", f"{place}&digest={digest}", content)
    assert connection.getresponse().status == 201
    connection.close()
    return f"/v2/team/app/blobs/{digest}"


async def pull(address: str, context: ssl.SSLContext, path: str) -> str:
    """Reads slowly for a while; how it went."""
    reader, writer = await asyncio.wait_for(asyncio.open_connection(address, 5000, ssl=context), 60)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n".encode())
    status = (await asyncio.wait_for(reader.readline(), 60)).decode().strip()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not await asyncio.wait_for(reader.read(20000), 60):
            return f"{status}, cut off"
        await asyncio.sleep(0.5)
    writer.transport.abort()
    return status


@pytest.mark.parametrize("image", ["registry:2.8", "registry:3.1"])
def test_two_hundred_slow_pulls_do_not_end_the_registry(tmp_path: Path, image: str) -> None:
    with lab(tmp_path) as laboratory:
        container = start(laboratory, image)
        address = laboratory.address(container)
        context = ssl.create_default_context(cafile=str(tmp_path / "ca/ca.crt"))
        context.check_hostname = False
        wait_until(lambda: "listening on" in logs(container), "the registry listens", lambda: logs(container))
        path = push(address, context)

        async def storm() -> list[str | BaseException]:
            pulls = (pull(address, context, path) for _ in range(STREAMS))
            return await asyncio.gather(*pulls, return_exceptions=True)

        loop = asyncio.new_event_loop()  # one of its own: others of the process find theirs unchanged
        ended = loop.run_until_complete(storm())
        loop.close()
        assert {str(each) for each in ended} == {"HTTP/1.1 200 OK"}
        state = docker("inspect", "--format", "{{.State.OOMKilled}} {{.State.Running}}", container)
        assert state == "false true"
