"""What the caller of make writes into a variable is a word to everything that make runs, and never a command."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "toolchain/env": "#!/bin/sh\necho 'PATH=$PWD/toolchain:$PATH'\n",
    "toolchain/python": '#!/bin/sh\nprintf "%s\\n" "$@"\n/usr/bin/env\n',
}
"""In place of the tools: show what a recipe runs, and its environment."""
WORDS = ("STACK", "ALLOW_DATA_LOSS", "PROVIDERS", "PORTUS", "SHOW_SECRETS", "CLUSTER", "NODES")
COMMANDS = (
    "x'`touch owned`'",
    "x';touch owned;'",
    'x"`touch owned`"',
    "$(shell touch owned)",
    "$$(touch owned)",
    "x' $(touch owned) '",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with this Makefile, in which nothing but the recipes' shell is real."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "toolchain").mkdir()
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def made(clone: Path, *arguments: str, **variables: str) -> list[str]:
    """The lines that `make status` printed; no shell stands before it."""
    environment = {key: value for key, value in os.environ.items() if key not in (*WORDS, "ARGS", "MAKEFLAGS")}
    done = subprocess.run(
        ["make", "-s", "status", *arguments],
        cwd=clone,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_name_of_the_stack_reaches_the_command(clone: Path) -> None:
    assert made(clone, "STACK=prod")[:4] == ["-m", "operations", "status", "--stack=prod"]
    assert made(clone, STACK="prod")[:4] == ["-m", "operations", "status", "--stack=prod"]
    assert "--stack" not in "".join(made(clone)[:4])
    assert not [line for line in made(clone) if line.startswith("ALLOW_DATA_LOSS")]


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("word", WORDS)
def test_word_is_never_a_command(clone: Path, word: str, text: str) -> None:
    for lines in (made(clone, f"{word}={text}"), made(clone, **{word: text})):
        assert f"{word}={text}" in lines
        assert not (clone / "owned").exists()
        if word == "STACK":
            assert f"--stack={text}" in lines
