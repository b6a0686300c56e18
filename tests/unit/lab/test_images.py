"""The lab's images: names, sources' hashes and what the repository may not contain."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lab.images import builder, commands, fingerprint
from lab.images.catalogue import IMAGES, IMAGES_DIRECTORY, LAB_DIRECTORY, Image, find

ROOT = LAB_DIRECTORY.parent


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_every_image_has_its_sources(image: Image) -> None:
    assert image.parent is None or (image.directory / "Dockerfile").is_file()
    assert image.go_command is None or (image.directory / "go.sum").is_file()


def test_parents_come_before_their_children() -> None:
    names = [image.name for image in IMAGES]
    assert all(image.parent is None or names.index(image.parent) < names.index(image.name) for image in IMAGES)
    assert [image.name for image in builder.with_parents([find("edge")])] == ["base:bookworm", "edge:1.22"]


def test_names_are_found_with_and_without_prefix_and_tag() -> None:
    assert find("edge") is find("portus-stack.lab/edge:1.22")
    with pytest.raises(LookupError, match="ambiguous"):
        find("registry")
    with pytest.raises(LookupError, match="unknown"):
        find("postgres")


def test_what_a_command_says_beside_its_answer_is_no_part_of_it() -> None:
    """`toolchain/go` says on stderr when it waits for another installation."""
    assert commands.run(["sh", "-c", "echo waiting >&2; echo v2.8.3"]) == "v2.8.3\n"
    with pytest.raises(commands.BuildError, match=r"(?s)exit code 3:.*half.*no room"):
        commands.run(["sh", "-c", "echo half; echo no room >&2; exit 3"])


def test_changed_file_changes_the_hash_and_a_parents_change_its_childrens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, child = replace(find("base:bookworm"), folder="parent"), replace(find("edge"), folder="child")
    for image in (parent, child):
        (tmp_path / image.folder).mkdir()
        (tmp_path / image.folder / "Dockerfile").write_text("FROM x\n")
    monkeypatch.setattr("lab.images.catalogue.IMAGES_DIRECTORY", tmp_path)
    monkeypatch.setattr(fingerprint, "find", lambda _: parent)
    before = fingerprint.fingerprint(parent), fingerprint.fingerprint(child)
    (tmp_path / "parent/Dockerfile").write_text("FROM y\n")
    after = fingerprint.fingerprint(parent), fingerprint.fingerprint(child)
    assert before[0] != after[0] and before[1] != after[1]
    (tmp_path / "child/Dockerfile").chmod(0o755)
    assert fingerprint.fingerprint(child) != after[1]


def test_command_explains_itself_and_refuses_unknown_names() -> None:
    command = str(IMAGES_DIRECTORY / "build")
    shown = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "--list" in shown.stdout
    refused = subprocess.run([command, "postgres"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "unknown image 'postgres'" in refused.stderr


def test_locks_pin_every_requirement_with_hashes() -> None:
    lock = (LAB_DIRECTORY / "portus_standin/requirements.txt").read_text()
    requirements = re.findall(r"^([A-Za-z0-9_.\-]+)==[^\s]+ \\\n    --hash=sha256:", lock, flags=re.MULTILINE)
    wanted = re.findall(
        r"^([A-Za-z0-9\-]+)", (LAB_DIRECTORY / "portus_standin/requirements.in").read_text(), flags=re.MULTILINE
    )
    assert {name.lower() for name in wanted} <= {name.lower() for name in requirements}
    assert "://" not in lock
