"""The script that runs the registry's collector: that it never outlives who keeps pushes away, and what it tells."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.portus import topologies

COUNTS = "3 blobs marked, 2 blobs and 1 manifests eligible for deletion"
WORKS = f"""\
echo app; echo 'app: marking manifest sha256:1 '; echo 'app: marking blob sha256:2'
echo 'manifest eligible for deletion: sha256:3'; echo; echo '{COUNTS}'
echo 'blob eligible for deletion: sha256:4'; echo 'time="x" level=info msg="Deleting blob"' >&2"""
KILLED = "collector ended with 137\n"
NEVER_ENDS = "while :; do sleep 0.05; done"


class Script:
    """As it stands in the container, with another program in the registry's place and a guard that looks often."""

    def __init__(self, folder: Path, registry: str) -> None:
        text = topologies.plain_file(topologies.topology(), "registry", "/etc/portus-stack/collect.sh")
        for old, new in (
            ("/tmp/collector", f"{folder}/collector"),
            ("sleep 20", "sleep 0.5"),
            ("sleep 1", "sleep 0.1"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        self.folder, self._text = folder, text
        (folder / "registry").write_text(f'#!/bin/sh\necho "$@" >{folder}/arguments\n{registry}\n')
        (folder / "registry").chmod(0o755)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        return subprocess.Popen(
            ["sh", "-c", self._text, "collect.sh", *words], stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        printed, _ = process.communicate(timeout=30)
        return process.returncode, printed

    def works(self) -> bool:
        return (self.folder / "arguments").exists()

    def wait(self) -> None:
        until = time.monotonic() + 20
        while not self.works():
            assert time.monotonic() < until
            time.sleep(0.05)


def test_what_is_removed_is_told_and_what_is_kept_is_not(tmp_path: Path) -> None:
    script = Script(tmp_path, WORKS)
    told = (
        f"app\nmanifest eligible for deletion: sha256:3\n\n{COUNTS}\nblob eligible for deletion: sha256:4\n"
        "collector ended with 0\n"
    )
    assert script.run("run", "--delete-untagged") == (0, told)
    arguments = (tmp_path / "arguments").read_text()
    assert arguments == "garbage-collect --delete-untagged /etc/portus-stack/config.yml\n"
    assert script.run("look") == (0, told)
    assert (tmp_path / "arguments").read_text() == "garbage-collect --dry-run /etc/portus-stack/config.yml\n"
    assert {each.name for each in tmp_path.iterdir()} == {"registry", "arguments"}, "nothing is left"


def test_a_failure_is_told(tmp_path: Path) -> None:
    code, printed = Script(tmp_path, "printf 'failed to garbage collect: no' >&2; exit 1").run("run")
    assert (code, printed) == (0, "failed to garbage collect: nocollector ended with 1\n")


def test_who_is_wanted_no_longer_is_ended(tmp_path: Path) -> None:
    started = time.monotonic()
    _, printed = Script(tmp_path, NEVER_ENDS).run("run")
    assert printed.endswith(KILLED)
    assert 0.9 < time.monotonic() - started < 20


def test_who_is_wanted_again_and_again_goes_on(tmp_path: Path) -> None:
    script = Script(tmp_path, "sleep 3")
    process = script.start("run")
    while process.poll() is None:
        assert script.run("wanted")[0] == 0
        time.sleep(0.1)
    assert process.communicate()[0] == "collector ended with 0\n"


def test_only_one_is_at_work_and_stop_ends_it(tmp_path: Path) -> None:
    script = Script(tmp_path, NEVER_ENDS)
    process = script.start("run")
    script.wait()
    assert script.run("run") == (75, "")
    assert script.run("stop") == (0, "")
    assert process.communicate(timeout=20)[0].endswith(KILLED)
    assert script.run("stop")[0] == 0, "where none is at work"


def test_the_collector_outlives_its_shell_no_longer_than_it_is_wanted(tmp_path: Path) -> None:
    """As when the command was killed and the engine has taken the shell away, or has not."""
    script = Script(tmp_path, f"echo $$ >{tmp_path}/pid; {NEVER_ENDS}")
    process = script.start("run")
    script.wait()
    process.kill()
    until = time.monotonic() + 20
    while Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
    process.communicate(timeout=20)


@pytest.mark.parametrize("in_bucket", [False, True], ids=["volume", "bucket"])
def test_keys_of_a_bucket_come_from_their_files_and_its_size_is_not_told(in_bucket: bool) -> None:
    topology = topologies.topology(topologies.S3 if in_bucket else {})
    text = topologies.plain_file(topology, "registry", "/etc/portus-stack/collect.sh")
    assert "SENTINEL" not in text
    assert "REGISTRY_HTTP_SECRET" not in text
    for name in ("REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"):
        assert (f'{name}="$(cat /etc/portus-stack/{name.lower()})"\nexport {name}\n' in text) is in_bucket
    assert ("du -sk /var/lib/registry/docker/registry/v2/blobs" in text) is not in_bucket
