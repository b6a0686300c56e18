"""The two set-ups in which every case runs: Portus as it is, and mended by all patches that fit it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.portus.patches import fitting
from tests.contract.portus.world import RELEASE, World
from tests.contract.standin_harness import lab
from tests.portus_image import GIVEN, generation_of

SETUPS = ("unmended", "mended")
_REGISTRIES = {"unmended": "portus-stack.lab/registry:2.8", "mended": "portus-stack.lab/registry:3.1"}


def existing_patches() -> tuple[str, ...]:
    """The names of the patches for this release."""
    return tuple(patch.name for patch in fitting(RELEASE[1], 2))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every case says where in Portus it comes from."""
    here = Path(__file__).parent
    cases = [item for item in items if isinstance(item, pytest.Function) and here in item.path.parents]
    cases = [case for case in cases if "world" in case.fixturenames]
    nameless = [case.nodeid for case in cases if not list(case.iter_markers("source"))]
    assert not nameless, f"no source is named by {nameless}"


@pytest.fixture(scope="session", params=SETUPS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A Portus with its background process, once for all cases of a set-up."""
    if GIVEN and generation_of(GIVEN) == 1:
        pytest.skip("these cases are about generation 2")
    patches = existing_patches() if request.param == "mended" else ()
    with lab(tmp_path_factory.mktemp("world")) as started:
        started.start_database()
        started.start_registry(_REGISTRIES[request.param], 2)
        world = World(started, patches)
        world.portus = started.start_portus(2, patches=patches)
        world.make()
        world.start_background("background")
        yield world
