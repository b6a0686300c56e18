"""Puts the parts together: which engine, which Python packages, which plugins, and what a shell must know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .choice import LOCAL, OFFICIAL, Choice, choose
from .engine import install_engine
from .folders import Folders
from .home import PluginSource, folder_source, install_home, own_source
from .official import install_official_plugins, official_pulumi
from .own_plugins import install_own_plugins
from .packages import Plugin, required_plugins
from .providers import OFFICIAL as OFFICIAL_PROVIDERS
from .providers import OWN
from .python import TEST_LOCK, install_python, site_packages_of


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    toolchain: str
    """`auto`, `official` or `local`."""

    providers: str
    """Empty (those that go with the toolchain), `official`, or a folder."""

    lock: Path
    """The lock file of the Python packages to work with."""


@dataclass(frozen=True)
class Toolset:
    """Everything a shell needs."""

    toolchain: str
    providers: str
    python: Path
    home: Path
    path: tuple[Path, ...]
    """What goes in front of PATH, first entry first."""

    folders: tuple[Path, ...]
    """All that it consists of; what is gone must be installed again."""

    @property
    def exports(self) -> dict[str, str]:
        """Environment variables for the shell, apart from PATH and the state folder's."""
        variables = {
            "PULUMI_HOME": str(self.home),
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PORTUS_STACK_TOOLCHAIN": self.toolchain,
            "PORTUS_STACK_PROVIDERS": self.providers,
        }
        # Ours or a folder's: what is not there is an error at once, and no attempt to download it.
        downloads = "false" if self.providers == OFFICIAL_PROVIDERS else "true"
        return variables | {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": downloads}


def install_toolset(folders: Folders, request: Request) -> Toolset:
    """Install what is missing and say where everything is. Call it with the tool folder locked.

    Raises:
        InstallError: a part cannot be had.
    """
    python = install_python(folders, request.lock)
    needed = required_plugins(site_packages_of(python))

    def official() -> Choice:
        choice = official_pulumi(folders)
        if not request.providers:  # the official plugins are part of the official toolchain: try them too
            _official_home(folders, choice.pulumi, needed, ())
        return choice

    choice = choose(request.toolchain, folders, official)
    if choice.toolchain == LOCAL:
        return _local_toolset(folders, request, python, needed)
    home = _home_beside(folders, choice.pulumi, request.providers, needed)
    providers = request.providers or OFFICIAL_PROVIDERS
    pulumi = Path(choice.pulumi)
    parts = (python, home, pulumi, pulumi.parent.parent)
    return Toolset(OFFICIAL, providers, python, home, (python / "bin", pulumi.parent), parts)


def _local_toolset(folders: Folders, request: Request, python: Path, needed: Sequence[Plugin]) -> Toolset:
    engine = install_engine(folders, keep_objects=request.lock == TEST_LOCK)
    host = install_own_plugins(folders, python, () if request.providers else needed)
    programs = [*sorted((engine / "bin").iterdir()), *sorted((host / "bin").iterdir())]
    if request.providers == OFFICIAL_PROVIDERS:
        home = _official_home(folders, str(engine / "bin" / "pulumi"), needed, programs)
    else:
        providers = Path(request.providers) if request.providers else None
        source = folder_source(providers, needed) if providers else own_source(host, needed)
        home = install_home(folders, source, needed, programs)
    path = (home / "bin", python / "bin")
    return Toolset(LOCAL, request.providers or OWN, python, home, path, (engine, python, host, home))


def _home_beside(folders: Folders, pulumi: str, providers: str, needed: Sequence[Plugin]) -> Path:
    if providers in ("", OFFICIAL_PROVIDERS):
        return _official_home(folders, pulumi, needed, ())
    return install_home(folders, folder_source(Path(providers), needed), needed, ())


def _official_home(folders: Folders, pulumi: str, needed: Sequence[Plugin], programs: Sequence[Path]) -> Path:
    def fill(home: Path) -> None:
        install_official_plugins(pulumi, home, needed)

    return install_home(folders, PluginSource(f"official {pulumi}", fill), needed, programs)
