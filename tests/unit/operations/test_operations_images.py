"""What `images-list` and `images-load` find, with a daemon's answers made up."""

import io
import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from docker import APIClient
from docker.errors import APIError, ImageNotFound

from operations import images
from operations.console import OperationError
from operations.engine import Engine
from operations.images import images_in, images_load, load, missing_images, wanted_by
from operations.previewed import Step
from operations.state import State

from .states import ROOT, provider, stack, state

DIGEST = f"sha256:{'0' * 64}"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
PROVIDER = "pulumi:providers:docker"


class Daemon:
    """A Docker daemon that has some images, and takes an archive in its own way."""

    def __init__(self, *images: str, events: tuple[object, ...] = (), error: Exception | None = None) -> None:
        self.images, self.events, self.error = images, events, error
        self.timeout = 60
        self.taken = b""

    def inspect_image(self, image: str) -> None:
        if image not in self.images:
            raise ImageNotFound("no such image")

    def load_image(self, data: io.BufferedReader) -> Iterator[object]:
        if self.error:
            raise self.error
        self.taken = data.read()
        yield from self.events


def client(daemon: Daemon) -> APIClient:
    return cast(APIClient, daemon)


def step(name: str, kind: str, change: str, inputs: Mapping[str, object], provider: str) -> Step:
    """What happens to a resource that is directly in the PortusStack."""
    return Step(name, kind, change, inputs, provider, f"{ROOT.rpartition('::')[0]}${kind}::{name}", ROOT)


def record(name: str, *images: str, change: str = "create") -> Step:
    """A preview's step of a record of a PortusStack with a process for each image."""
    sizes = {"memory_mib": 64, "cpus": 1, "user": None, "read_only_root": True, "data": None, "replicas": 1}
    processes: list[dict[str, object]] = [
        {"name": f"p{number}", "kind": "workload", "image": image, **sizes, "secrets": [], "certificates": []}
        for number, image in enumerate(images)
    ]
    inputs: dict[str, object] = {
        **{"target": "docker", "portus": "p", "registry": "r", "certificates": {}},
        **{"processes": processes, "links": []},
    }
    return step(f"{name}-topology", "portus:internal:Topology", change, inputs, "")


def image(reference: str, host: str, change: str = "create") -> Step:
    return step(f"image-{reference}", "docker:index/remoteImage:RemoteImage", change, {"name": reference}, host)


def host(name: str, **inputs: object) -> Step:
    return Step(name, PROVIDER, "create", inputs, "", f"urn:pulumi:s::p::{PROVIDER}::{name}", "")


def test_every_image_is_listed_once_and_in_order() -> None:
    steps = [record("one", "mariadb:10.11", "edge:1", "edge:1"), record("two", "edge:1", "a:1")]
    assert images_in([*steps, record("gone", "old:1", change="delete")]) == ["a:1", "edge:1", "mariadb:10.11"]


def test_a_program_without_a_portus_stack_has_no_list() -> None:
    with pytest.raises(OperationError, match="no PortusStack"):
        images_in([host("docker")])


def test_each_host_needs_its_own_images() -> None:
    steps = [
        *(host("front", host="ssh://u@front", sshOpts=["-oA=b"]), host("back", host="unix:///b.sock")),
        *(image("edge:1", "front"), image("db:1", "back"), image("task:1", "back"), image("old:1", "back", "delete")),
    ]
    back, front = wanted_by(steps, {}, None)
    assert (back.host.address, back.images) == ("unix:///b.sock", ("db:1", "task:1"))
    assert (front.host.address, front.host.ssh_options, front.images) == ("ssh://u@front", ("-oA=b",), ("edge:1",))


def test_the_key_of_a_new_host_is_read_from_the_plan() -> None:
    shown = {**SECRET, "plaintext": json.dumps("KEY")}
    plan = {f"urn:pulumi:s::p::{PROVIDER}::far": {"goal": {"inputDiff": {"adds": {"keyMaterial": shown}}}}}
    steps = [host("far", host="tcp://far:2376", caMaterial="CA", keyMaterial="[secret]"), image("a:1", "far")]
    (wanted,) = wanted_by(steps, plan, None)
    assert dict(wanted.host.material) == {"ca.pem": "CA", "key.pem": "KEY"}
    assert "KEY" not in repr(wanted)


def test_the_key_of_a_host_that_stays_is_read_from_the_state() -> None:
    deployed = provider(host="tcp://d:2376", keyMaterial={**SECRET, "plaintext": json.dumps("KEY")})
    text = json.dumps({"deployment": {"resources": [deployed]}})
    steps = [
        host("docker", host="tcp://d:2376", keyMaterial="[secret]", registryAuth="[secret]"),
        image("a:1", "docker"),
    ]
    plan: dict[str, object] = {f"urn:pulumi:s::p::{PROVIDER}::docker": {"goal": {"inputDiff": {}}}}
    (wanted,) = wanted_by(steps, plan, State.from_json(text))
    assert dict(wanted.host.material) == {"key.pem": "KEY"}
    assert wanted_by([host("docker", host="unix:///d.sock"), image("a:1", "docker")], {}, state())


def test_the_archive_reaches_the_daemon_and_its_words_come_back(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"archive")
    daemon = Daemon(events=({"stream": "Loaded image: a:1\n"}, {"status": "…"}, {"stream": "Loaded image: b:1\n"}))
    assert load(client(daemon), tmp_path / "a.tar", "unix:///d") == ["Loaded image: a:1", "Loaded image: b:1"]
    assert daemon.taken == b"archive"
    assert daemon.timeout > 60, "a large layer takes longer than an ordinary answer"


@pytest.mark.parametrize(
    "daemon",
    [
        Daemon(events=({"error": "unexpected EOF", "errorDetail": {}},)),
        Daemon(error=APIError("500", explanation="unexpected EOF")),
    ],
    ids=["within its answer", "instead of it"],
)
def test_a_daemon_that_takes_no_archive_is_an_error_in_its_own_words(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"junk")
    with pytest.raises(OperationError, match=r"unix:///d does not take .*a\.tar: unexpected EOF"):
        load(client(daemon), tmp_path / "a.tar", "unix:///d")


def test_a_connection_that_breaks_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"archive")
    with pytest.raises(OperationError, match="did not get to unix:///d: broken"):
        load(client(Daemon(error=ConnectionError("broken"))), tmp_path / "a.tar", "unix:///d")


def test_what_a_host_lacks_is_told_and_a_lost_digest_is_explained() -> None:
    found = missing_images(client(Daemon("a:1", "b:1")), ["a:1", f"b:1@{DIGEST}", f"c:1@{DIGEST}", "d:1"])
    assert list(found) == [f"b:1@{DIGEST}", f"c:1@{DIGEST}", "d:1"]
    assert "b:1 is there without its digest" in found[f"b:1@{DIGEST}"]
    assert found[f"c:1@{DIGEST}"] == found["d:1"] == ""


@pytest.mark.parametrize(
    ("config", "file", "words"),
    [
        ("{}", "missing.tar", "is no file"),
        ("{}", "", "is no file"),
        ('{"portus-stack:target": kubernetes}', "a.tar", "is on a cluster"),
    ],
)
def test_what_cannot_be_loaded_is_told_before_anything_is_asked(
    config: str, file: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.s.yaml").write_text(f"config: {config}\n")
    (tmp_path / "a.tar").write_bytes(b"archive")
    options = Namespace(file=str(tmp_path / file))
    with pytest.raises(OperationError, match=words):
        images_load(Engine(stack(tmp_path)), options)


def test_a_stack_with_nothing_on_docker_takes_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In other projects than a clone it is the preview that tells."""
    (tmp_path / "a.tar").write_bytes(b"archive")
    monkeypatch.setattr(images, "_wanted", lambda _: [])
    with pytest.raises(OperationError, match="is on a cluster"):
        images_load(Engine(stack(tmp_path, clone=False)), Namespace(file=str(tmp_path / "a.tar")))


def test_an_image_of_the_program_beside_is_not_ours() -> None:
    beside = replace(image("theirs:1", "docker"), urn="urn:pulumi:s::p::docker:index/remoteImage:RemoteImage::theirs")
    (wanted,) = wanted_by([host("docker", host="unix:///d.sock"), image("a:1", "docker"), beside], {}, None)
    assert wanted.images == ("a:1",)


def test_options_are_those_of_the_real_client() -> None:
    """The made-up daemon has the methods that are called, with their arguments."""
    import inspect  # noqa: PLC0415

    real: Any = APIClient
    assert list(inspect.signature(real.load_image).parameters)[:2] == ["self", "data"]
    assert "timeout" in inspect.signature(real.__init__).parameters


@pytest.mark.parametrize("signed_in", [True, False], ids=["somebody signed in", "nobody did"])
def test_the_engine_has_a_docker_configuration_on_every_machine(
    signed_in: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker's provider opens it wherever a stack was deployed with the login of some machine."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").write_text('#!/bin/sh\ncat "$DOCKER_CONFIG/config.json" "$DOCKER_CONFIG"; exit 0\n')
    (tmp_path / "bin" / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    if signed_in:
        (tmp_path / "config.json").write_text("theirs")
    engine = Engine(stack(tmp_path))
    assert engine.ask("version") == ("theirs" if signed_in else "")
