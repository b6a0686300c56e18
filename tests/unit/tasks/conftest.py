"""The scripts are no package: in their container they lie side by side, and so do these helpers."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPTS = HERE.parents[2] / "components" / "portus" / "tasks" / "scripts"
sys.path[:0] = [str(SCRIPTS), str(HERE)]

from https_server import Serve, Server, Site, issue  # noqa: E402


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def serve(certificates: tuple[Path, Path]) -> Iterator[Serve]:
    """Starts an HTTPS server for a site; all are closed at the end."""
    servers: list[Server] = []

    def start(site: Site) -> Server:
        servers.append(Server(site, certificates[1]))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[[str, str], str]:
    """Writes a secret as a file and returns its path."""

    def write(name: str, value: str) -> str:
        path = tmp_path / name
        path.write_text(value)
        return str(path)

    return write


@pytest.fixture
def settings_file(tmp_path: Path) -> Callable[[object], str]:
    """Writes settings.json and returns its path."""

    def write(data: object) -> str:
        path = tmp_path / "settings.json"
        path.write_text(json.dumps(data))
        return str(path)

    return write
