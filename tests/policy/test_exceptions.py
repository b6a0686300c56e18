"""How wide an exception is: the very path, value and component that it names, and nothing beside."""

import datetime
from typing import Any

import pytest
from portus_policies.all_rules import RULES
from portus_policies.exceptions import Exemption, parse_exceptions
from portus_policies.findings import Finding
from portus_policies.resource import COMPONENT, Resource
from portus_policies.roles import CONTAINER

RULE = next(iter(RULES.values()))
INSIDE = f"{COMPONENT}$portus:internal:DockerTarget$portus:internal:Portus${CONTAINER}"
TODAY = datetime.date(2027, 1, 1)


def excused(path: str = "a", types: str = INSIDE, name: str = "hub-portus", inputs: Any = None, **keys: Any) -> bool:
    """Whether an exception with these keys covers a finding at a path of a container."""
    exemption = Exemption((RULE.id,), keys.pop("resources", "*"), "a reason", "somebody", TODAY, **keys)
    one = Resource(f"urn:pulumi:s::p::{types}::{name}", types.rpartition("$")[2], name, inputs or {})
    return exemption.covers(Finding(RULE, one, path), "strict")


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("capabilities.adds[*]", "capabilities.adds[12]", True),
        ("capabilities.adds[*]", "capabilities.adds", False),
        ("capabilities.adds[*]", "capabilities.adds[0].more", False),
        ("capabilities.adds[*]", "capabilities.addsX[0]", False),
        ("user", "user", True),
        ("user", "userns", False),
        ("user", "a.user", False),
        ("**.mode", "spec.volumes[0].items[1].mode", True),
        ("**.mode", "spec.volumes[0].defaultMode", False),
        ("**.mode", "spec.mode.readOnly", False),
        ("a.*", "a.b", False),
    ],
)
def test_a_path_is_that_path(pattern: str, path: str, covered: bool) -> None:
    assert excused(path, paths=(pattern,)) is covered


@pytest.mark.parametrize(
    ("inputs", "covered"),
    [({"adds": ["CAP_SETUID"]}, True), ({"adds": ["CAP_SYS_ADMIN"]}, False), ({"adds": []}, False), ({}, False)],
)
def test_a_value_is_that_value(inputs: Any, covered: bool) -> None:
    assert excused("c.adds[0]", inputs={"c": inputs}, values=("CAP_SETUID",)) is covered


def test_a_role_is_a_members() -> None:
    labelled = {"labels": [{"label": "org.portus-stack.role", "value": "portus"}]}
    assert excused(roles=("portus",))
    assert not excused(roles=("registry",))
    assert not excused(types=CONTAINER, inputs=labelled, roles=("portus",)), "it says so itself"
    assert not excused(types=f"evil{COMPONENT}${CONTAINER}", inputs=labelled, roles=("portus",))


def test_a_component_is_among_the_parents() -> None:
    assert excused(inside=COMPONENT)
    assert not excused(types=CONTAINER, name=f"{COMPONENT}${CONTAINER}::x", inside=COMPONENT)
    assert not excused(types=f"evil{COMPONENT}${CONTAINER}", inside=COMPONENT)


def test_a_name_does_not_pass_for_types() -> None:
    pattern = f"*{COMPONENT}$*::*"
    assert excused(resources=pattern)
    assert not excused(types=CONTAINER, name=f"{COMPONENT}$::x", resources=pattern)


def test_variables_tell_old_images() -> None:
    assert excused(inputs={"envs": ["MARIADB_SERVICE_HOST=db"]}, variables=("MARIADB_SERVICE_HOST",))
    assert not excused(inputs={"envs": ["PORTUS_DB_HOST=db"]}, variables=("MARIADB_SERVICE_HOST",))


@pytest.mark.parametrize("key", ["roles", "paths", "values", "variables"])
@pytest.mark.parametrize("value", ["portus", [], [""], None, [1]])
def test_a_list_that_is_none_would_excuse_everything_and_is_refused(key: str, value: Any) -> None:
    entry = {"rules": ["D12"], "resources": "*", "reason": "a reason that is long enough", "owner": "x"}
    parsed = parse_exceptions([{**entry, "expires": TODAY, key: value}])
    assert parsed.exemptions == () and f"{key} must be a list of texts" in "; ".join(parsed.problems)
