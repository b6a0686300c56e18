"""pyproject.toml names every folder of the component's package; what is not named is missing from the wheel."""

import sys
from pathlib import Path

from toolchain.install.folders import CHECKOUT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = CHECKOUT / "components" / "portus"


def packages_on_disk() -> set[str]:
    folders = {file.parent for file in PACKAGE.rglob("*.py")}
    return {".".join(("pulumi_portus", *folder.relative_to(PACKAGE).parts)) for folder in folders}


def test_every_folder_with_modules_is_in_the_package() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    assert set(project["tool"]["setuptools"]["packages"]) == packages_on_disk()


def test_files_that_are_no_modules_are_named() -> None:
    """`py.typed` and, as data of their package, Portus' patches."""
    other = {
        str(Path(file).relative_to(PACKAGE))
        for file in PACKAGE.rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    patches = {file for file in other if file.startswith("patches/") and file.endswith(".rb")}
    assert other - patches == {"py.typed"} and patches
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["package-data"]["pulumi_portus.patches"] == ["*.rb"]
