"""What is told when a container does not become ready."""

import asyncio
from collections import namedtuple
from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pulumi_docker as docker
import pytest

from components.portus.targets.docker import failures
from tests.unit.portus import topologies

Hook = namedtuple("Hook", ["name", "callback"])
TARGET = cast(Any, SimpleNamespace(provider_of=lambda process: None))


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook registers itself with the engine as soon as it exists."""
    monkeypatch.setattr(pulumi, "ErrorHook", Hook)


def told(monkeypatch: pytest.MonkeyPatch, lines: list[str] | Exception, operation: str = "create") -> list[str]:
    """What the hook logs when Docker answers with ``lines``."""
    messages: list[str] = []

    async def get_logs(**_: object) -> object:
        if isinstance(lines, Exception):
            raise lines
        return SimpleNamespace(logs_list_strings=lines)

    monkeypatch.setattr(docker, "get_logs", get_logs)
    monkeypatch.setattr(pulumi.log, "error", messages.append)
    monkeypatch.setattr(pulumi, "InvokeOptions", SimpleNamespace)
    binding = failures.failure_hook(TARGET, topologies.topology().process("portus"), "hub-portus")
    (hook,) = cast(Any, binding.on_error)
    again = asyncio.get_event_loop().run_until_complete(hook.callback(SimpleNamespace(failed_operation=operation)))
    assert again is False, "a second try would only make it longer"
    return messages


def test_role_cause_and_next_step_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = told(monkeypatch, ["Waiting for mariadb", "", "Timeout reached, exiting with error\n"])
    assert message.startswith("portus ")
    assert "600 s are waited; `portus.start_timeout_seconds` sets it" in message
    assert "    Timeout reached, exiting with error\n" in message
    assert "docker logs hub-portus" in message
    assert "run `up` again" in message


def test_only_the_last_lines_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = told(monkeypatch, [f"line {number}" for number in range(100)])
    assert "line 99" in message
    assert "line 87" not in message


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "(it has printed nothing)" in told(monkeypatch, [])[0]


def test_log_that_cannot_be_read_does_not_hide_the_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = told(monkeypatch, RuntimeError("no such container"))
    assert message.startswith("portus ")
    assert "(its log could not be read: no such container)" in message


def test_failed_deletion_is_another_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, ["anything"], "delete") == []


def test_used_up_address_pools_are_told_with_the_argument_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", messages.append)
    (hook,) = cast(Any, failures.address_pool_hook("hub-registry-portus").on_error)
    for error in ("could not find an available, non-overlapping IPv4 address pool", "no such host"):
        assert hook.callback(SimpleNamespace(errors=[error])) is False
    (message,) = messages
    assert message.startswith("hub-registry-portus: ")
    assert "address_pool" in message
