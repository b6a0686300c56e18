"""What the tests of the pack tell at the end of a run, whether they pass or not."""

import pytest

TOLD = pytest.StashKey[list[str]]()
"""In the stash of pytest's configuration: the lines, which conftest.py prints as a section of their own."""


def tell(config: pytest.Config, *lines: str) -> None:
    """Have lines printed at the end."""
    config.stash.setdefault(TOLD, []).extend(lines)
