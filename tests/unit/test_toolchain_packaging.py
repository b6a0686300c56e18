"""pyproject.toml names every folder of the component's package; what is not named is missing from the wheel."""

import sys
from pathlib import Path

from toolchain.install.folders import CHECKOUT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = CHECKOUT / "components" / "portus"
ROOTS = {"pulumi_portus": PACKAGE, "pulumi_portus.operations": CHECKOUT / "operations"}
"""Package → its folder."""
DATA = {
    "pulumi_portus.patches": ("patches", [".rb"]),
    "pulumi_portus.roles.backup": ("roles/backup", [".sh"]),
    "pulumi_portus.operations.monitoring": ("monitoring", [".yaml", ".json"]),
}
"""Package → the folder of its data, and what that ends with."""


def packages_on_disk() -> set[str]:
    return {
        ".".join((name, *file.parent.relative_to(root).parts))
        for name, root in ROOTS.items()
        for file in root.rglob("*.py")
    }


def test_every_folder_with_modules_is_in_the_package() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    assert set(project["tool"]["setuptools"]["packages"]) == packages_on_disk()


def test_files_that_are_no_modules_are_named() -> None:
    """`py.typed` and, as data of their packages, Portus' patches, scripts of the backup, alerts and dashboard."""
    other = {
        file.relative_to(root)
        for root in ROOTS.values()
        for file in root.rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    for package, (folder, suffixes) in DATA.items():
        data = {file for file in other if file.parent == Path(folder) and file.suffix in suffixes}
        assert {file.suffix for file in data} == set(suffixes), package
        assert project["tool"]["setuptools"]["package-data"][package] == [f"*{suffix}" for suffix in suffixes]
        other -= data
    assert other == {Path("py.typed")}
