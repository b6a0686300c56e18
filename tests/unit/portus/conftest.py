"""Outputs need an event loop, whatever the tests before these did with theirs."""

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def event_loop_of_outputs() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    asyncio.set_event_loop(asyncio.new_event_loop())
