"""Commands for any project: where it is found, what is left to `pulumi` there, and which PortusStack is meant."""

import json
import os
from pathlib import Path

import pytest

from operations.__main__ import main
from operations.choice import chosen
from operations.console import OperationError
from operations.engine import Engine
from operations.outputs import outputs
from operations.previewed import steps_of, steps_within
from operations.project import ROOT, Project
from operations.repair import actions
from operations.repair.backend import folder_of
from operations.stack import Stack
from operations.state import State, is_ours
from operations.status.command import status_of
from operations.up import summary, unasked

from .states import Entry, deployment, portus_stack, resource, stack, state

PULUMI = """#!/bin/sh
echo "$@ (in $PWD, mask $(umask))" >>"$CALLS"
case "$*" in
*"--show-name"*) echo production ;;
whoami*) echo '{"url": "file:///somewhere"}' ;;
*export*) cat "$STATE" ;;
esac
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project of somebody else's, in a folder of its own."""
    folder = tmp_path / "shop"
    (folder / "infra" / "modules").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    return folder


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was asked of a `pulumi` that stands before every other one; the tools of a clone are not there."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pulumi"
    program.write_text(PULUMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("STATE", str(tmp_path / "state.json"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    for name in ("PORTUS_STACK_STATE", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "state.json").write_text(two().text)
    return tmp_path / "calls"


def two() -> State:
    """A state with two PortusStacks, ``s`` and ``s-2``, beside a container that is neither's."""
    second = portus_stack("s-2", registry_url="second.test")
    inner = {**resource("container", "s-2-edge"), "parent": second["urn"]}
    parted = {**deployment("s-2"), "outputs": {"hex": "11111111"}}
    stranger = {**resource("container", "web"), "urn": "urn:pulumi:s::shop::docker:index/container:Container::web"}
    return state(resource("container", "s-edge"), second, parted, inner, {**stranger, "parent": "u"})


@pytest.mark.parametrize("below", ["", "infra", "infra/modules"])
def test_the_next_project_above_is_found(shop: Path, below: str) -> None:
    found = Project.nearest(shop / below)
    assert (found.root, found.name, found.stack_folder, found.clone) == (shop, "shop", shop, False)


def test_stack_files_are_where_the_project_says(shop: Path) -> None:
    (shop / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
    assert Project.nearest(shop).stack_folder == shop / "stacks"


def test_this_repository_is_a_clone() -> None:
    found = Project.nearest(ROOT / "docs")
    assert found == Project(ROOT, "portus-stack", ROOT / "stacks", clone=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("runtime: python", "names no project"),
        ('name: "../secret"', "names no project"),
        ("[]", "names no project"),
        ("name: {{ secret", "is not YAML"),
    ],
)
def test_a_broken_project_is_named_and_not_quoted(shop: Path, text: str, words: str) -> None:
    (shop / "Pulumi.yaml").write_text(text)
    with pytest.raises(OperationError, match=words) as caught:
        Project.nearest(shop)
    assert "secret" not in str(caught.value)


def test_without_a_project_the_option_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="no Pulumi project") as caught:
        Project.nearest(tmp_path)
    assert "--project" in str(caught.value)
    with pytest.raises(OperationError, match="is no folder"):
        Project.nearest(tmp_path / "none")


def test_a_command_works_on_the_selected_stack_of_the_project_it_was_given(
    shop: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outputs", "--project", str(shop / "infra"), "--name", "s-2"]) == 0
    assert json.loads(capsys.readouterr().out) == {"registry_url": "second.test"}
    mask = os.umask(0)
    os.umask(mask)
    told = f"(in {shop}, mask {mask:04o})"
    assert calls.read_text().splitlines() == [
        f"stack --show-name --non-interactive {told}",
        f"stack export --stack production --non-interactive {told}",
    ]


def test_a_command_works_on_the_project_it_stands_in(
    shop: Path, calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop / "infra" / "modules")
    assert main(["outputs", "--stack", "team/shop/dev"]) == 1
    assert "2 PortusStacks" in capsys.readouterr().err
    assert "stack export --stack team/shop/dev" in calls.read_text()


def test_what_is_remembered_is_kept_by_project(shop: Path, calls: Path, tmp_path: Path) -> None:
    found = Stack.of(Project.nearest(shop), "team/dev")
    assert found.state_folder == tmp_path / "home" / "portus-stack" / "projects" / "shop"
    assert found.committed_file == shop / "Pulumi.dev.yaml"


def test_elsewhere_pulumi_asks_and_has_its_own_configuration(shop: Path, calls: Path) -> None:
    here = Stack.of(Project.nearest(shop), "dev")
    assert unasked(here) == []
    assert unasked(stack(shop)) == ["--yes", "--skip-preview"]
    assert Engine(here).configured(state(), "up", "--diff") == 0
    told = calls.read_text()
    assert "up --non-interactive --suppress-progress --diff --stack dev" in told
    assert "--config-file" not in told and not (here.state_folder / "config").exists()


def test_elsewhere_no_stack_is_made(shop: Path, calls: Path) -> None:
    with pytest.raises(OperationError, match="pulumi stack init dev"):
        Engine(Stack.of(Project.nearest(shop), "dev")).create()


def test_the_backend_is_the_one_that_pulumi_is_logged_in_to(shop: Path, calls: Path) -> None:
    assert Engine(Stack.of(Project.nearest(shop), "dev")).backend() == "file:///somewhere"


def test_the_folder_of_a_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = stack(tmp_path, clone=False).project
    monkeypatch.setenv("HOME", "/ann")
    urls = {
        "file:///var/states": Path("/var/states/.pulumi"),
        "file://~": Path("/ann/.pulumi"),
        "file://~/states": Path("/ann/states/.pulumi"),
        "file://./states": tmp_path / "states" / ".pulumi",
        "https://api.example.com": None,
    }
    assert {url: folder_of(url, project) for url in urls} == urls


def test_what_is_typed_next_names_the_program_that_is_there(tmp_path: Path) -> None:
    elsewhere = stack(tmp_path, "dev", clone=False)
    assert elsewhere.command("up") == "portus-stack up --stack dev"
    assert elsewhere.command("outputs", "hub", SHOW_SECRETS="1") == (
        "SHOW_SECRETS=1 portus-stack outputs --stack dev --name hub"
    )
    assert stack(tmp_path).command("outputs", "hub", SHOW_SECRETS="1") == "make -s outputs STACK=s SHOW_SECRETS=1"
    told = summary(elsewhere, "hub", {"registry_url": "r.test", "portus_url": "https://p.test"})
    assert "portus-stack trust --stack dev --name hub r.test p.test" in told and "make" not in told


def test_one_of_several_is_chosen_by_name() -> None:
    assert chosen(["hub"], "") == "hub"
    assert chosen(["b", "a"], "a") == "a"
    for names, given, words in (
        (["b", "a"], "", "2 PortusStacks\n  Next: give --name one of: a, b"),
        (["b", "a"], "c", "no PortusStack c in this stack\n  Next: give --name one of: a, b"),
        ([], "", "deploys no PortusStack"),
    ):
        with pytest.raises(OperationError) as caught:
            chosen(names, given)
        assert words in str(caught.value)


def test_each_has_its_own_part_of_the_state_though_names_begin_alike() -> None:
    found = two()
    assert set(found.portus_stacks) == {"s", "s-2"}
    parts = {name: {each.name for each in found.only(name).docker_resources} for name in found.portus_stacks}
    assert parts == {"s": {"s-edge"}, "s-2": {"s-2-edge"}}
    assert {name: found.only(name).deployments for name in parts} == {
        "s": {"0a1b2c3d": "s"},
        "s-2": {"11111111": "s-2"},
    }
    assert {each.name for each in found.docker_resources} == {"s-edge", "s-2-edge"}, "what is neither's is left alone"


def test_a_portus_stack_in_a_component_of_somebodys_is_ours_and_what_is_beside_it_is_not() -> None:
    inner = "urn:pulumi:s::shop::my:index:Platform$portus:index:PortusStack$docker:index/container:Container::x"
    assert is_ours(inner)
    assert not is_ours("urn:pulumi:s::shop::my:index:Platform$docker:index/container:Container::x")
    assert not is_ours("urn:pulumi:s::shop::portus:index:PortusStackLike$docker:index/container:Container::x")


def test_the_steps_of_a_preview_are_parted_too() -> None:
    entries: list[Entry] = [
        {**each, "urn": each["urn"], "provider": "", "inputs": {}}
        for each in (portus_stack(), portus_stack("s-2"), resource("container", "s-edge"))
    ]
    text = json.dumps({"steps": [{"urn": each["urn"], "op": "create", "newState": each} for each in entries]})
    assert [each.name for each in steps_within(steps_of(text), "s")] == ["s", "s-edge"]
    assert [each.name for each in steps_within(steps_of(text), "s-2")] == ["s-2"]


def test_pending_operations_of_others_are_not_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The engine drops all or none, and what they left nobody here has seen to."""

    class Untouched(Engine):
        def import_state(self, text: str) -> None:
            raise AssertionError("the state was put back without them")

    bucket: Entry = {"urn": "urn:pulumi:s::shop::aws:s3/bucket:Bucket::b", "type": "aws:s3/bucket:Bucket"}
    found = state(pending=(("creating", resource("network", "s-net")), ("creating", bucket)))
    assert [each.resource.name for each in found.pending] == ["s-net"]
    actions.clear_pending(Untouched(stack(tmp_path, clone=False)), found)
    assert "b is not of a PortusStack" in capsys.readouterr().err


@pytest.mark.parametrize("shown", [True, False])
def test_outputs_are_those_of_the_component(shown: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret: Entry = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    secret["plaintext" if shown else "ciphertext"] = json.dumps("hunter2")
    component = portus_stack("hub", administrator_password=secret, images={"edge": "a"})

    class Deployed(Engine):
        def export(self, show_secrets: bool = False) -> State:
            assert show_secrets is shown
            return State.from_json(json.dumps({"deployment": {"resources": [component]}}))

    assert outputs(Deployed(stack(tmp_path, clone=False)), "", shown) == 0
    password = "hunter2" if shown else "[secret]"
    assert json.loads(capsys.readouterr().out) == {"administrator_password": password, "images": {"edge": "a"}}


def test_the_status_of_one_of_several_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def record(name: str, parent: str) -> Entry:
        inputs = {"target": "docker", "portus": "p", "registry": "r", "certificates": {}, "processes": [], "links": []}
        urn = f"urn:pulumi:s::shop::portus:index:PortusStack$portus:internal:Topology::{name}-topology"
        return {"urn": urn, "type": "portus:internal:Topology", "inputs": inputs, "parent": parent}

    def certificate(name: str, parent: str) -> Entry:
        kind = "tls:index/locallySignedCert:LocallySignedCert"
        urn = f"urn:pulumi:s::shop::portus:index:PortusStack${kind}::{name}"
        outputs = {"validityEndTime": "2030-01-01T00:00:00Z"}
        return {"urn": urn, "type": kind, "inputs": {}, "outputs": outputs, "parent": parent}

    components = [
        portus_stack("a"),
        portus_stack("b", smoke_check={"checked_at": "2026-06-01T12:00:00Z", "steps": [1]}),
    ]
    urns = [str(each["urn"]) for each in components]
    inner = [part for name, urn in zip("ab", urns, strict=True) for part in (record(name, urn), certificate(name, urn))]

    class Deployed(Engine):
        def export(self, show_secrets: bool = False) -> State:
            return State.from_json(json.dumps({"deployment": {"resources": [*components, portus_stack("c"), *inner]}}))

    engine = Deployed(stack(tmp_path, clone=False))
    with pytest.raises(OperationError, match="3 PortusStacks"):
        status_of(engine, "", look_for_drift=False)
    found = status_of(engine, "b", look_for_drift=False)
    assert [each.name for each in found.certificates] == ["b"]
    assert found.smoke_check.steps == 1
    assert status_of(engine, "a", look_for_drift=False).smoke_check.at is None
    with pytest.raises(OperationError, match="is not deployed"):  # its first `up` was interrupted
        status_of(engine, "c", look_for_drift=False)
