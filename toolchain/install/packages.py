"""Which provider plugins the installed Python packages ask for."""

import json
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from .console import InstallError

_DESCRIPTION = "pulumi-plugin.json"


@dataclass(frozen=True, order=True)
class Plugin:
    """A resource plugin, named as in the folder `resource-NAME-vVERSION` of a PULUMI_HOME."""

    name: str
    version: str
    """Without the leading `v`; the engine wants exactly the version of the Python package."""

    @property
    def folder_name(self) -> str:
        """Its folder's name in `plugins/`."""
        return f"resource-{self.name}-v{self.version}"

    @property
    def executable_name(self) -> str:
        """The name of the program in that folder."""
        return f"pulumi-resource-{self.name}"


def required_plugins(site_packages: Path) -> list[Plugin]:
    """The plugins that the packages of an environment ask for, in order of their names.

    Every Pulumi SDK carries `pulumi-plugin.json` with the plugin's name; without a version there, it is the package's.

    Raises:
        InstallError: none asks for any, which means that the environment is not what it should be.
    """
    found = set()
    for distribution in distributions(path=[str(site_packages)]):
        for file in distribution.files or ():
            if file.name == _DESCRIPTION:
                description = json.loads(Path(str(distribution.locate_file(file))).read_text())
                if description.get("resource"):
                    found.add(Plugin(description["name"], description.get("version", distribution.version).lstrip("v")))
    if not found:
        raise InstallError(
            f"no package in {site_packages} asks for a provider plugin; run `make clean-tools` and retry"
        )
    return sorted(found)
