"""`images-list` and `images-load`: the images of a stack, for machines without a way to a registry."""

import tempfile
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docker import APIClient
from docker.errors import APIError, ImageNotFound

from .console import OperationError, say
from .data_loss import read_plan
from .docker_hosts import DockerHost, connected, host_of
from .engine import Engine
from .prepare import prepare
from .preview import preview_steps
from .previewed import Step
from .recorded import Recorded, is_record
from .state import Object, Resource, State, is_ours

_IMAGE = "docker:index/remoteImage:RemoteImage"
_PROVIDER = "pulumi:providers:docker"
_HIDDEN = "[secret]"
"""What a preview shows of a secret."""
_TIMEOUT_SECONDS = 600
"""How long a daemon may be silent while it unpacks a layer."""


@dataclass(frozen=True)
class Wanted:
    """The images that a Docker host has to have."""

    host: DockerHost
    images: tuple[str, ...]


def images_list(engine: Engine) -> int:
    """Print the images that the stack needs, one a line. Raises OperationError for a faulty stack file."""
    prepare(engine.stack)
    _, steps = preview_steps(engine)
    print("\n".join(images_in(steps)), flush=True)
    return 0


def images_load(engine: Engine, options: Namespace) -> int:
    """Load an archive of `docker save` on every Docker host of the stack, and print which images it still lacks.

    Args:
        options: ``file``, the archive.

    Raises:
        OperationError: the stack is on a cluster, the file cannot be read, or a host takes it not.
    """
    archive = Path(options.file)
    elsewhere = OperationError(
        f"the stack {engine.stack.name} is on a cluster, whose nodes get images in their own way",
        "put the images into a registry that the nodes reach, and name it in images.mirror",
    )
    if engine.stack.on_kubernetes:  # a clone's file tells before anything is asked
        raise elsewhere
    if not archive.is_file():
        raise OperationError(f"{archive} is no file", "give an archive that `docker save` wrote")
    prepare(engine.stack)
    hosts = _wanted(engine)
    if not hosts:
        raise elsewhere
    for wanted in hosts:
        with connected(wanted.host) as client:
            for line in load(client, archive, wanted.host.address):
                say(f"{wanted.host.address}: {line}")
            missing = missing_images(client, wanted.images)
        for image, reason in missing.items():
            print(f"{image} is missing on {wanted.host.address}{reason}", flush=True)
        if not missing:
            say(f"{wanted.host.address} has every image that the stack needs there")
    return 0


def images_in(steps: Iterable[Step]) -> list[str]:
    """The images of every PortusStack among the steps. Raises OperationError when there is none."""
    records = [each for each in steps if is_record(each.type) and each.inputs and each.change != "delete"]
    recorded = [Recorded.from_inputs(each.type, each.name, each.inputs) for each in records]
    if not recorded:
        raise OperationError("the program deploys no PortusStack", "choose a stack that has one")
    processes = [process for each in recorded for process in each.processes]
    return sorted({image for each in processes for image in (each.image, each.program) if image})


def load(client: APIClient, archive: Path, host: str) -> list[str]:
    """Load the archive; returns what the daemon says it loaded. Raises OperationError with its words when it fails."""
    client.timeout = _TIMEOUT_SECONDS
    told = []
    try:
        with archive.open("rb") as data:
            for event in client.load_image(data):  # type: ignore[no-untyped-call]
                if "error" in event:
                    raise OperationError(
                        f"{host} does not take {archive}: {event['error']}", "see `docker save --help`"
                    )
                told += [line for line in str(event.get("stream", "")).splitlines() if line.strip()]
    except APIError as error:
        raise OperationError(
            f"{host} does not take {archive}: {error.explanation}", "see `docker save --help`"
        ) from error
    except OSError as error:
        raise OperationError(f"{archive} did not get to {host}: {error}", "run this again") from error
    return told


def missing_images(client: APIClient, images: Sequence[str]) -> dict[str, str]:
    """Those that a host does not have → what more there is to say."""
    return {image: _why(client, image) for image in images if not _has(client, image)}


def _why(client: APIClient, image: str) -> str:
    tagged, _, digest = image.partition("@")
    if digest and _has(client, tagged):
        return f": {tagged} is there without its digest, which this Docker forgets as it loads (docs/operations.md)"
    return ""


def _has(client: APIClient, image: str) -> bool:
    try:
        client.inspect_image(image)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return False
    return True


def _wanted(engine: Engine) -> list[Wanted]:
    """What a preview asks each host for; a key that opens one is read from the plan, or from the state."""
    with tempfile.TemporaryDirectory(prefix="portus-stack-") as folder:  # mode 0700
        plan = Path(folder) / "plan.json"
        state, steps = preview_steps(engine, plan)
        planned = read_plan(plan)
    needs_state = state is not None and any(_HIDDEN in each.inputs.values() for each in steps if each.type == _PROVIDER)
    return wanted_by(steps, planned, engine.export(show_secrets=True) if needs_state else state)


def wanted_by(steps: Sequence[Step], planned: Mapping[str, object], state: State | None) -> list[Wanted]:
    """The Docker hosts among the steps with the images that PortusStacks need there, in a fixed order."""
    images: dict[str, set[str]] = {}
    for step in steps:
        if step.type == _IMAGE and step.change != "delete" and is_ours(step.urn):
            images.setdefault(step.provider, set()).add(str(step.inputs["name"]))
    shown = {each.name: each.inputs for each in (state.docker_providers if state else ())}
    for urn, entry in planned.items():
        if f"{_PROVIDER}::" in urn:
            name = urn.rpartition("::")[2]
            shown[name] = {**shown.get(name, {}), **_changed_inputs(entry)}
    providers = {each.name: each for each in steps if each.type == _PROVIDER}
    return [Wanted(_host(providers[name], shown.get(name, {})), tuple(sorted(images[name]))) for name in sorted(images)]


def _host(provider: Step, shown: Object) -> DockerHost:
    inputs = {key: shown.get(key) if value == _HIDDEN else value for key, value in provider.inputs.items()}
    return host_of(Resource.from_object({"urn": provider.name, "type": provider.type, "inputs": inputs}))


def _changed_inputs(entry: object) -> Object:
    """What a resource's entry of a plan says of its inputs, as far as they are new."""
    goal = entry.get("goal") if isinstance(entry, dict) else None
    changes = goal.get("inputDiff") if isinstance(goal, dict) else None
    found = [changes.get(kind) for kind in ("adds", "updates")] if isinstance(changes, dict) else []
    return {key: value for each in found if isinstance(each, dict) for key, value in each.items()}
