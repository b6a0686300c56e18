"""Every input that the wheel offers is implemented or refused by name: none is silently ignored."""

import inspect
import re
from collections.abc import Iterator

import pulumi_docker
import pytest
from pulumi._types import input_type_py_to_pulumi_names

from tests.unit.plugins_docker.samples import check_request, sample
from toolchain.plugins.docker.checking import check, check_arguments
from toolchain.plugins.docker.container_config import container_body
from toolchain.plugins.docker.container_schema import CONTAINER
from toolchain.plugins.docker.planning import known, plan
from toolchain.plugins.docker.provider import DockerProvider
from toolchain.plugins.docker.schema import Kind, Property, ResourceSchema, Schema
from toolchain.plugins.docker.schemas import CONFIGURATION, NETWORK, REMOTE_IMAGE, VOLUME
from toolchain.plugins.framework import ProviderError

_RESOURCES = {
    "ContainerArgs": CONTAINER,
    "NetworkArgs": NETWORK,
    "VolumeArgs": VOLUME,
    "RemoteImageArgs": REMOTE_IMAGE,
}
# Inputs that steer the plugin and not the body of the create request; each has engine tests.
_LIFECYCLE = {
    "attach",
    "containerReadRefreshTimeoutMilliseconds",  # only logged by the official plugin
    "destroyGraceSeconds",
    "logs",
    "mustRun",
    "name",
    "networksAdvanced",
    "platform",
    "removeVolumes",
    "start",
    "uploads",
    "wait",
    "waitTimeout",
}


def _walk(arguments: type, schema: Schema, path: str) -> Iterator[tuple[str, str, Property | None]]:
    """Path, name and property of every input of an arguments class, nested ones too."""
    annotations = inspect.signature(arguments).parameters
    for python_name, name in input_type_py_to_pulumi_names(arguments).items():
        item = schema.get(name)
        yield f"{path}.{name}", name, item
        nested = re.search(r"(\w+Args)\b", str(annotations[python_name].annotation))
        if nested and item is not None and not item.refused:
            yield from _walk(getattr(pulumi_docker, nested[1]), item.fields, f"{path}.{name}")


@pytest.mark.parametrize("arguments", _RESOURCES)
def test_every_input_of_the_wheel_is_known(arguments: str) -> None:
    walked = list(_walk(getattr(pulumi_docker, arguments), _RESOURCES[arguments].inputs, arguments))
    assert len(walked) > 5
    assert [path for path, _, item in walked if item is None] == []


def test_every_setting_of_the_provider_is_known() -> None:
    walked = list(_walk(pulumi_docker.ProviderArgs, CONFIGURATION, "provider"))
    assert [path for path, _, item in walked if item is None] == []


@pytest.mark.parametrize("schema", _RESOURCES.values(), ids=_RESOURCES)
def test_refused_inputs_are_refused_by_name(schema: ResourceSchema) -> None:
    for name, item in schema.inputs.items():
        if item.refused:
            reasons = [failure.reason for failure in check(schema, check_request({name: "x"})).failures]
            assert any(f"'{name}' is not covered" in reason for reason in reasons)


def test_nested_refused_inputs_are_refused_by_name() -> None:
    uploads = [{"file": "/f", "content": "x", "owner": "1"}]
    result = check(CONTAINER, check_request({"image": "i", "uploads": uploads}))
    assert [failure.reason for failure in result.failures] == [
        "'owner' is not covered by this stand-in plugin: its effect in the official plugin is not known. "
        "Examine values at 'c.uploads.owner'."
    ]


def _body(inputs: dict[str, object]) -> object:
    result = check(CONTAINER, check_request(inputs))
    assert not result.failures
    return container_body(known(plan(CONTAINER, None, result.inputs)), "1.47")


@pytest.mark.parametrize(
    "name", sorted(name for name, item in CONTAINER.inputs.items() if not item.refused and name not in _LIFECYCLE)
)
def test_every_input_of_a_container_reaches_docker(name: str) -> None:
    item = CONTAINER.inputs[name]
    value = sample(name, item)
    if name == "volumes":
        value = [{"containerPath": "/c", "volumeName": "v"}]
    base: dict[str, object] = {"image": "i"}
    assert _body({**base, name: value}) != _body(base), f"{name} is ignored"


@pytest.mark.parametrize(
    ("block", "field"),
    [
        (block, field)
        for block in ("healthcheck", "ulimits", "devices", "hosts", "ports", "deviceRequests", "capabilities")
        for field in CONTAINER.inputs[block].fields
    ],
)
def test_every_field_of_a_block_reaches_docker(block: str, field: str) -> None:
    item = CONTAINER.inputs[block]
    full = {name: sample(name, inner) for name, inner in item.fields.items()}
    other = {**full, field: _another(full[field])}
    whole, changed = (({block: value} if item.kind is Kind.OBJECT else {block: [value]}) for value in (full, other))
    assert _body({"image": "i", **whole}) != _body({"image": "i", **changed}), f"{block}.{field} is ignored"


def _another(value: object) -> object:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "c=d"]
    if isinstance(value, dict):
        return {**value, "l": "w"}
    return "3s" if value == "2s" else f"{value}9"


def test_other_types_and_functions_are_refused_by_name() -> None:
    provider = DockerProvider()
    with pytest.raises(ProviderError, match="docker:index/service:Service"):
        provider.resource("docker:index/service:Service")
    with pytest.raises(ProviderError, match="docker:index/getPlugin:getPlugin"):
        provider.function("docker:index/getPlugin:getPlugin")


def test_functions_refuse_unknown_arguments() -> None:
    _, failures = check_arguments({"name": Property(Kind.STRING, required=True)}, {"nome": "x"}, "f")
    assert [failure.reason for failure in failures] == [
        "Invalid or unknown key. Examine values at 'f.nome'.",
        'Missing required argument. The argument "name" is required, but no definition was found.. '
        "Examine values at 'f.name'.",
    ]
