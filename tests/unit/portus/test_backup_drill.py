"""The drill's script, whole, with a restic that is a folder and a database that is a list: what it finds wrong."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from components.portus.roles import backup

pytestmark = pytest.mark.skipif(shutil.which("shuf") is None, reason="the script is for GNU's tools")

LIBRARY = r"""
set -euo pipefail
shopt -s inherit_errexit
name=hub work=$folder/work layers=$folder/layers drill_layers=100 drill_heap=64MiB
say() { echo "$*" >&2; }
now() { echo 2026-06-01T00:00:00Z; }
report() { [ "$1" = drilled ]; }
refuse_foreign() { :; }
alone() { :; }
counts() { for table in users tags; do "$1" "SELECT '$table'"; done; }
restic() {
    case $1 in
        snapshots) cat "$folder/snapshots${!#//\//-}" ;;
        ls) (cd "$layers" && find . | cut -c 2-) ;;
        restore) while [ $# -gt 1 ]; do
            if [ "$1" = --include ]; then mkdir -p "$room/read${2%/*}"; cp "$layers$2" "$room/read$2"; fi
            shift
        done ;;
        dump) if [ "$3" = /portus.sql ]; then cat "$folder/dump"; else cat "$layers$3"; fi ;;
    esac
}
"""
THROWAWAY = r"""
room=$folder/work/drill
throw_away() { rm -rf "$room"; }
start_throwaway() { mkdir -p "$room"; }
sql_there() {
    case $* in
        '') cat > /dev/null ;;
        *"'users'"*) printf 'users\t%s\n' 3 ;;
        *"'tags'"*) printf 'tags\t%s\n' 2 ;;
        *) cat "$folder/named" ;;
    esac
}
"""


@dataclass
class Registry:
    """A registry's folder, and what Portus names of it."""

    folder: Path
    named: list[str] = field(default_factory=list)

    def path(self, digest: str) -> Path:
        return self.folder / f"layers/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"

    def link(self, name: str, digest: str) -> Path:
        revisions = self.folder / f"layers/docker/registry/v2/repositories/{name}/_manifests/revisions"
        return revisions / f"sha256/{digest}/link"

    def blob(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.path(digest).parent.mkdir(parents=True)
        self.path(digest).write_bytes(content)
        return digest

    def manifest(self, name: str, *digests: str, indent: int | None = None, **more: object) -> str:
        entries = [{"digest": f"sha256:{digest}", "size": 3} for digest in digests]
        digest = self.blob(json.dumps({"layers": entries, **more}, indent=indent).encode())
        self.link(name, digest).parent.mkdir(parents=True)
        self.link(name, digest).write_text(f"sha256:{digest}")
        return digest

    def tag(self, name: str, digest: str) -> None:
        self.named.append(f"{name} {digest}")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An image, and one of two platforms; Portus names both."""
    found = Registry(tmp_path)
    layers = [found.blob(f"layer {number}".encode()) for number in range(3)]
    found.tag("alice/app", found.manifest("alice/app", *layers[:2], indent=3))
    platforms = [found.manifest("base", *layers[1:]), found.manifest("base", layers[0])]
    found.tag("base", found.manifest("base", *platforms, kind="index"))
    return found


def snapshot(path: str, time: str, id_: str, *tags: str) -> Mapping[str, object]:
    return {"time": time, "tree": "x", "paths": [path], "hostname": "hub", "tags": ["complete", *tags], "short_id": id_}


OLD, NEW = "2026-05-31T02:17:00Z", "2026-06-01T02:17:00Z"
COUNTS = ("users=3", "tags=1", "users_after=3", "tags_after=2")


def drill(
    registry: Registry, counts: tuple[str, ...] = COUNTS, layers_of: tuple[str, ...] = (NEW,)
) -> tuple[int, str, str]:
    """Exit code, what it reported, and what it printed."""
    folder = registry.folder
    (folder / "work").mkdir(exist_ok=True)
    scripts = {
        "drill.sh": (files(backup) / "drill.sh").read_text(encoding="utf-8"),
        "library.sh": f"folder={folder}\n{LIBRARY}",
        "throwaway.sh": THROWAWAY,
        "named": "".join(f"{line}\n" for line in registry.named),
    }
    dumps = [snapshot("/portus.sql", time, time[:10], *counts) for time in (OLD, NEW)]
    of_layers = [snapshot("/var/lib/registry", time, f"layers-{time[:10]}") for time in layers_of]
    scripts["snapshots-portus.sql"] = json.dumps(dumps, separators=(",", ":"))
    scripts[f"snapshots{folder}/layers".replace("/", "-")] = json.dumps(of_layers, separators=(",", ":"))
    for name, text in scripts.items():
        (folder / name).write_text(text)
    if not (folder / "dump").exists():
        (folder / "dump").write_text("INSERT …;\n-- Dump completed on 2026-06-01\n")
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run([bash, str(folder / "drill.sh")], capture_output=True, text=True, check=False)
    assert not (folder / "work/drill").exists(), "it left something behind"
    return done.returncode, (folder / "work/drilled").read_text(), done.stdout + done.stderr


def test_a_whole_backup_succeeds(registry: Registry) -> None:
    code, told, printed = drill(registry)
    assert (code, told) == (0, "succeeded 2026-06-01T00:00:00Z 2026-06-01 manifests read: 4, layers: 3"), printed
    assert "users\t3\t3\ntags\t1\t2\n" in printed


def test_other_numbers_of_rows_are_found(registry: Registry) -> None:
    code, told, _ = drill(registry, ("users=4", "tags=1", "users_after=5", "tags_after=2"))
    assert code == 1
    assert told.startswith("failed 2026-06-01T00:00:00Z 2026-06-01 ")
    assert told.endswith("when it was made: users")


def test_a_dump_that_ends_early_is_found(registry: Registry) -> None:
    (registry.folder / "dump").write_text("INSERT …;\n")
    assert drill(registry)[1].endswith("the dump is not whole")


def test_the_newest_backup_of_which_both_parts_are_there_is_tried(registry: Registry) -> None:
    code, told, _ = drill(registry, layers_of=(OLD,))
    assert (code, told.split()[2]) == (0, "2026-05-31")
    code, told, _ = drill(registry, layers_of=())
    assert (code, told) == (1, "failed 2026-06-01T00:00:00Z - there is no whole backup")


@pytest.mark.parametrize("which", [0, 1], ids=["image", "index"])
def test_a_manifest_that_is_not_there_is_named(registry: Registry, which: int) -> None:
    name, digest = registry.named[which].split()
    registry.link(name, digest).unlink()
    code, told, _ = drill(registry)
    assert code == 1
    assert told.endswith(f"manifests that Portus names are not in the backup, 1: {name} {digest}")


def test_a_layer_of_one_platform_that_is_not_there_is_named(registry: Registry) -> None:
    lost = hashlib.sha256(b"layer 2").hexdigest()
    registry.path(lost).unlink()
    code, told, _ = drill(registry)
    assert code == 1
    assert f"layers of Portus' images are not in the backup, 1: {lost}" in told


def test_a_layer_that_is_not_there_is_told_with_who_uses_it(registry: Registry) -> None:
    own = registry.blob(b"another")
    registry.tag("bob/app", registry.manifest("bob/app", own))
    registry.path(own).unlink()
    assert drill(registry)[1].endswith(f"not in the backup, 1: {own} (of bob/app)")


@pytest.mark.parametrize("content", [b"layer 1", b"manifest"])
def test_what_is_not_as_its_name_says_is_found(registry: Registry, content: bytes) -> None:
    digest = registry.named[0].split()[1] if content == b"manifest" else hashlib.sha256(content).hexdigest()
    registry.path(digest).write_bytes(registry.path(digest).read_bytes() + b" ")
    code, told, _ = drill(registry)
    assert code == 1
    assert digest in told


@pytest.mark.parametrize("more", [{"subject": {"digest": f"sha256:{'0' * 64}"}}, {"kind": "image.rootfs.foreign.diff"}])
def test_what_need_not_be_there_is_not_missed(registry: Registry, more: Mapping[str, Any]) -> None:
    registry.tag("signed", registry.manifest("signed", "f" * 64, **more))
    assert drill(registry)[0] == 0
