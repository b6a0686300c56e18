"""The figures, one function each. Bars: the project's quality plan."""

import json
import math
import os
import statistics
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import yaml

from benchmarks.compose import ComposePeer
from benchmarks.measure import Row, pairs, run, seconds
from tests.component.deployments import deploy
from tests.engine.docker.client import DockerClient, Edge, new_image, trusted
from tests.engine.docker.deployment import ROOT, Deployment, local_config, prepared
from tests.policy.graphs import recorded
from tests.policy.large import large_state, measured

NAME, PORT = "bench", 9643
REPETITIONS = 3
POLICY_REPETITIONS = 7
"""More, because the two differ by less than what the machine varies from one run to the next."""
IMAGE_MEGABYTES = 200
CHECKED_RESOURCES = 10_000
SCALES = (1, 5, 15, 50)
ADDED_BY_US = ("edge", "bootstrap", "smoke_check")
_MEBIBYTE = 1024 * 1024


def _preview(deployment: Deployment) -> None:
    deployment.pulumi("preview", "-s", deployment.name)


def _program(deployment: Deployment, text: str) -> None:
    program = deployment.project / "__main__.py"
    program.unlink()
    program.write_text(text)


@contextmanager
def previews(folder: Path) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """The preview of one PortusStack, nothing deployed, and that of an empty program; each was run once before."""
    with (
        prepared("one", folder / "one", local_config("one", PORT)) as one,
        prepared("empty", folder / "empty", {}) as empty,
    ):
        _program(empty, "")
        _preview(one)
        _preview(empty)
        yield lambda: _preview(one), lambda: _preview(empty)


def preview_against_empty_program(folder: Path) -> Row:
    """Preview of one PortusStack, nothing deployed, against the preview of an empty program."""
    with previews(folder) as (one, empty):
        values = pairs(one, empty, REPETITIONS)
    return Row("preview of one PortusStack / of an empty program", values, 2.0)


def policies(folder: Path) -> list[Row]:
    """Preview with the policy pack against the preview without, and the pack's own check of a large state."""
    pack = run(str(ROOT / "toolchain" / "policies")).strip()
    configuration = str(ROOT / "stacks" / "policy.prod.json")
    production = yaml.safe_load((ROOT / "stacks" / "Pulumi.prod.yaml").read_text())["config"]
    with prepared("prod", folder / "judged", production) as judged:

        def with_pack() -> None:
            arguments = ("--policy-pack", pack, "--policy-pack-config", configuration)
            judged.pulumi("preview", "-s", judged.name, *arguments)

        with_pack()
        _preview(judged)
        values = pairs(with_pack, lambda: _preview(judged), POLICY_REPETITIONS)
    file = folder / "large.json"
    file.write_text(json.dumps(large_state(recorded(deploy()), CHECKED_RESOURCES)))
    checks = [[float(each) for each in measured(file).stderr.split()] for _ in range(REPETITIONS)]
    peaks, used = zip(*checks, strict=True)
    return [
        Row("preview of the stack prod with the policy pack / without", values, 1.3),
        Row(f"check of {CHECKED_RESOURCES} resources, processor time", used, 10.0, "s"),
        Row(f"check of {CHECKED_RESOURCES} resources, peak of memory", peaks, 500.0, "MiB"),
    ]


def scaling(folder: Path) -> Row:
    """Exponent of the preview's duration in the number of PortusStacks, over what an empty program takes."""
    program = (Path(__file__).parent / "many_stacks.py").read_text()
    slopes = []
    with prepared("many", folder / "many", local_config("many", PORT)) as many:
        for _ in range(REPETITIONS):
            _program(many, "")
            base = min(seconds(lambda: _preview(many)) for _ in range(REPETITIONS))
            points = []
            for count in SCALES:
                _program(many, program.replace("COUNT = 1", f"COUNT = {count}"))
                points.append((math.log(count), math.log(max(seconds(lambda: _preview(many)) - base, 0.01))))
            slopes.append(statistics.linear_regression(*zip(*points, strict=True)).slope)
    return Row("1 to 50 PortusStacks in one program, exponent", tuple(slopes), 1.1, "")


def deployed_rows(folder: Path) -> list[Row]:
    """Everything that needs a deployed stack."""
    config = local_config(NAME, PORT)
    with prepared(NAME, folder / NAME, config) as deployment:
        ups = [seconds(deployment.up)]
        rows = [
            Row(
                "up with nothing to change / preview of the same stack",
                pairs(deployment.up, lambda: _preview(deployment), REPETITIONS),
                1.3,
            ),
            _memory(deployment),
            *_transfer(deployment, folder),
        ]
        peer_folder = folder / "compose"
        peer_folder.mkdir()
        peer = ComposePeer(deployment, peer_folder)
        ratios = []
        for repetition in range(REPETITIONS):
            if repetition:
                ups.append(seconds(deployment.up))
            deployment.destroy()
            ratios.append(ups[-1] / seconds(peer.up))
            peer.down()
        rows.append(
            Row("first up until checked / docker-compose up of the same containers until healthy", tuple(ratios), 1.2)
        )
        rows.append(Row("first up, images present", tuple(ups), 60.0, "s"))
    return rows


def _memory(deployment: Deployment) -> Row:
    containers = deployment.containers()
    totals = []
    for _ in range(REPETITIONS):
        shown = [cast(dict[str, Any], containers[role].stats(stream=False)) for role in ADDED_BY_US]
        totals.append(sum(_used(each["memory_stats"]) for each in shown) / _MEBIBYTE)
    return Row("idle memory of edge and tasks", tuple(totals), 32.0, "MiB")


def _used(statistics_of_memory: dict[str, dict[str, int] | int]) -> int:
    """What `docker stats` shows: usage without the page cache."""
    usage, details = statistics_of_memory["usage"], statistics_of_memory["stats"]
    assert isinstance(usage, int)
    assert isinstance(details, dict)
    return usage - details.get("total_inactive_file", details.get("inactive_file", 0))


def _transfer(deployment: Deployment, folder: Path) -> list[Row]:
    """Push and pull of one large layer through the edge, against the bare registry, without TLS and tokens."""
    edge = Edge.of(deployment)
    bare = run("docker", "run", "--detach", "--publish", "127.0.0.1::5000", "portus-stack.lab/registry:2.8").strip()
    try:
        port = run("docker", "port", bare, "5000/tcp").strip().rpartition(":")[2]
        with trusted(edge):
            client = DockerClient(edge, folder / "docker-client")
            client.login(edge.username, edge.password)
            return [
                Row(
                    f"{verb} of {IMAGE_MEGABYTES} MB: speed through the edge / of the bare registry",
                    values,
                    0.9,
                    at_least=True,
                )
                for verb, values in _push_and_pull(client, f"127.0.0.1:{port}/bare").items()
            ]
    finally:
        run("docker", "rm", "--force", "--volumes", bare)


def _push_and_pull(client: DockerClient, bare: str) -> dict[str, tuple[float, ...]]:
    pushes, pulls = [], []
    for _ in range(REPETITIONS):
        image = new_image(NAME, IMAGE_MEGABYTES)
        names = {
            "edge": f"{client.edge.registry}/{client.edge.username}/{uuid.uuid4().hex[:8]}:1",
            "bare": f"{bare}/{uuid.uuid4().hex[:8]}:1",
        }
        took: dict[str, dict[str, float]] = {"push": {}, "pull": {}}
        for place, name in names.items():
            client.must("tag", image, name)
            took["push"][place] = seconds(_command(client, "push", name))
        client.must("image", "rm", image, *names.values())
        for place, name in names.items():
            took["pull"][place] = seconds(_command(client, "pull", name))
            client.must("image", "rm", name)
        pushes.append(took["push"]["bare"] / took["push"]["edge"])
        pulls.append(took["pull"]["bare"] / took["pull"]["edge"])
    return {"push": tuple(pushes), "pull": tuple(pulls)}


def _command(client: DockerClient, verb: str, name: str) -> Callable[[], object]:
    return lambda: client.must(verb, "--quiet", name)


def machine() -> str:
    """The machine in one line."""
    docker = run("docker", "version", "--format", "{{.Server.Version}}").strip()
    system = os.uname()
    return f"{os.cpu_count()} CPUs, {system.sysname} {system.release.partition('-')[0]}, Docker {docker}"
