"""`make repair` and the commands around it, on a program of three containers that starts in seconds."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.engine.docker.deployment import wait_for
from tests.engine.docker.operations_clone import DEPLOYMENT_LABEL, Clone

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

NAME = "mended"
PROGRAM = """
import pulumi, pulumi_docker as docker, pulumi_random as random

name, config = pulumi.get_stack(), pulumi.Config()
data = config.get_object("data") or {}
keep = {"protect": data.get("protect"), "retain_on_delete": data.get("retain")}
provider = docker.Provider("docker", host="unix:///var/run/docker.sock")
hub = pulumi.ComponentResource("portus:index:PortusStack", name)
credentials = pulumi.ComponentResource("portus:internal:Credentials", name, opts=pulumi.ResourceOptions(parent=hub))
generator = random.Provider("random")
child = pulumi.ResourceOptions(parent=credentials, provider=generator, **keep)
deployment = random.RandomId(f"{name}-deployment", byte_length=4, opts=child).hex
password = random.RandomPassword("password", length=20, opts=pulumi.ResourceOptions(provider=generator))
labels = [
    {"label": "org.portus-stack.name", "value": name},
    {"label": "org.portus-stack.deployment", "value": deployment},
]
here = pulumi.ResourceOptions(provider=provider, parent=hub)
image = docker.RemoteImage("image", name="portus-stack.lab/base:bookworm", keep_locally=True, opts=here)
check = {"tests": ["CMD", "test", "-f", "/tmp/ready"], "interval": "1s"}
slow = {"command": ["sh", "-c", "sleep 15; touch /tmp/ready; exec sleep infinity"], "healthcheck": check}
slow |= {"wait": True, "wait_timeout": 2}
before = None
for part in "abc":
    network = docker.Network(f"{name}-{part}", name=f"{name}-{part}", labels=labels, opts=here)
    volume = docker.Volume(
        f"{name}-{part}-data",
        name=pulumi.Output.concat(f"{name}-{part}-data-", deployment),
        labels=labels,
        opts=pulumi.ResourceOptions(provider=provider, parent=hub, **keep),
    )
    before = docker.Container(
        f"{name}-{part}",
        name=f"{name}-{part}",
        image=image.image_id,
        **(slow if part == "b" and config.get_bool("slow") else {"command": ["sleep", "infinity"]}),
        labels=labels,
        networks_advanced=[{"name": network.name}],
        volumes=[{"volume_name": volume.name, "container_path": "/data"}],
        opts=pulumi.ResourceOptions(provider=provider, parent=hub, depends_on=[before] if before else None),
    )
hub.register_outputs({"password": password.result, "registry_url": before.name})
"""
CONFIG = {"pulumi:disable-default-providers": ["*"]}
PARTS = {f"{NAME}-{part}" for part in "abc"}


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path, NAME, CONFIG, PROGRAM)
    try:
        yield clone
    finally:
        clone.close()


def has_objects(clone: Clone, least: int) -> bool:
    """Whether so many objects are there."""
    return clone.count() >= least


def assert_complete(clone: Clone) -> None:
    """Everything is there once, and the engine has nothing to do."""
    found = clone.objects()
    assert found["container"] == PARTS
    assert found["network"] == PARTS
    assert len(clone.docker.networks.list(filters={"label": f"org.portus-stack.name={NAME}"})) == len(PARTS)
    assert {name.rpartition("-")[0] for name in found["volume"]} == {f"{part}-data" for part in PARTS}
    assert "nothing to repair" in clone.must("repair")
    clone.must("up", "ARGS=--expect-no-changes")


def test_from_nothing_to_nothing(clone: Clone) -> None:
    committed = {path: path.read_bytes() for path in (clone.folder / "stacks").iterdir()}
    clone.must("preview")
    assert clone.count() == 0
    assert not list((clone.state / "backend").rglob(f"{NAME}.json"))
    clone.must("up")
    assert_complete(clone)
    assert {path: path.read_bytes() for path in (clone.folder / "stacks").iterdir()} == committed
    readable = [path for path in clone.state.rglob("*") if path.stat().st_mode & 0o077]
    assert not readable, f"others may read {readable}"
    assert "removed the stack" in clone.must("down")
    assert clone.count() == 0
    assert "nothing to remove" in clone.must("down")
    assert {path: path.read_bytes() for path in (clone.folder / "stacks").iterdir()} == committed


def test_outputs_are_json_on_stdout_and_secret_unless_asked_for(clone: Clone) -> None:
    printed = clone.must("up")

    def outputs(*variables: str) -> dict[str, str]:
        done = subprocess.run(
            ["make", "outputs", f"STACK={NAME}", *variables],
            cwd=clone.folder,
            env={**os.environ, "PORTUS_STACK_STATE": str(clone.state)},
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, str] = json.loads(done.stdout)
        return found

    assert outputs()["password"] == "[secret]"
    password = outputs("SHOW_SECRETS=1")["password"]
    assert len(password) == 20
    assert password not in printed
    assert password not in clone.must("repair") + clone.must("preview")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_up_goes_on_after_ten_interrupts(clone: Clone, number: signal.Signals) -> None:
    interrupted = 0
    for objects in range(10):
        interrupted += clone.interrupt(number, partial(has_objects, clone, objects))
    assert interrupted >= 5, "the moments were too late"
    clone.must("up")
    assert_complete(clone)
    clone.must("down")
    assert clone.count() == 0


def test_what_became_ready_after_up_gave_up_is_kept(clone: Clone) -> None:
    clone.configure({**CONFIG, "portus-stack:slow": True})
    assert clone.make("up").code != 0
    late = clone.docker.containers.get(f"{NAME}-b")
    wait_for(lambda: clone.docker.containers.get(f"{NAME}-b").health == "healthy", 60, lambda: f"{late.attrs}")
    assert f"kept container {NAME}-b" in clone.must("up")
    assert clone.docker.containers.get(f"{NAME}-b").id == late.id
    assert_complete(clone)


def test_down_after_a_kill_leaves_nothing(clone: Clone) -> None:
    assert clone.interrupt(signal.SIGKILL, partial(has_objects, clone, 4))
    clone.must("down")
    assert clone.count() == 0


def test_containers_and_networks_that_were_stopped_or_removed_come_back(clone: Clone) -> None:
    clone.must("up")
    volumes = clone.objects()["volume"]
    find = clone.docker.containers.get
    find(f"{NAME}-a").kill()
    find(f"{NAME}-b").remove(force=True)
    find(f"{NAME}-c").kill()
    network = clone.docker.networks.get(f"{NAME}-c")
    network.disconnect(f"{NAME}-c", force=True)
    network.remove()
    said = clone.must("up")
    assert f"started container {NAME}-a, which was exited" in said
    assert f"container {NAME}-b is gone" in said
    assert f"removed container {NAME}-c: its network is gone" in said
    assert clone.objects()["volume"] == volumes
    assert_complete(clone)
    assert f"{NAME}-c" in find(f"{NAME}-c").attrs["NetworkSettings"]["Networks"]


def test_a_kill_while_the_engine_wrote_the_attributes_of_its_state(clone: Clone) -> None:
    """The engine itself says only `failed to load checkpoint: EOF`."""
    clone.must("up")
    (attributes,) = (clone.state / "backend").rglob(f"stacks/portus-stack/{NAME}.json.attrs")
    attributes.write_text("")
    said = clone.must("up")
    assert f"removed the half-written {NAME}.json.attrs" in said
    assert_complete(clone)


def test_a_container_that_was_left_half_made_is_made_anew(clone: Clone) -> None:
    """Made and not started, on no network; with an entrypoint the engine would only update it."""
    program = clone.folder / "__main__.py"
    whole = program.read_text().replace('command=["sleep", "infinity"]', 'entrypoints=["sleep"], command=["infinity"]')
    program.write_text(
        whole.replace('[{"name": network.name}]', '[{"name": "no-such-network" if part == "c" else network.name}]')
    )
    assert clone.make("up").code != 0
    assert clone.docker.containers.get(f"{NAME}-c").status == "created"
    program.write_text(whole)
    assert f"removed container {NAME}-c: it was not finished" in clone.must("up")
    assert_complete(clone)
    container = clone.docker.containers.get(f"{NAME}-c")
    assert container.status == "running"
    assert set(container.attrs["NetworkSettings"]["Networks"]) == {f"{NAME}-c"}


def test_orphans_of_ours_go_volumes_and_strangers_stay(clone: Clone) -> None:
    clone.must("up")
    deployment = clone.docker.containers.get(f"{NAME}-a").labels[DEPLOYMENT_LABEL]
    ours = {"org.portus-stack.name": NAME, DEPLOYMENT_LABEL: deployment}
    theirs = {"org.portus-stack.name": NAME, DEPLOYMENT_LABEL: "ffffffff"}
    anonymous = {}
    for labels, prefix in ((ours, "ours"), (theirs, "theirs")):
        clone.docker.networks.create(f"{NAME}-{prefix}", labels=labels)
        clone.docker.volumes.create(f"{NAME}-{prefix}", labels=labels)
        container = clone.docker.containers.create(
            "portus-stack.lab/base:bookworm",
            ["true"],
            name=f"{NAME}-{prefix}",
            network=f"{NAME}-{prefix}",
            labels=labels,
            volumes=["/anonymous"],
        )
        container.reload()
        (mount,) = container.attrs["Mounts"]
        anonymous[prefix] = mount["Name"]
    said = clone.must("repair")
    assert f"removed container {NAME}-ours" in said and f"removed network {NAME}-ours" in said
    found = clone.objects()
    assert found["container"] == PARTS | {f"{NAME}-theirs"}
    assert found["network"] == PARTS | {f"{NAME}-theirs"}
    assert {f"{NAME}-ours", f"{NAME}-theirs"} <= found["volume"]
    left = {volume.name for volume in clone.docker.volumes.list()}
    assert anonymous["theirs"] in left and anonymous["ours"] not in left


def test_a_living_engine_is_not_disturbed(clone: Clone) -> None:
    clone.must("up")
    locks = clone.state / "backend" / ".pulumi" / "locks" / "organization" / "portus-stack" / NAME
    locks.mkdir(parents=True, exist_ok=True)
    program = clone.folder / "pulumi-alive"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([str(program), "60"]) as engine:
        content = {"pid": engine.pid, "username": "u", "hostname": socket.gethostname(), "timestamp": "now"}
        (locks / "x.json").write_text(json.dumps(content))
        for command in ("up", "repair", "down"):
            done = clone.make(command)
            assert done.code != 0 and f"process {engine.pid}" in done.output
        engine.kill()
    assert f"released the lock of process {engine.pid}" in clone.must("up")
    assert_complete(clone)


def test_down_refuses_protected_data_and_removes_nothing(clone: Clone) -> None:
    clone.configure({**CONFIG, "portus-stack:data": {"protect": True}})
    clone.must("up")
    before = clone.objects()
    done = clone.make("down")
    assert done.code != 0
    assert f"volume {NAME}-a-data" in done.output and "data.protect" in done.output
    assert clone.objects() == before
    clone.configure({**CONFIG, "portus-stack:data": {"protect": False}})
    clone.must("up")
    clone.must("down")
    assert clone.count() == 0


def test_down_keeps_retained_data_and_says_so(clone: Clone) -> None:
    clone.configure({**CONFIG, "portus-stack:data": {"retain": True}})
    clone.must("up")
    volumes = clone.objects()["volume"]
    said = clone.must("down")
    assert clone.objects() == {"container": set(), "network": set(), "volume": volumes}
    assert all(f"kept volume {volume}" in said for volume in volumes)
