"""Who may import whom (docs: architecture). Read from the source, so that a forgotten import is found too."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import yaml

from tests.contract.project_files import ROOT, project_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIBRARY = ROOT / "components" / "portus"
SCRIPTS = LIBRARY / "tasks" / "scripts"
MODULES = sorted(path for path in LIBRARY.rglob("*.py") if SCRIPTS not in path.parents)

ALLOWED: dict[str, set[str]] = {
    "_version": set(),
    "naming": set(),
    "images": set(),
    "token_trust": set(),
    "image_args": set(),
    "resources_args": set(),
    "backup_args": {"resources_args"},
    "kubernetes_args": {"image_args"},
    "args": {"image_args", "kubernetes_args", "backup_args", "resources_args"},
    "topology": set(),
    "contract": {"naming"},
    "patches": set(),
    "settings": {"args", "images", "contract", "patches"},
    "credentials": {"settings", "naming"},
    "certificates": {"settings", "naming", "topology"},
    "protection": {"settings", "naming"},
    "record": {"settings", "naming", "topology", "certificates"},
    "roles": {
        *("args", "settings", "topology", "contract", "naming", "images", "token_trust", "credentials", "certificates"),
    },
    "tasks": {"args", "settings", "topology", "contract", "naming", "roles", "credentials", "certificates"},
    "assembly": {"args", "settings", "topology", "roles", "tasks", "credentials", "certificates"},
    "targets": {"args", "settings", "topology", "naming", "images"},
}
"""Room of ``components/portus`` → the rooms that it may use. ``portus_stack`` and ``__init__`` may use all."""
PROVIDERS = {
    "pulumi_docker": {"targets"},
    "pulumi_kubernetes": {"targets"},
    "pulumi_random": {"credentials"},
    "pulumi_tls": {"certificates"},
}
"""Provider package → the rooms that may create its resources."""


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    """Absolute names of the modules that a file imports; ``package`` is the one it lies in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def library_imports(path: Path) -> list[str]:
    return list(imported(path, ("portus", *path.relative_to(LIBRARY).parent.parts)))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_room_uses_only_the_rooms_it_may(path: Path) -> None:
    here = room(path)
    if here in ("portus_stack", "__init__"):
        return
    used = {name.split(".")[1] for name in library_imports(path) if name.startswith("portus.")}
    assert used - {here} <= ALLOWED[here], f"{here} must not know {used - {here} - ALLOWED[here]}"


def test_every_room_has_a_rule() -> None:
    assert {room(path) for path in MODULES} - {"portus_stack", "__init__"} == set(ALLOWED)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_only_its_own_room_creates_a_providers_resources(path: Path) -> None:
    for package, rooms in PROVIDERS.items():
        uses = any(name.split(".")[0] == package for name in library_imports(path))
        assert not uses or room(path) in rooms, f"{path.name} imports {package}"


def test_roles_do_not_know_a_target_and_targets_no_role() -> None:
    """Portus is a word that no target knows."""
    for path in MODULES:
        if room(path) == "targets":
            assert not [name for name in library_imports(path) if ".roles" in name or ".contract" in name]
        if room(path) in ("roles", "tasks"):
            assert not [name for name in library_imports(path) if ".targets" in name]


def test_a_target_is_imported_only_when_it_was_chosen() -> None:
    """A preview for Docker does not pay for the import of Kubernetes, nor does it need its provider."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import components; "
        "print(sorted({'pulumi_docker', 'pulumi_kubernetes'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_program_reads_configuration() -> None:
    for path in project_files(".py"):
        if path.parts[0] == "components":
            source = (ROOT / path).read_text(encoding="utf-8")
            assert "pulumi.Config" not in source and "get_config" not in source, path


def test_product_policies_toolchain_and_lab_know_nothing_of_one_another() -> None:
    rooms = {
        "components": {"toolchain", "lab", "policies", "portus_policies", "operations"},
        "operations": {"toolchain", "lab", "policies", "portus_policies", "components"},
        "toolchain": {"components", "lab", "policies", "portus_policies"},
        "lab": {"components", "toolchain", "policies", "portus_policies"},
        "policies": {"components", "toolchain", "lab", "operations"},
    }
    for path in project_files(".py"):
        for name in imported(ROOT / path, path.parent.parts):
            assert name.split(".")[0] not in rooms.get(path.parts[0], set()), f"{path} imports {name}"


def test_scripts_need_nothing_but_python() -> None:
    """They run in a plain Python image."""
    beside = {path.stem for path in SCRIPTS.glob("*.py")}
    for path in SCRIPTS.glob("*.py"):
        for name in imported(path, ()):
            assert name.split(".")[0] in sys.stdlib_module_names | beside, f"{path.name} imports {name}"


def test_components_are_inferred_from_real_annotations() -> None:
    """With postponed annotations the SDK finds no schema."""
    for path in MODULES:
        assert "from __future__ import annotations" not in path.read_text(encoding="utf-8"), path


def test_everything_that_the_wheel_imports_is_declared() -> None:
    """What comes along with something else today is missing tomorrow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        name.split(">")[0].split("<")[0].split("=")[0].strip().lower().replace("_", "-")
        for name in (*project["dependencies"], *chain(*project["optional-dependencies"].values()))
    }
    providers = packages_distributions()
    operations = [ROOT / path for path in project_files(".py") if path.parts[0] == "operations"]
    imports = {path: library_imports(path) for path in MODULES}
    imports |= {path: list(imported(path, path.relative_to(ROOT).parent.parts)) for path in operations}
    for path, names in imports.items():
        for name in names:
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names | {"portus", "operations"}:
                found = {distribution.lower().replace("_", "-") for distribution in providers[top]}
                assert found & declared, (
                    f"{path.name} imports {top} ({', '.join(found)}), which pyproject.toml does not name"
                )


def test_plugin_and_program_agree_on_python() -> None:
    assert (
        yaml.safe_load((ROOT / "components" / "PulumiPlugin.yaml").read_text(encoding="utf-8"))["runtime"] == "python"
    )
