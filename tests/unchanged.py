"""Suites about the lab are left out when nothing that they read changed since they last passed on this machine.

What a suite reads is the closure of its modules' imports within the project, and the folders named in `SUITES`. A
hash of all of that is the name of an empty file in the tool folder, written when every test of the suite has passed in
one run. A whole `make test` leaves out what is noted; `make test ALL=1` runs it anyway; `make clean-tools` forgets.
"""

import ast
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.portus_image import GIVEN
from toolchain.install.fingerprint import fingerprint
from toolchain.install.folders import Folders

ROOT = Path(__file__).parents[1]
ALL = "ALL"
"""The variable that, with any value, has everything run."""

NOT_SOAK = "not soak"
"""The expression of marks that `make test` gives to pytest."""

SUITES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "the lab's Kubernetes": (
        ("tests/engine/cluster",),
        ("lab/cluster", "lab/images", "requirements-test.txt", "toolchain/install"),
    ),
    "the stand-in for Portus": (
        ("tests/contract/portus", "tests/contract/test_standin_flows.py", "tests/contract/test_lab_mariadb.py"),
        ("lab/portus_standin", "lab/images", "requirements-test.txt", "components/portus/patches"),
    ),
    "the provider plugins": (
        ("tests/engine/providers", "tests/contract/test_provider_schemas.py"),
        ("lab/engine", "toolchain", "requirements.txt", "requirements-test.txt"),
    ),
    "the language host": (
        (
            "tests/contract/test_language_host.py",
            "tests/contract/test_language_host_ends.py",
            "tests/contract/test_language_host_plugins.py",
        ),
        ("lab/engine", "toolchain", "requirements.txt", "requirements-test.txt"),
    ),
}
"""Suite → its folders and modules; and the folders and files beside their imports that decide whether they pass."""


def suite_of(nodeid: str) -> str | None:
    """The suite that a test belongs to."""
    module = nodeid.partition("::")[0]
    return next((name for name, (parts, _) in SUITES.items() if any(_within(module, part) for part in parts)), None)


def is_whole(config: pytest.Config) -> bool:
    """Whether everything was asked for, but for what `make soak` runs: neither single tests nor some by their names."""
    return _asked(config) == [ROOT / "tests"] and not _choosing(config)


def run_whole(config: pytest.Config) -> list[str]:
    """The suites of which everything was asked for."""
    asked = [] if _choosing(config) else _asked(config)
    return [name for name, (parts, _) in SUITES.items() if all(_covered(ROOT / part, asked) for part in parts)]


def _asked(config: pytest.Config) -> list[Path]:
    """What pytest was told to run; a single test (``module::name``) is a path that is not there."""
    return [Path(each).resolve() for each in config.args]


def _choosing(config: pytest.Config) -> bool:
    option = config.option
    some = option.keyword or option.maxfail or option.deselect or getattr(option, "lf", False)
    return bool(some) or option.markexpr not in ("", NOT_SOAK)


def _covered(path: Path, asked: Iterable[Path]) -> bool:
    return any(each in (path, *path.parents) for each in asked)


@cache
def key(suite: str) -> str:
    """A hash of all that the suite reads, of the image of Portus, and of whether we are root."""
    parts, inputs = SUITES[suite]
    read = {path for name in (*parts, *inputs) for path in _files(ROOT / name)}
    tests = [
        path
        for path in read
        if path.suffix == ".py" and any(_within(str(path.relative_to(ROOT)), part) for part in parts)
    ]
    folders = {folder for test in tests for folder in test.parents if ROOT in (folder, *folder.parents)}
    read |= closure([*tests, *(path for path in (folder / "conftest.py" for folder in folders) if path.exists())])
    named = [part for path in sorted(read) for part in (str(path.relative_to(ROOT)), path)]
    return fingerprint(suite, GIVEN, str(os.geteuid() == 0), *named)


def passed(suite: str) -> bool:
    """Whether it passed on this machine as it is now."""
    return not os.environ.get(ALL) and _mark(suite).exists()


def remember(results: Iterable[tuple[str, str]], whole: Sequence[str]) -> None:
    """Mark the suites of ``whole`` that passed: no outcome but "passed" and, beside it, "skipped".

    ``results`` are pairs of a test's id and an outcome; a test may have several.
    """
    outcomes: dict[str, set[str]] = {}
    for nodeid, outcome in results:
        if (suite := suite_of(nodeid)) in whole and suite is not None:
            outcomes.setdefault(suite, set()).add(outcome)
    for suite, found in outcomes.items():
        if "passed" in found and found <= {"passed", "skipped"}:
            mark = _mark(suite)
            mark.parent.mkdir(exist_ok=True)
            mark.touch()


def closure(modules: Iterable[Path]) -> set[Path]:
    """The modules and all of the project's that they import, directly or not."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(_imported(module))
    return found


def _mark(suite: str) -> Path:
    return Folders.from_environment().tools / "passed" / key(suite)


def _within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}/")


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts]


def _imported(module: Path) -> Iterator[Path]:
    package = module.parent.relative_to(ROOT).parts
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (path for alias in node.names for path in _module(alias.name))
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            for alias in node.names:
                yield from _module(f"{base}.{alias.name}") or _module(base)


def _module(name: str) -> list[Path]:
    """The project's file of that module. What a package itself imports counts only for who takes a name from it."""
    path = ROOT.joinpath(*name.split("."))
    return [each for each in (path.with_suffix(".py"), path / "__init__.py") if each.exists()]
