"""The picture of each recorded deployment, and the pictures that the documentation shows."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from operations.diagram.command import picture
from operations.diagram.drawing import draw
from operations.diagram.layout import boxes_of
from operations.diagram.scene import scene_of
from operations.previewed import Step
from operations.recorded import Recorded, is_record
from tests.component.conftest import Deployed
from tests.component.deployments import KUBERNETES_VARIANTS, NAME, VARIANTS
from tests.component.recorder import MARK, Recording

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN = {
    "one-host": ("docker", "default"),
    "three-hosts": ("docker", "three hosts"),
    "kubernetes": ("kubernetes", "replicas"),
}
"""File in docs/pictures → target and variant that it shows."""
EVERY = [("docker", variant) for variant in VARIANTS] + [("kubernetes", variant) for variant in KUBERNETES_VARIANTS]


@pytest.fixture
def recorded(deployed: Deployed, on_kubernetes: Deployed) -> Callable[[str, str], Recording]:
    """The recording of a target's variant."""
    return lambda target, variant: (on_kubernetes if target == "kubernetes" else deployed)(variant)


def steps(recording: Recording, change: str = "create") -> list[Step]:
    """What a preview would say of a recorded deployment."""
    return [
        Step(
            name=one.name,
            type=one.type,
            change=change,
            inputs=one.values,
            provider=one.request.provider.rpartition("::")[0].rpartition("::")[2],
            urn=one.urn,
            parent=one.request.parent,
        )
        for one in recording
    ]


def in_words(recording: Recording) -> Recorded:
    (record,) = [one for one in recording if is_record(one.type)]
    return Recorded.from_inputs(record.type, record.name, record.values)


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(("target", "variant"), EVERY)
def test_picture_shows_every_process_link_and_key(
    recorded: Callable[[str, str], Recording], target: str, variant: str
) -> None:
    recording = recorded(target, variant)
    topology, svg = in_words(recording), picture(steps(recording), None, changes=False)
    shown = texts(svg)
    assert {process.name for process in topology.processes} <= set(shown)
    for link in topology.links:
        assert f"{link.port} {'TLS' if link.tls else 'plain'}" in shown
        assert f"{link.source} → {link.destination}, port {link.port}" in svg
    for word in ("token key", "edge key", "edge certificate", "CA certificate"):
        assert word in shown
    assert MARK not in svg


@pytest.mark.parametrize(("target", "variant"), EVERY)
def test_no_card_lies_on_another(recorded: Callable[[str, str], Recording], target: str, variant: str) -> None:
    topology = in_words(recorded(target, variant))
    leaves = any(link.destination == "outside" for link in topology.links)
    boxes = boxes_of([process.name for process in topology.processes], leaves, 0)
    assert {process.name for process in topology.processes} <= set(boxes)
    for one, other in combinations(boxes.values(), 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y, (one, other)


def test_replicas_are_told(on_kubernetes: Deployed) -> None:
    shown = texts(picture(steps(on_kubernetes("replicas")), None, changes=False))
    sign = " \N{MULTIPLICATION SIGN}  "
    assert [text.partition(sign)[0] for text in shown if sign in text] == ["2", "3", "2"]


def test_record_holds_nothing_that_changes_from_one_run_to_the_next(deployed: Deployed) -> None:
    """In a preview, where all that is generated is unknown, it is already what it will be."""
    previewed, updated = (in_words(deployed("every argument", preview)) for preview in (True, False))
    assert previewed == updated


def test_the_registry_never_holds_the_token_key(deployed: Deployed) -> None:
    for variant in VARIANTS:
        holders = {each.name for each in in_words(deployed(variant)).processes if "token key" in each.secrets}
        assert holders <= {"portus", "background"}, variant


def test_each_card_says_its_host(deployed: Deployed) -> None:
    shown = texts(picture(steps(deployed("three hosts")), None, changes=False))
    hosts = {text for text in shown if text.startswith("on ")}
    assert len(hosts) == 3, hosts


def test_changes_are_marked_and_counted(deployed: Deployed) -> None:
    """From a stack with a smoke check to one without, whose edge is another one."""
    before, after = deployed(), deployed("no smoke check")
    found = [replace(step, change="replace" if step.name == f"{NAME}-edge" else "") for step in steps(after)]
    names = {step.name for step in found}
    gone = [step for step in steps(before, "delete") if step.name not in names]
    shown = texts(draw(scene_of(in_words(after), [*found, *gone], in_words(before), marked=True)))
    assert any("1 to replace, 4 to remove" in text for text in shown), shown
    assert "smoke_check" in shown, "what goes away is drawn"
    heading = shown.index("edge")
    assert "↻ replaced" in shown[heading : heading + 2]


def test_nothing_to_change_is_said(deployed: Deployed) -> None:
    shown = texts(picture(steps(deployed(), ""), None, changes=True))
    assert "what `up` would do: nothing" in shown


def test_stand_in_is_told(deployed: Deployed) -> None:
    found = steps(deployed())
    text = json.dumps([step.inputs if is_record(step.type) else {} for step in found])
    doubled = json.loads(text.replace("opensuse/portus:2.4.3", "portus-stack.lab/portus-standin:2.4"))
    swapped = [replace(step, inputs=inputs or step.inputs) for step, inputs in zip(found, doubled, strict=True)]
    assert "a test double stands in for Portus" in texts(picture(swapped, None, changes=False))
    assert "a test double stands in for Portus" not in texts(picture(found, None, changes=False))


@pytest.mark.parametrize("name", SHOWN)
def test_picture_in_the_documentation_is_what_is_drawn(recorded: Callable[[str, str], Recording], name: str) -> None:
    drawn = picture(steps(recorded(*SHOWN[name])), None, changes=False)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")
    advice = f"UPDATE_SNAPSHOTS=1 pytest {Path(__file__).name} draws docs/pictures anew"
    assert (PICTURES / f"{name}.svg").read_text(encoding="utf-8") == drawn, advice
