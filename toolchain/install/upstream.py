"""Upstream's provider plugins, built from their Go modules: `lab/engine/providers` and `lab/engine/kubernetes`.

Used, like the engine built beside them, where the official ones cannot be downloaded.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .console import InstallError, run, say
from .engine import MODULE, SOURCES, TAGS, Workshop, keeps_objects
from .fingerprint import fingerprint, source_files
from .folders import Folders, is_complete, link, new_folder
from .packages import Plugin
from .providers import BUILT
from .python import DEPLOY_LOCK, version_in

KUBERNETES = "kubernetes"
"""The plugin that is built only where it is asked for: it takes as long as the others together."""

_IN_ONE_PROGRAM = ("docker", "random", "tls")
_KUBERNETES_SOURCES = SOURCES / KUBERNETES
_KUBERNETES_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_KUBERNETES_FILES = "cmd/pulumi-resource-kubernetes"
_SCHEMA = "schema.json"


def install_providers(workshop: Workshop, plugins: Sequence[Plugin]) -> Path:
    """Build docker, random and tls unless they are there; the folder returned has a folder `resource-…` for each.

    Raises:
        InstallError: one of `plugins` cannot be built here, or is of another version than what is built here; Go is
            missing and cannot be installed; or the build failed.
    """
    for plugin in plugins:
        if plugin.name not in _IN_ONE_PROGRAM:
            raise _not_here(plugin)
    parts = [SOURCES / name for name in ("providers", "shim", "beside")]
    target = _folder(workshop.folders, "providers", plugins, [*MODULE, *_sources(parts)])
    if is_complete(target):
        return target
    say("building the providers docker, random and tls from their Go modules: 4 minutes on two cores, once")
    with new_folder(target):
        program = target / "pulumi-resource"
        workshop.build(SOURCES, "./providers", program, doing="build the providers docker, random and tls")
        for plugin in plugins:
            executable = _placed(program, target, plugin)
            _keep_schema(plugin, executable, [str(executable), "schema"])
    return target


def install_kubernetes(workshop: Workshop, plugin: Plugin) -> Path:
    """Build the provider kubernetes unless it is there; the folder returned has its folder `resource-…`.

    Raises:
        InstallError: it is of another version than the package asks for, or the build failed; as above.
    """
    target = _folder(workshop.folders, KUBERNETES, [plugin], _sources([_KUBERNETES_SOURCES, SOURCES / "beside"]))
    if is_complete(target):
        return target
    say("building the provider kubernetes from its Go module: 4 minutes on two cores, once")
    with new_folder(target):
        program = target / "pulumi-resource"
        workshop.build(_KUBERNETES_SOURCES, ".", program, doing="build the provider kubernetes")
        executable = _placed(program, target, plugin)
        files = workshop.sources_of(_KUBERNETES_SOURCES, _KUBERNETES_MODULE) / _KUBERNETES_FILES
        shutil.copyfile(files / "terraform-mapping.json", executable.parent / "terraform-mapping.json")
        _keep_schema(plugin, executable, [str(executable), "schema", str(files / _SCHEMA)])
    return target


def ensure_kubernetes(folders: Folders, environment: Mapping[str, str] = os.environ) -> None:
    """Make sure that the shell's PULUMI_HOME has the provider kubernetes. Call it with the tool folder locked.

    Nothing is done where the plugins are official ones, which Pulumi fetches, or those of a folder (`PROVIDERS`).

    Raises:
        InstallError: the shell has no tools yet, or the build failed.
    """
    home = environment.get("PULUMI_HOME")
    if not home or "PORTUS_STACK_PROVIDERS" not in environment:
        raise InstallError('the tools are not in this shell; run `eval "$(toolchain/env)"` first')
    if environment["PORTUS_STACK_PROVIDERS"] != BUILT:
        return
    plugin = Plugin(KUBERNETES, version_in(DEPLOY_LOCK, "pulumi-kubernetes"))
    with Workshop.opened(folders, keep_objects=keeps_objects(folders)) as workshop:
        link_built(Path(home), plugin, install_kubernetes(workshop, plugin))


def link_built(home: Path, plugin: Plugin, built: Path) -> None:
    """Put a plugin that was built here into a PULUMI_HOME, whole or not at all.

    By hard links: the plugin reads its schema beside the file that it really is, and the PULUMI_HOME goes on working
    when what it was made from is removed.
    """
    folder = home / "plugins" / plugin.folder_name
    if folder.exists():
        return
    draft = folder.with_name(f".{plugin.folder_name}")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(built / plugin.folder_name, draft, copy_function=link)
    draft.rename(folder)


def _sources(parts: Sequence[Path]) -> list[Path]:
    return [path for part in parts for path in source_files(part, (".go", "go.mod", "go.sum"))]


def _folder(folders: Folders, name: str, plugins: Sequence[Plugin], sources: Sequence[Path]) -> Path:
    names = [str(path.relative_to(SOURCES)) for path in sources]
    asked = [plugin.folder_name for plugin in plugins]
    return folders.tools / f"plugins-{name}-{fingerprint(*sources, *names, *asked, TAGS)}"


def _placed(program: Path, target: Path, plugin: Plugin) -> Path:
    executable = target / plugin.folder_name / plugin.executable_name
    executable.parent.mkdir()
    link(program, executable)
    return executable


def _keep_schema(plugin: Plugin, executable: Path, command: Sequence[str]) -> None:
    """Keep the package's schema beside its plugin; it says which version was built."""
    schema = run(command, doing=f"make the schema of the package {plugin.name}")
    if json.loads(schema).get("version") != plugin.version:
        raise _not_here(plugin)
    (executable.parent / _SCHEMA).write_text(schema)


def _not_here(plugin: Plugin) -> InstallError:
    return InstallError(
        f"the provider {plugin.name} {plugin.version}, which an installed package asks for, is not built here; use the "
        "official one with PROVIDERS=official or PROVIDERS=<folder>"
    )
