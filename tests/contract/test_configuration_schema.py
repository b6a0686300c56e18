"""Pulumi.yaml, __main__.py and the arguments of PortusStack say the same."""

import ast
import inspect
import re
from typing import Any

import pytest
import yaml
from typing_extensions import get_type_hints, is_typeddict

from components import portus as library
from components.portus import args as arguments
from components.portus import backup_args as backup_arguments
from components.portus import image_args as image_arguments
from components.portus import images
from components.portus import kubernetes_args as kubernetes_arguments
from components.portus.args import PortusStackArgs
from tests.contract.project_files import ROOT
from tests.unit.portus.samples import FORWARD_REFERENCES

PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
CONFIG: dict[str, dict[str, Any]] = PROJECT["config"]
SWITCHED = {"backup"}
"""Groups whose absence means something: `pulumi` wants a value for whatever is declared."""
OF_THE_PROGRAM = {"docker_host", "kubeconfig", "kube_context"}
"""Keys for the program itself: which providers it makes."""
TYPES = {"string": str, "boolean": bool, "object": dict, "integer": int}
MODULES = (arguments, backup_arguments, image_arguments, kubernetes_arguments)
GROUPS = [
    one
    for module in MODULES
    for one in vars(module).values()
    if is_typeddict(one) and one.__module__ == module.__name__
]


def test_every_argument_is_configurable_and_every_key_is_an_argument() -> None:
    declared = set(CONFIG) - OF_THE_PROGRAM
    assert declared | SWITCHED == set(get_type_hints(PortusStackArgs, localns=FORWARD_REFERENCES))
    assert not declared & SWITCHED


@pytest.mark.parametrize("key", [*CONFIG, *SWITCHED])
def test_key_is_read_by_the_program(key: str) -> None:
    words = {
        node.value
        for node in ast.walk(ast.parse((ROOT / "__main__.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert key in words


@pytest.mark.parametrize("key", CONFIG)
def test_key_has_a_type_a_description_and_a_fitting_default(key: str) -> None:
    one = CONFIG[key]
    assert len(one["description"]) > 20
    assert one["type"] in TYPES
    if "default" in one:
        assert isinstance(one["default"], TYPES[one["type"]])
    else:
        assert key == "hostnames", "only what nobody can guess is required"


def test_defaults_are_those_of_the_component() -> None:
    assert CONFIG["task_image"]["default"] == images.TASK
    assert CONFIG["target"]["default"] == arguments.Target.DOCKER.value
    assert CONFIG["smoke_check"]["default"] is True


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_description_of_a_group_names_its_arguments(group: type) -> None:
    """What stands in a nested group cannot be declared in Pulumi.yaml, so the description has to say it."""
    top = {
        name: hint
        for name, hint in get_type_hints(PortusStackArgs, localns=FORWARD_REFERENCES).items()
        if hint is group
    }
    for key in top.keys() - SWITCHED:
        missing = [
            name for name in get_type_hints(group, localns=FORWARD_REFERENCES) if name not in CONFIG[key]["description"]
        ]
        assert not missing, f"the description of {key} does not name {', '.join(missing)}"


def _documented(node: ast.ClassDef) -> dict[str, str]:
    """Field → the docstring beneath it."""
    found: dict[str, str] = {}
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            found[field.target.id] = str(after.value.value) if is_text else ""  # type: ignore[union-attr]
    return found


CLASSES = [
    node for module in MODULES for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)
]


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_every_argument_says_what_it_is(node: ast.ClassDef) -> None:
    assert ast.get_docstring(node)
    for name, text in _documented(node).items():
        assert text, f"{node.name}.{name} has no docstring"


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_every_optional_plain_argument_says_what_its_default_means(node: ast.ClassDef) -> None:
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            kind = ast.unparse(field.annotation)
            if re.fullmatch(r"NotRequired\[(str|int|float|bool|list\[\w+\])\]", kind) and node.name != "RotationArgs":
                text = _documented(node)[field.target.id]
                assert "efault" in text or "Required" in text, f"{node.name}.{field.target.id} does not say its default"


def test_units_stand_in_the_names() -> None:
    for name in [field for node in CLASSES for field in _documented(node)]:
        assert not re.search(r"(^|_)(size|timeout|validity|memory|interval)$", name), f"{name} has no unit"


def test_enough_is_public() -> None:
    """Each type of the arguments can be named by a program that uses the library."""
    assert {group.__name__ for group in GROUPS} <= set(library.__all__)
    assert len(library.__all__) == len(set(library.__all__))
    assert all(hasattr(library, name) for name in library.__all__)
