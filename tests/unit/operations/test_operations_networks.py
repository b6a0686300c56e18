"""How many networks a Docker daemon has room for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from operations import networks
from operations.console import OperationError
from operations.stack import Stack

from .states import resource, stack, state

DEFAULT_POOLS = networks._DEFAULT_POOLS


class Daemon:
    """Answers as Docker does."""

    def __init__(self, subnets: list[str], pools: list[dict[str, Any]] | None = None) -> None:
        self.subnets, self.pools, self.asked = subnets, pools, 0

    def info(self) -> dict[str, Any]:
        """Without the key where nothing is configured."""
        return {"DefaultAddressPools": self.pools} if self.pools else {}

    def networks(self) -> list[dict[str, Any]]:
        """`host` and `none` have no addresses."""
        self.asked += 1
        return [{"IPAM": {"Config": None}}, *({"IPAM": {"Config": [{"Subnet": each}]}} for each in self.subnets)]


def stack_with(folder: Path, config: str = "") -> Stack:
    """One with this configuration in its file."""
    (folder / "stacks").mkdir(exist_ok=True)
    (folder / "stacks" / "Pulumi.s.yaml").write_text(f"config: {{{config}}}\n")
    return stack(folder)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Daemon]]:
    """The daemon that answers, under ``daemon``."""
    place: dict[str, Daemon] = {}

    @contextmanager
    def connected(_host: object) -> Iterator[Daemon]:
        yield place["daemon"]

    monkeypatch.setattr(networks, "connected", connected)
    yield place


def used(number: int) -> list[str]:
    """As many of the default ranges."""
    return [f"172.{17 + each}.0.0/16" if each < 15 else f"192.168.{16 * (each - 15)}.0/20" for each in range(number)]


@pytest.mark.parametrize(
    ("subnets", "left"),
    [
        ([], 31),
        (used(26), 5),
        (used(31), 0),
        (["10.0.0.0/8", "fd00::/64"], 31),
        (["172.20.5.0/24", "172.20.6.0/24"], 30),
        (["192.168.0.0/19"], 29),
        (["172.16.0.0/12"], 16),
    ],
)
def test_what_overlaps_is_not_left(subnets: list[str], left: int) -> None:
    assert networks.ranges_left(DEFAULT_POOLS, subnets) == left
    assert networks.ranges_left([("10.9.0.0/24", 28), ("fd00::/48", 64)], subnets) == (
        0 if "10.0.0.0/8" in subnets else 16
    )


@pytest.mark.parametrize(
    ("config", "needed"),
    [
        ("", 5),
        ('"portus-stack:database": {external: {host: db}}', 4),
        ('"portus-stack:smoke_check": false, "portus-stack:database": {external: {host: db}}', 3),
    ],
)
def test_a_first_up_is_refused_where_too_few_are_left(
    given: dict[str, Daemon], tmp_path: Path, config: str, needed: int
) -> None:
    one = stack_with(tmp_path, config)
    given["daemon"] = Daemon(used(31 - needed))
    networks.ensure_room(one, state())
    given["daemon"] = Daemon(used(31 - needed + 1))
    with pytest.raises(
        OperationError, match=f"for {needed - 1} more networks, and this stack needs {needed}"
    ) as caught:
        networks.ensure_room(one, state())
    assert "address_pool" in str(caught.value.next_step)


def test_pools_of_the_daemon_count(given: dict[str, Daemon], tmp_path: Path) -> None:
    given["daemon"] = Daemon(["10.9.0.0/26"], [{"Base": "10.9.0.0/24", "Size": 26}])
    with pytest.raises(OperationError, match="for 3 more networks"):
        networks.ensure_room(stack_with(tmp_path), state())


@pytest.mark.parametrize(
    "config",
    [
        '"portus-stack:docker": {address_pool: 10.213.0.0/23}',
        '"portus-stack:docker_host": "ssh://build.example"',
        '"portus-stack:target": kubernetes',
    ],
)
def test_it_is_not_asked_where_it_does_not_matter(given: dict[str, Daemon], tmp_path: Path, config: str) -> None:
    given["daemon"] = Daemon(used(31))
    networks.ensure_room(stack_with(tmp_path, config), state())
    assert given["daemon"].asked == 0


def test_a_stack_that_is_up_has_its_networks(given: dict[str, Daemon], tmp_path: Path) -> None:
    given["daemon"] = Daemon(used(31))
    networks.ensure_room(stack_with(tmp_path), state(resource("network", "s-net")))
    assert given["daemon"].asked == 0
