"""Durations, uploads, image names, SSH commands, configuration, patience."""

import io
import json
import tarfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.plugins.docker import uploads
from toolchain.plugins.docker.configuration import configuration
from toolchain.plugins.docker.go_text import format_cpus, format_duration, parse_cpus, parse_duration
from toolchain.plugins.docker.images import registry_of, repo_digest
from toolchain.plugins.docker.patience import Patience, StoppedError
from toolchain.plugins.docker.provider_inputs import check_configuration
from toolchain.plugins.docker.ssh import SshTarget
from toolchain.plugins.framework import UNKNOWN, Properties, ProviderError, Secret


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("90s", "1m30s"), ("1000ms", "1s"), ("0", "0s"), ("1.5h", "1h30m0s"), ("1500us", "1.5ms"), ("-1s", "-1s")],
)
def test_durations_are_gos(text: str, canonical: str) -> None:
    assert format_duration(parse_duration(text)) == canonical


@given(st.integers(-(10**15), 10**15))
def test_durations_survive_a_round_trip(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "1x", "s", "1 s", "1m 2s", "٣s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "shown"), [("0.5", "0.5"), ("1.5", "1.5"), ("2", "2.0"), ("10", "10.")])
def test_cpu_counts_are_shown_as_the_official_plugin_does(text: str, shown: str) -> None:
    assert format_cpus(parse_cpus(text)) == shown


def _entry(upload: Properties) -> tuple[tarfile.TarInfo, bytes]:
    with tarfile.open(fileobj=io.BytesIO(uploads._archive([upload]))) as archive:
        (entry,) = archive.getmembers()
        file = archive.extractfile(entry)
        assert file is not None
        return entry, file.read()


@pytest.mark.parametrize(
    ("given_mode", "mode"),
    [({}, 0o644), ({"executable": True}, 0o744), ({"executable": True, "permissions": "0400"}, 0o400)],
)
def test_an_upload_belongs_to_root_with_its_mode(given_mode: Properties, mode: int) -> None:
    entry, content = _entry({"file": "/a/b", "content": "é", **given_mode})
    assert (entry.name, entry.mode, entry.uid, entry.gid, content) == ("/a/b", mode, 0, 0, "é".encode())


def test_all_uploads_stand_in_one_archive_in_their_order() -> None:
    given: list[Properties] = [{"file": "/a", "content": "1"}, {"file": "/b", "content": "2"}]
    with tarfile.open(fileobj=io.BytesIO(uploads._archive(given))) as archive:
        assert [entry.name for entry in archive.getmembers()] == ["/a", "/b"]


def test_an_upload_has_exactly_one_source(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\x00")
    assert _entry({"file": "/f", "source": str(tmp_path / "f")})[1] == b"\x00"
    assert _entry({"file": "/f", "contentBase64": "AAE="})[1] == b"\x00\x01"
    with pytest.raises(ProviderError, match="one of 'content', 'content_base64', or 'source' must be set"):
        _entry({"file": "/f", "content": ""})
    with pytest.raises(ProviderError, match="only one of"):
        _entry({"file": "/f", "content": "x", "contentBase64": "eA=="})
    with pytest.raises(ProviderError, match="could not read file"):
        _entry({"file": "/f", "source": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("mariadb", "registry-1.docker.io"),
        ("library/mariadb:1", "registry-1.docker.io"),
        ("localhost/a", "localhost"),
        ("127.0.0.1:5000/a:b", "127.0.0.1:5000"),
        ("r.example/a/b@sha256:1", "r.example"),
    ],
)
def test_the_registry_of_an_image(name: str, registry: str) -> None:
    assert registry_of(name) == registry


def test_the_digest_that_belongs_to_the_name() -> None:
    digests = ["other/a@sha256:1", "mine/a@sha256:2"]
    assert repo_digest("mine/a:1", {"RepoDigests": digests}) == "mine/a@sha256:2"
    assert repo_digest("none:1", {"RepoDigests": digests}) == "other/a@sha256:1"
    assert repo_digest("a", {"RepoDigests": None}) == ""


def test_ssh_commands() -> None:
    target = SshTarget.parse("ssh://me@host:2222/run/docker.sock")
    assert target.command(["-o", "BatchMode=yes"]) == [
        *["ssh", "-l", "me", "-p", "2222", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-T", "--", "host"],
        "docker --host=unix:///run/docker.sock system dial-stdio",
    ]
    odd = SshTarget.parse("ssh://host/a b;id").command(["-T"])
    assert odd[:-1] == ["ssh", "-T", "-o", "ConnectTimeout=30", "--", "host"]
    assert odd[-1] == "docker '--host=unix:///a b;id' system dial-stdio"
    assert "ConnectTimeout=30" not in SshTarget.parse("ssh://host").command(["-o", "ConnectTimeout=1"])


@pytest.mark.parametrize("url", ["ssh://", "ssh://u:p@host", "ssh://host?x=1", "tcp://host", "ssh://-oProxyCommand=x"])
def test_no_ssh_address(url: str) -> None:
    with pytest.raises(ValueError, match="SSH URL"):
        SshTarget.parse(url)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOST", "CONTEXT", "CERT_PATH", "SSH_OPTS", "CONFIG", "CA_MATERIAL", "CERT_MATERIAL", "KEY_MATERIAL"):
        monkeypatch.delenv(f"DOCKER_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_host_comes_from_input_environment_or_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configuration({}).host == "unix:///var/run/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", "tcp://e:1")
    assert configuration({}).host == "tcp://e:1"
    assert configuration({"host": "tcp://i:1"}).host == "tcp://i:1"


def test_a_context_overrides_the_host(tmp_path: Path) -> None:
    folder = tmp_path / ".docker" / "contexts" / "meta" / "x"
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": "far", "Endpoints": {"docker": {"Host": "ssh://far"}}}))
    assert configuration({"host": "tcp://i:1", "context": "far"}).host == "ssh://far"
    with pytest.raises(ProviderError, match="context 'near' not found"):
        configuration({"context": "near"})


def test_values_of_other_types_arrive_as_json_text() -> None:
    taken = configuration({"sshOpts": '["-q"]', "disableDockerDaemonCheck": "true"})
    assert taken.ssh_options == ("-q",)


def test_certificates_come_together() -> None:
    with pytest.raises(ProviderError, match="certMaterial, keyMaterial, and caMaterial must all be specified"):
        configuration({"caMaterial": "x"})
    with pytest.raises(ProviderError, match="certPath must not be specified"):
        configuration({"caMaterial": "x", "certMaterial": "x", "keyMaterial": "x", "certPath": "/c"})


def test_an_unknown_configuration_is_an_error() -> None:
    with pytest.raises(ProviderError, match="not known before the update"):
        configuration({"host": UNKNOWN})


def test_registry_sign_ins() -> None:
    entries = [
        {"address": "https://a.example/v2", "username": "u", "password": "p"},
        {"address": "b.example", "configFileContent": json.dumps({"auths": {"b.example": {"auth": "dTpw"}}})},
        {"address": "c.example", "authDisabled": True},
    ]
    assert configuration({"registryAuth": json.dumps(entries)}).registries == {
        "a.example": ("u", "p"),
        "b.example": ("u", "p"),
        "c.example": ("username", "password"),
    }
    with pytest.raises(ProviderError, match="could not open config file"):
        configuration({"registryAuth": '[{"address": "d.example"}]'})


def test_secrets_are_not_printed() -> None:
    taken = configuration({"registryAuth": '[{"address": "a", "username": "u", "password": "s3cret"}]'})
    assert "s3cret" not in repr(taken)
    checked = check_configuration({"registryAuth": '[{"address": "a", "password": "s3cret"}]'})
    assert isinstance(checked.inputs["registryAuth"], Secret)
    assert checked.failures == []


def test_unknown_settings_are_refused() -> None:
    (failure,) = check_configuration({"bogus": "x", "version": "5.2.0"}).failures
    assert "`docker:bogus` is not a valid configuration key for the docker provider." in failure.reason


def test_patience_ends_with_its_limit_and_with_a_cancellation() -> None:
    with pytest.raises(StoppedError, match="deadline exceeded"):
        Patience(0.2, threading.Event(), lambda _: None).sleep(30)
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    began = time.monotonic()
    with pytest.raises(StoppedError, match="canceled"):
        Patience(0, cancelled, lambda _: None).call(lambda: time.sleep(30))
    assert time.monotonic() - began < 10


def test_patience_hands_on_results_and_errors() -> None:
    patience = Patience(10, threading.Event(), lambda _: None)
    assert patience.call(lambda: 3) == 3
    with pytest.raises(KeyError):
        patience.call(lambda: dict[str, str]()["x"])
