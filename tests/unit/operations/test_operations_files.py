"""Files: the copy of the stack file, /etc/hosts, private files."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from operations import hosts_file
from operations.config_copy import refresh_copy, with_salt
from operations.console import OperationError
from operations.private_files import make_private, write_private
from operations.stack import Stack

from .states import stack


def stack_with(folder: Path, text: str) -> Stack:
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "Pulumi.s.yaml").write_text(text)
    return stack(folder)


def test_the_copy_has_the_salt_and_the_clone_has_not(tmp_path: Path) -> None:
    text = "# why\nconfig:\n  portus-stack:target: docker\n"
    found = stack_with(tmp_path, text)
    refresh_copy(found, "v1:salt")
    assert yaml.safe_load(found.config_copy.read_text()) == {
        "config": {"portus-stack:target": "docker"},
        "encryptionsalt": "v1:salt",
    }
    assert found.committed_file.read_text() == text
    assert found.config_copy.stat().st_mode & 0o777 == 0o600
    assert found.config_copy.parent.stat().st_mode & 0o777 == 0o700


def test_the_copy_follows_every_edit(tmp_path: Path) -> None:
    refresh_copy(stack_with(tmp_path, "config: {a:b: 1}\n"), "v1:salt")
    (tmp_path / "stacks" / "Pulumi.s.yaml").write_text("config: {a:b: 2}")
    edited = stack(tmp_path)
    refresh_copy(edited, "v1:salt")
    assert yaml.safe_load(edited.config_copy.read_text())["config"] == {"a:b": 2}


@pytest.mark.parametrize("key", ["encryptionsalt", "secretsprovider"])
def test_a_file_with_secrets_of_its_own_is_taken_as_it_is(key: str) -> None:
    text = f"{key}: own\nconfig: {{}}\n"
    assert with_salt(text, {key, "config"}, "v1:salt") == text


def test_a_missing_stack_file_names_those_that_exist(tmp_path: Path) -> None:
    stack_with(tmp_path, "config: {}")
    with pytest.raises(OperationError, match="one of: s"):
        _ = stack(tmp_path, "other").document


def test_a_broken_stack_file_is_an_error_that_quotes_nothing_of_it(tmp_path: Path) -> None:
    found = stack_with(tmp_path, 'config:\n  password: "hunter2\n')
    with pytest.raises(OperationError) as caught:
        _ = found.document
    assert "Pulumi.s.yaml:" in str(caught.value) and "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "-x", "/a", "a/", "../a", "a/b/c/d", "a b", "$(x)", "a;b", "x" * 101])
def test_impossible_stack_names_are_refused(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTUS_STACK_STATE", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    with pytest.raises(OperationError, match="no name of a stack"):
        Stack.of(stack(tmp_path).project, name)


def test_docker_addresses_are_those_of_the_hosts_or_the_inherited_one(tmp_path: Path) -> None:
    hosts = "[{name: a, address: 'ssh://u@h'}, {name: b}]"
    found = stack_with(tmp_path, f"config:\n  portus-stack:docker: {{hosts: {hosts}}}\n")
    assert found.docker_addresses == ("ssh://u@h", "unix:///var/run/docker.sock")
    assert stack(tmp_path, "none").committed_file.name == "Pulumi.none.yaml"


def test_lab_images_are_found_wherever_they_stand(tmp_path: Path) -> None:
    found = stack_with(tmp_path, "config: {a:b: {image: 'portus-stack.lab/edge:1'}, a:c: portus-stack.lab/python:3}\n")
    assert found.lab_images == ("portus-stack.lab/edge:1", "portus-stack.lab/python:3")


HOSTS = "127.0.0.1 localhost\n10.0.0.1 a # portus-stack local2\n# portus-stack local is mentioned here\n"


def test_a_line_comes_once_and_goes_without_a_trace() -> None:
    once = hosts_file.with_line(HOSTS, "local", "127.0.0.1", ["p.test", "r.test"])
    assert once == HOSTS + "127.0.0.1 p.test r.test # portus-stack local\n"
    assert hosts_file.with_line(once, "local", "127.0.0.1", ["p.test", "r.test"]) == once
    assert hosts_file.names_of(once, "local") == ["p.test", "r.test"]
    assert hosts_file.without_lines(once, "local") == HOSTS


def test_a_file_without_a_last_newline_keeps_its_last_line() -> None:
    assert hosts_file.with_line("::1 x", "s", "1.2.3.4", ["y"]) == "::1 x\n1.2.3.4 y # portus-stack s\n"


def test_changes_at_the_same_time_wait_for_one_another(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("")

    def one_more(text: str) -> str:
        os.sched_yield()
        return f"{text}x"

    def change(_: int) -> None:
        hosts_file.change(path, one_more)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(400)))
    assert path.read_text() == "x" * 400


def test_private_files_are_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert [each.name for each in path.parent.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_make_private_takes_from_others_and_leaves_links_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o644)
    folder = tmp_path / "state"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").write_text("x")
    (folder / "sub" / "file").chmod(0o755)
    (folder / "link").symlink_to(outside)
    make_private(folder)
    assert (folder / "sub" / "file").stat().st_mode & 0o777 == 0o700
    assert (folder / "sub").stat().st_mode & 0o077 == 0
    assert outside.stat().st_mode & 0o777 == 0o644
