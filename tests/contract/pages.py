"""The pages that people read, and the blocks in them."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.contract.project_files import ROOT, project_files

PAGES = [path for path in project_files(".md") if path.parts[0] != "lab"]
RUN_BY = {
    "README.md": "tests/engine/docker/test_pages.py",
    "docs/backups.md": "tests/engine/docker/test_backups.py",
    "docs/cluster.md": "tests/engine/kubernetes/test_pages.py",
    "docs/migration.md": "tests/engine/docker/test_migration.py",
    "docs/operations.md": "tests/engine/docker/test_pages.py",
    "docs/policies.md": "tests/engine/policies/test_pages.py",
    "docs/quickstart.md": "tests/engine/docker/test_pages.py",
    "examples/README.md": "tests/engine/docker/test_examples.py",
    "policies/README.md": "tests/engine/policies/test_pages.py",
}
"""Page → the tests that run its shell blocks."""
_BLOCK = re.compile(
    r"^(?P<before>[^\n]*)\n(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
_ILLUSTRATIVE = "<!-- illustrative:"


@dataclass(frozen=True)
class Block:
    """A block; one that cannot be run as it is has the comment `illustrative:`, with the reason, on the line before."""

    language: str
    body: str
    illustrative: bool


def text_of(path: Path | str) -> str:
    """A page, by its path in the project."""
    return (ROOT / path).read_text(encoding="utf-8")


def blocks(path: Path | str) -> list[Block]:
    """All blocks of a page."""
    return [
        Block(found["language"], dedent(found["body"]), found["before"].startswith(_ILLUSTRATIVE))
        for found in _BLOCK.finditer(text_of(path))
    ]


def commands(path: Path | str) -> list[str]:
    """The shell blocks of a page that are not illustrative."""
    return [block.body for block in blocks(path) if block.language == "sh" and not block.illustrative]
