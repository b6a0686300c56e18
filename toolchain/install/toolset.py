"""Puts the parts together: which engine, which Python packages, which plugins, and what a shell must know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .choice import LOCAL, OFFICIAL, Choice, choose
from .engine import Workshop, install_engine
from .folders import Folders
from .home import PluginSource, built_source, folder_source, install_home
from .language_host import install_language_host
from .official import install_official_plugins, official_pulumi
from .packages import Plugin, required_plugins
from .providers import BUILT
from .providers import OFFICIAL as OFFICIAL_PROVIDERS
from .python import TEST_LOCK, install_python, site_packages_of
from .upstream import KUBERNETES, install_providers


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
        # Built here or a folder's: what is not there is an error at once, and no attempt to download it.
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
    built = [plugin for plugin in needed if plugin.name != KUBERNETES]  # that one is built when it is asked for
    with Workshop.opened(folders, keep_objects=request.lock == TEST_LOCK) as workshop:
        engine = install_engine(workshop)
        providers = None if request.providers else install_providers(workshop, built)
    host = install_language_host(folders, python)
    programs = [*sorted((engine / "bin").iterdir()), *sorted((host / "bin").iterdir())]
    if request.providers == OFFICIAL_PROVIDERS:
        home = _official_home(folders, str(engine / "bin" / "pulumi"), needed, programs)
    elif providers:
        home = install_home(folders, built_source(providers, built), built, programs)
    else:
        home = install_home(folders, folder_source(Path(request.providers), needed), needed, programs)
    path = (home / "bin", python / "bin")
    parts = (engine, python, host, home, *([providers] if providers else []))
    return Toolset(LOCAL, request.providers or BUILT, python, home, path, parts)


def _home_beside(folders: Folders, pulumi: str, providers: str, needed: Sequence[Plugin]) -> Path:
    if providers in ("", OFFICIAL_PROVIDERS):
        return _official_home(folders, pulumi, needed, ())
    return install_home(folders, folder_source(Path(providers), needed), needed, ())


def _official_home(folders: Folders, pulumi: str, needed: Sequence[Plugin], programs: Sequence[Path]) -> Path:
    def fill(home: Path) -> None:
        install_official_plugins(pulumi, home, needed)

    return install_home(folders, PluginSource(f"official {pulumi}", fill), needed, programs)
