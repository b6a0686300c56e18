"""What every file of the project keeps to."""

import ast
import re
from pathlib import Path

import pytest

from tests.contract.project_files import ROOT, project_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
_LABELS = (
    *(("pypi", "org"), ("files", "pythonhosted"), ("registry", "npmjs"), ("proxy", "golang"), ("sum", "golang")),
    *(("deb", "debian"), ("security", "debian"), ("ftp", "debian"), ("crates", "io"), ("repo1", "maven")),
)
REGISTRIES = tuple(".".join(labels) for labels in _LABELS)
"""Which registry a machine uses is its own affair: pip, go and apt are configured outside."""
MACHINE_PATHS = re.compile(r"(?<![\w./~}-])/(?:work|root|home|Users)/\w")
LOCKS = {"requirements.txt", "requirements-test.txt", "go.sum"}


def text_of(path: Path) -> str:
    return (ROOT / path).read_bytes().decode("utf-8", errors="replace")


def test_no_file_names_a_package_registry() -> None:
    for path in project_files():
        found = [host for host in REGISTRIES if host in text_of(path)]
        assert not found, f"{path} names {found[0]}"


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    for path in project_files():
        found = MACHINE_PATHS.search(text_of(path))
        assert not found, f"{path} holds {found and found[0]}…"


def test_nothing_built_is_kept() -> None:
    for path in project_files():
        assert b"\0" not in (ROOT / path).read_bytes()[:8000], f"{path} is binary"


@pytest.mark.parametrize("path", project_files(".py", ".sh"), ids=str)
def test_file_is_short_enough_to_read(path: Path) -> None:
    count = text_of(path).count("\n")
    assert count < LONGEST_FILE, f"{path} has {count} lines: it asks for a second room"


@pytest.mark.parametrize("path", [path for path in project_files(".py") if path.parts[0] == "components"], ids=str)
def test_function_is_short_enough_to_read(path: Path) -> None:
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno
            assert length < LONGEST_FUNCTION, f"{path}: {node.name} has {length} lines"


def test_every_download_is_locked_by_a_checksum() -> None:
    for path in project_files(".txt"):
        if path.name in LOCKS:
            requirements = re.findall(r"^[A-Za-z0-9_.-]+(?:\[\w+\])?==.*(?:\n\s+.*)*", text_of(path), re.MULTILINE)
            assert requirements, path
            assert all("--hash=sha256:" in requirement for requirement in requirements), path
