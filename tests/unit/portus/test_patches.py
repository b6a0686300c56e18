"""What mends Portus: which patches an image gets, where they lie, and what is refused."""

import re
from typing import Any

import pytest
from portus_policies.known_holes import SECURITY
from typing_extensions import get_type_hints

from components.portus.args import PatchesArgs
from components.portus.patches import NEWEST_MINOR, PATCHES, fitting
from tests.unit.portus import samples, topologies
from tests.unit.portus.samples import MINIMAL, merged, problems

WRITTEN = list(PATCHES)
IMAGES_OF_PORTUS = ("portus", "background")


def portus(image: str, patches: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return merged(MINIMAL, {"portus": {"image": image, "patches": patches or {}, **more}})


def found_problems(image: str, patches: dict[str, Any], **more: Any) -> dict[str, str]:
    return problems(portus(image, patches, **more))


def paths(process: str, *more: dict[str, Any]) -> list[str]:
    topology = topologies.topology(*more)
    return [file.path for file in topology.process(process).files if "initializers" in file.path]


def test_arguments_and_table_name_the_same() -> None:
    assert list(get_type_hints(PatchesArgs)) == list(PATCHES)


@pytest.mark.parametrize("name", WRITTEN)
def test_each_tells_what_it_looks_for_before_it_changes_anything(name: str) -> None:
    source = PATCHES[name].content
    assert f"portus-stack: patch {name} does not fit this Portus: " in source
    assert f"portus-stack: patch {name} is on" in source
    assert not re.search(r"(?<![.\w])warn\b", source), "Ruby's own `warn` says nothing with RUBYOPT=-W0"
    assert not re.search(r"^\s*(rescue|rescue Exception)\s*$", source, re.MULTILINE), "an error is swallowed"


@pytest.mark.parametrize("process", IMAGES_OF_PORTUS)
def test_every_process_of_the_image_loads_what_fits(process: str) -> None:
    fit = fitting(4, 2)
    assert {patch.name for patch in fit} == {name for name in WRITTEN if PATCHES[name].fits(4)}
    assert paths(process) == [f"/srv/Portus/config/initializers/portus_stack_{patch.name}.rb" for patch in fit]


def test_generation_1_loads_them_as_its_own_user() -> None:
    topology = topologies.topology(topologies.GENERATION_1)
    files = [file for file in topology.process("portus").files if "initializers" in file.path]
    assert [file.path for file in files] == [patch.path for patch in fitting(2, 1)]
    assert {(file.mode, file.secret) for file in files} == {("0444", False)}, "wwwrun reads them"


@pytest.mark.parametrize("name", WRITTEN)
def test_one_can_be_switched_off(name: str) -> None:
    off = {"portus": {"patches": {name: False}}}
    assert paths("portus", off) == [path for path in paths("portus") if path != PATCHES[name].path]


def test_nothing_else_gets_them() -> None:
    topology = topologies.topology()
    holders = {one.name for one in topology.processes for file in one.files if "initializers" in file.path}
    assert holders == set(IMAGES_OF_PORTUS)


def test_unknown_one_is_refused_with_the_nearest_name() -> None:
    reason = found_problems("opensuse/portus:2.4.3", {"widened_scope": True})["portus.patches.widened_scope"]
    assert reason == "is not an argument; did you mean widened_scopes?"


@pytest.mark.parametrize(("image", "release"), [("2.2", "Portus 2.2"), ("2.3.7", "Portus 2.3")])
def test_one_that_the_release_does_not_need_is_refused(image: str, release: str) -> None:
    reason = found_problems(f"opensuse/portus:{image}", {"foreign_tokens": True})["portus.patches.foreign_tokens"]
    assert reason == f"must be false: there is no such patch for {release}"
    assert "portus.patches.foreign_tokens" not in found_problems(f"opensuse/portus:{image}", {"foreign_tokens": False})


@pytest.mark.parametrize(
    "image", ["opensuse/portus:head", "opensuse/portus:latest", f"mirror.test/portus@{samples.DIGEST}"]
)
@pytest.mark.parametrize("generation", [1, 2])
def test_release_that_nothing_tells_gets_all_of_its_generation(image: str, generation: int) -> None:
    if generation == 1 and "@" not in image:
        return  # such a tag is generation 2
    settings = samples.settings(portus(image, generation=generation))
    assert settings.portus.patches == fitting(None, generation)
    minors = {1: range(3), 2: range(3, NEWEST_MINOR + 1)}[generation]
    assert {patch.name for patch in settings.portus.patches} == {
        name for name in WRITTEN if any(PATCHES[name].fits(minor) for minor in minors)
    }


def test_release_that_no_patch_was_tried_on_is_refused_until_its_holes_are_accepted() -> None:
    image = f"opensuse/portus:2.{NEWEST_MINOR + 1}"
    security = [name for name, patch in PATCHES.items() if patch.security]
    (reason,) = found_problems(image, {}).values()
    assert "no patch is known for Portus 2.6" in reason
    assert all(name in reason for name in security)
    assert found_problems(image, dict.fromkeys(security[1:], False)), "one is left"
    assert found_problems(image, dict.fromkeys(security, False)) == {}
    assert found_problems(image, dict.fromkeys(security, True)), "nobody asks for what does not exist"


def test_policy_pack_knows_the_same_security_patches() -> None:
    known = {name: (patch.since, patch.until or NEWEST_MINOR) for name, patch in PATCHES.items() if patch.security}
    assert known == SECURITY


def test_patched_releases_are_those_that_the_options_know() -> None:
    for minor in range(NEWEST_MINOR + 1):
        if minor != 3:  # refused for another reason
            assert found_problems(f"opensuse/portus:2.{minor}", {}) == {}
