"""Every input that the official Python packages know is implemented here or refused by name."""

import inspect
from types import ModuleType

import pulumi_random
import pulumi_tls
import pytest

from tests.unit.plugins.asking import Asking
from toolchain.plugins.framework.attributes import Input
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import Resource
from toolchain.plugins.random.provider import RESOURCES as RANDOM
from toolchain.plugins.tls.provider import RESOURCES as TLS

PACKAGES: tuple[tuple[ModuleType, dict[str, Resource]], ...] = ((pulumi_random, RANDOM), (pulumi_tls, TLS))


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def wheel_inputs(package: ModuleType, arguments: str) -> set[str]:
    """The inputs of an `Args` class, by their names in the engine."""
    parameters = inspect.signature(getattr(package, arguments).__init__).parameters
    return {camel_case(name) for name in parameters if name != "__self__"}


CASES = [
    pytest.param(package, token, resource, id=token)
    for package, resources in PACKAGES
    for token, resource in resources.items()
]


@pytest.mark.parametrize(("package", "token", "resource"), CASES)
def test_the_inputs_are_those_of_the_wheel(package: ModuleType, token: str, resource: Resource) -> None:
    assert isinstance(resource, PlannedResource)
    name = token.rpartition(":")[2]
    assert set(resource.inputs) == wheel_inputs(package, f"{name}Args")
    for input_name, spec in resource.inputs.items():
        if spec.fields:
            subject = f"{name}{input_name.capitalize()}Args"
            assert set(spec.fields) == wheel_inputs(package, subject)


@pytest.mark.parametrize(("package", "token", "resource"), CASES)
def test_the_outputs_are_those_of_the_wheel(package: ModuleType, token: str, resource: Resource) -> None:
    assert isinstance(resource, PlannedResource)
    kind = getattr(package, token.rpartition(":")[2])
    getters = {camel_case(name) for name, value in vars(kind).items() if isinstance(value, property)}
    assert getters == ({*resource.inputs, *resource.computed} - {"id"})


def test_every_type_of_the_wheels_is_covered() -> None:
    for package, resources in PACKAGES:
        declared = {name for name, value in vars(package).items() if inspect.isclass(value) and name.endswith("Args")}
        types = {name.removesuffix("Args") for name in declared if hasattr(package, name.removesuffix("Args"))}
        types = {name for name in types if not name.startswith("Provider") and name not in ("CertRequestSubject",)}
        assert {token.rpartition(":")[2] for token in resources} == types


REFUSED = [
    (token, name, spec)
    for resources in (RANDOM, TLS)
    for token, resource in resources.items()
    if isinstance(resource, PlannedResource)
    for name, spec in resource.inputs.items()
    if spec.refused
]


@pytest.mark.parametrize(("token", "name", "spec"), REFUSED, ids=[f"{token}-{name}" for token, name, _ in REFUSED])
def test_a_refused_input_is_named_with_the_way_out(token: str, name: str, spec: Input) -> None:
    resource = (RANDOM | TLS)[token]
    value = 1 if name.endswith("Version") else "x"
    reasons = [reason for reason in Asking(resource).reasons(**{name: value}) if "not covered" in reason]
    assert len(reasons) == 1
    assert name.removesuffix("Wo").removesuffix("WoVersion") in reasons[0]
    assert "PROVIDERS=official" in reasons[0]


def test_what_is_refused_is_known() -> None:
    """A longer list is a gap to be named in the documentation."""
    assert sorted({name for _, name, _ in REFUSED}) == [
        "caPrivateKeyPemWo",
        "caPrivateKeyPemWoVersion",
        "privateKeyPemWo",
        "privateKeyPemWoVersion",
        "seed",
    ]
