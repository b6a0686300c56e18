"""Official releases: what is not what its checksum says is neither unpacked nor run. A server plays both places."""

import hashlib
import io
import platform
import stat
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain.install.console import InstallError
from toolchain.install.engine import VERSION
from toolchain.install.folders import Folders, is_complete
from toolchain.install.official import install_official, install_official_plugins, official_pulumi
from toolchain.install.packages import Plugin
from toolchain.install.releases import Releases, digest_of

RANDOM = Plugin("random", "4.21.4")
ARCHIVE = f"/releases/sdk/pulumi-v{VERSION}-linux-x64.tar.gz"
LIST = f"/pulumi/pulumi/releases/download/v{VERSION}/SHA512SUMS"
PLUGIN = "/releases/plugins/pulumi-resource-random-v4.21.4-linux-amd64.tar.gz"
PLUGIN_LIST = "/pulumi/pulumi-random/releases/download/v4.21.4/pulumi-random_4.21.4_checksums.txt"


def tar(**files: str) -> bytes:
    """An archive of programs; ``__`` in a name is ``/``."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size, entry.mode = len(text), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


def listed(algorithm: str, path: str, content: bytes, before: str = "") -> bytes:
    """A list of checksums with this file among others."""
    name = path.rpartition("/")[2]
    digest = hashlib.new(algorithm, content).hexdigest()
    other = hashlib.new(algorithm, b"").hexdigest()
    return f"{other}  {before}another-{name}\n{digest}  {before}{name}\n{other}  {before}{name}.sig\n".encode()


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Path → what the server answers; what is right to begin with."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    engine = tar(pulumi__pulumi=f"#!/bin/sh\necho v{VERSION}\n", **{"pulumi__pulumi-language-python": "#!/bin/sh\n"})
    plugin = tar(**{"pulumi-resource-random": "a plugin"})
    return {
        ARCHIVE: engine,
        LIST: listed("sha512", ARCHIVE, engine),
        PLUGIN: plugin,
        PLUGIN_LIST: listed("sha1", PLUGIN, plugin, before="./"),
    }


@pytest.fixture
def mirror(places: dict[str, bytes]) -> Iterator[str]:
    class Places(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = places.get(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Places)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    tools = Folders(tmp_path / "tools")
    tools.claim()
    return tools


def of(mirror: str) -> Releases:
    return Releases.from_environment({"PORTUS_STACK_RELEASES": mirror})


def test_without_one_on_path_the_release_is_fetched_once(folders: Folders, mirror: str) -> None:
    found = official_pulumi(folders, {"PATH": "", "PORTUS_STACK_RELEASES": mirror})
    program = folders.tools / f"official-{VERSION}" / "bin" / "pulumi"
    assert Path(found.pulumi) == program
    assert program.stat().st_mode & stat.S_IXUSR
    assert {each.name for each in program.parent.iterdir()} == {"pulumi", "pulumi-language-python"}
    assert official_pulumi(folders, {"PATH": "", "PORTUS_STACK_RELEASES": "http://127.0.0.1:9"}) == found


@pytest.mark.parametrize(
    "wrong",
    [
        (ARCHIVE, tar(pulumi__pulumi="evil"), "is not what .*SHA512SUMS says: sha512 .* nothing of it ran"),
        (ARCHIVE, b"", "is not what"),
        (LIST, b"", "has no checksum of pulumi-v"),
        (LIST, listed("sha512", "/of/another", b""), "has no checksum of pulumi-v"),
        (LIST, listed("sha512", ARCHIVE, b"1") + listed("sha512", ARCHIVE, b"2"), "has several of pulumi-v"),
        (ARCHIVE, None, "cannot be had"),
        (LIST, None, "SHA512SUMS cannot be had"),
    ],
)
def test_wrong_bytes_are_not_unpacked(
    folders: Folders, places: dict[str, bytes], mirror: str, wrong: tuple[str, bytes | None, str]
) -> None:
    path, content, reason = wrong
    if content is None:
        del places[path]
    else:
        places[path] = content
    with pytest.raises(InstallError, match=reason):
        install_official(folders, of(mirror))
    assert not (folders.tools / f"official-{VERSION}").exists()


@pytest.mark.parametrize("content", [b"no archive", tar(pulumi__readme="no program")])
def test_a_release_that_is_none_is_an_error(
    folders: Folders, places: dict[str, bytes], mirror: str, content: bytes
) -> None:
    places |= {ARCHIVE: content, LIST: listed("sha512", ARCHIVE, content)}
    with pytest.raises(InstallError, match=r"cannot be unpacked|has no program"):
        install_official(folders, of(mirror))
    assert not is_complete(folders.tools / f"official-{VERSION}")


def test_an_archive_leads_nowhere_else(folders: Folders, places: dict[str, bytes], mirror: str) -> None:
    content = tar(pulumi__pulumi="#!/bin/sh\n", **{"..__..__..__escaped": "x"})
    places |= {ARCHIVE: content, LIST: listed("sha512", ARCHIVE, content)}
    target = install_official(folders, of(mirror))
    assert list(folders.tools.parent.rglob("escaped")) == [target / "bin" / "escaped"]


def recording_pulumi(folder: Path) -> tuple[Path, Path]:
    """A `pulumi` that notes how it was called and what the archive holds, and that note."""
    folder.mkdir()
    program, record = folder / "pulumi", folder / "record"
    program.write_text(
        f'#!/bin/sh\nfor last; do :; done\necho "$PULUMI_HOME $*" >> {record}\ntar tzf "$last" >> {record}\n'
    )
    program.chmod(0o755)
    return program, record


def test_plugins_are_checked_and_handed_to_pulumi(tmp_path: Path, mirror: str) -> None:
    program, record = recording_pulumi(tmp_path / "bin")
    install_official_plugins(str(program), tmp_path / "home", [RANDOM], of(mirror))
    call, content = record.read_text().splitlines()
    assert call.startswith(f"{tmp_path / 'home'} plugin install resource random v4.21.4 --file ")
    assert content == "pulumi-resource-random"
    assert not Path(call.split()[-1]).exists(), "the archive goes"


def test_a_plugin_of_wrong_bytes_reaches_nobody(tmp_path: Path, places: dict[str, bytes], mirror: str) -> None:
    program, record = recording_pulumi(tmp_path / "bin")
    places[PLUGIN] = tar(**{"pulumi-resource-random": "evil"})
    with pytest.raises(InstallError, match=r"random-v4\.21\.4-linux-amd64\.tar\.gz is not what .*checksums.txt says"):
        install_official_plugins(str(program), tmp_path / "home", [RANDOM], of(mirror))
    assert not record.exists()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("mark", ["", "*", "./", "*./"])
def test_lists_of_every_kind_are_read(algorithm: str, mark: str) -> None:
    digest = hashlib.new(algorithm, b"x").hexdigest()
    assert digest_of("a.tar.gz", f"{digest.upper()}  {mark}a.tar.gz\n{digest}  b.tar.gz\n") == digest
    assert digest_of("c.tar.gz", f"{digest}  {mark}a.tar.gz\n") is None
    assert digest_of("a.tar.gz", f"{digest[:-1]}  {mark}a.tar.gz\n") is None


def test_archives_and_lists_have_places_of_their_own() -> None:
    own = Releases.from_environment({})
    assert (own.archives, own.lists) == ("https://get.pulumi.com/releases", "https://github.com/pulumi")


def test_a_machine_without_releases_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(InstallError, match="no release for riscv64"), Releases().pulumi(VERSION):
        pass
