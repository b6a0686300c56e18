"""Which provider plugins a shell works with: built here, downloaded, or those of a folder (`PROVIDERS`)."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .console import InstallError, say
from .packages import Plugin

BUILT = "built"
OFFICIAL = "official"

_OF_ONE_TARGET = frozenset({"docker", "kubernetes"})
"""Each serves one target's stacks only, so a folder may do without one of them."""

_PLUGIN_FOLDER = re.compile(r"^resource-(?P<name>.+?)-v(?P<version>\d+\.\d+\.\d+.*)$")


@dataclass(frozen=True)
class FoundPlugin:
    """A plugin in a folder that the user named."""

    asked: Plugin
    version: str
    """What the folder says that it is; may differ from what was asked for."""

    folder: Path


def find_plugins(providers: Path, needed: Sequence[Plugin]) -> list[FoundPlugin]:
    """Find every plugin needed in `<providers>/plugins/` or `<providers>/`: the version asked for, else the highest.

    A folder may lack the plugin of one target; that is said, and a stack on that target then ends with the engine's own
    error.

    Raises:
        InstallError: the folder is not there, or lacks other plugins; all that are missing are named at once.
    """
    if not providers.is_dir():
        raise InstallError(f"PROVIDERS={providers}: there is no such folder; give a folder, `official`, or nothing")
    base = providers / "plugins" if (providers / "plugins").is_dir() else providers
    found = [(plugin, _best(base, plugin)) for plugin in needed]
    missing = [plugin for plugin, best in found if best is None]
    lacking = f"PROVIDERS={providers}: {base} has no {', no '.join(plugin.folder_name for plugin in missing)}"
    if len(missing) > 1 or any(plugin.name not in _OF_ONE_TARGET for plugin in missing):
        raise InstallError(
            f"{lacking} (of any version, with its program in it); "
            "those built here are not mixed with others, so add them there or leave PROVIDERS out"
        )
    for plugin in missing:
        say(f"{lacking}: stacks on {plugin.name} cannot be deployed with it, others can")
    return [best for _, best in found if best is not None]


def link_plugin(home: Path, plugin: Plugin, source: Path) -> None:
    """Put a plugin into a PULUMI_HOME: a real folder with symlinks in it, as the engine ignores symlinked folders."""
    folder = home / "plugins" / plugin.folder_name
    folder.mkdir(parents=True)
    for entry in source.iterdir():
        (folder / entry.name).symlink_to(entry.resolve())


def report(found: Sequence[FoundPlugin]) -> None:
    """Say which plugins are used, and where one has another version than the Python package that it serves."""
    for plugin in found:
        differs = plugin.version != plugin.asked.version
        note = f", in place of {plugin.asked.version}" if differs else ""
        say(f"provider {plugin.asked.name}: {plugin.folder} (version {plugin.version}{note})")


def _best(base: Path, plugin: Plugin) -> FoundPlugin | None:
    candidates = []
    for folder in base.iterdir():
        match = _PLUGIN_FOLDER.match(folder.name)
        if match and match["name"] == plugin.name and os.access(folder / plugin.executable_name, os.X_OK):
            candidates.append(FoundPlugin(plugin, match["version"], folder.resolve()))
    candidates.sort(key=lambda found: (found.version == plugin.version, _order(found.version)))
    return candidates[-1] if candidates else None


def _order(version: str) -> tuple[list[int], bool, str]:
    """Sorts versions as numbers, and a pre-release before its release."""
    release, _, suffix = version.partition("-")
    return [int(number) for number in re.findall(r"\d+", release)], not suffix, suffix
