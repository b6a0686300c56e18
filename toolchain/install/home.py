"""A PULUMI_HOME for one combination of engine, Python packages and provider plugins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .fingerprint import fingerprint
from .folders import Folders, is_complete, link, new_folder
from .packages import Plugin
from .providers import find_plugins, link_plugin, report
from .upstream import link_built

FillHome = Callable[[Path], None]
"""Puts the provider plugins into the new PULUMI_HOME that it is given."""


@dataclass(frozen=True)
class PluginSource:
    """Where the plugins of a PULUMI_HOME come from."""

    identity: str
    """Differs between two sources that would fill a PULUMI_HOME differently."""

    fill: FillHome


def built_source(built: Path, plugins: Sequence[Plugin]) -> PluginSource:
    """The plugins that were built here, as `install_providers` left them."""

    def fill(home: Path) -> None:
        for plugin in plugins:
            link_built(home, plugin, built)

    return PluginSource(str(built), fill)


def folder_source(providers: Path, needed: Sequence[Plugin]) -> PluginSource:
    """The plugins of a folder that the user named.

    Raises:
        InstallError: the folder lacks one.
    """
    found = find_plugins(providers, needed)
    report(found)

    def fill(home: Path) -> None:
        for plugin in found:
            link_plugin(home, plugin.asked, plugin.folder)

    return PluginSource("\n".join(f"{plugin.folder} {plugin.version}" for plugin in found), fill)


def install_home(folders: Folders, source: PluginSource, needed: Sequence[Plugin], programs: Sequence[Path]) -> Path:
    """Make the PULUMI_HOME for these plugins and programs unless it is there.

    Args:
        programs: what goes into `bin/`, `pulumi` and what it looks for beside itself; none when it has its own place.
    """
    names = [plugin.folder_name for plugin in needed]
    home = folders.tools / f"home-{fingerprint(source.identity, *names, *map(str, programs))}"
    if is_complete(home):
        return home
    with new_folder(home):
        (home / "bin").mkdir()
        (home / "plugins").mkdir()
        for program in programs:
            # A hard link, not a symbolic one: `pulumi` looks for its language hosts beside the file that it really is.
            link(program, home / "bin" / program.name)
        source.fill(home)
    return home
