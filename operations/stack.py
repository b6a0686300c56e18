"""One stack of a project: its name, its file, and its folders on this machine."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from .console import OperationError
from .project import NAME, Project

DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"
"""What ``docker_host`` is without configuration (Pulumi.yaml says the same)."""

_NAME = re.compile(rf"({NAME}/){{0,2}}{NAME}")
"""``STACK``, or with the names of its organization and project before it."""
_LAB_PREFIX = "portus-stack.lab/"


def default_stack() -> str:
    """``dev`` where the official images can be had, else ``local``: as the toolchain chose."""
    return "dev" if os.environ.get("PORTUS_STACK_TOOLCHAIN") == "official" else "local"


@dataclass(frozen=True)
class Stack:
    """A stack by name.

    Attributes:
        name: as `pulumi` is told it.
        state_folder: what the commands remember, readable by its owner only; in a clone the backend is there too.
    """

    name: str
    state_folder: Path
    project: Project

    @classmethod
    def of(cls, project: Project, name: str) -> "Stack":
        """The stack called ``name``.

        What the commands remember is in ``$PORTUS_STACK_STATE``, in other projects than a clone by default in
        ``${XDG_STATE_HOME:-~/.local/state}/portus-stack/projects/PROJECT``.

        Raises:
            OperationError: the name is impossible, or in a clone the tools are not in the environment.
        """
        if not _NAME.fullmatch(name):
            raise OperationError(f"{name!r} is no name of a stack", "give letters, digits, dashes")
        state = os.environ.get("PORTUS_STACK_STATE")
        if not project.clone:
            home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
            return cls(name, Path(state or Path(home) / "portus-stack" / "projects" / project.name), project)
        if not state or "PULUMI_BACKEND_URL" not in os.environ:
            raise OperationError("the tools are not in this shell", 'run `eval "$(toolchain/env)"` first, or use make')
        return cls(name, Path(state), project)

    @property
    def short_name(self) -> str:
        """The name without those of organization and project."""
        return self.name.rpartition("/")[2]

    def command(self, command: str, name: str = "", **variables: str) -> str:
        """What to type for a command on this stack.

        Args:
            name: of one PortusStack, where the command is about one of several.
            variables: of the environment.
        """
        given = [f"{key}={value}" for key, value in variables.items()]
        if self.project.clone:
            quiet = "-s " if command == "outputs" else ""
            return " ".join([f"make {quiet}{command} STACK={self.name}", *given])
        return " ".join([*given, f"portus-stack {command} --stack {self.name}", *([f"--name {name}"] if name else [])])

    @property
    def committed_file(self) -> Path:
        """The stack file in the project."""
        return self.project.stack_folder / f"Pulumi.{self.short_name}.yaml"

    @property
    def config_copy(self) -> Path:
        """The stack file that the engine works with, which it may write to; for a clone only."""
        return self.state_folder / "config" / f"Pulumi.{self.short_name}.yaml"

    @cached_property
    def committed_text(self) -> str:
        """The committed file's text. Raises OperationError when there is none."""
        try:
            return self.committed_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            names = sorted(path.name[7:-5] for path in self.committed_file.parent.glob("Pulumi.*.yaml"))
            raise OperationError(
                f"there is no stack file {self.committed_file}",
                f"write it, or choose STACK= one of: {', '.join(names) or '(none)'}",
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise OperationError(f"{self.committed_file} cannot be read: {error}") from error

    @cached_property
    def document(self) -> Mapping[str, object]:
        """The committed file, parsed. Raises OperationError when it is no YAML mapping."""
        try:
            parsed = yaml.safe_load(self.committed_text) or {}
        except yaml.MarkedYAMLError as error:  # its own text quotes the file, which may hold a secret
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise OperationError(f"{self.committed_file}:{line}: not YAML: {error.problem}") from None
        if not isinstance(parsed, dict):
            raise OperationError(f"{self.committed_file}: it must be a mapping with the key `config`")
        return parsed

    def setting(self, key: str) -> object:
        """One argument of PortusStack in a clone's stack file, None where it has none.

        In other projects the program alone knows the arguments, so there it is always None.
        """
        config = self.document.get("config") if self.project.clone else None
        return config.get(f"{self.project.name}:{key}") if isinstance(config, dict) else None

    def docker_setting(self, key: str) -> object:
        """One value of the group ``docker``."""
        group = self.setting("docker")
        return group.get(key) if isinstance(group, dict) else None

    @property
    def on_kubernetes(self) -> bool:
        """Whether a clone's stack file names a cluster as its target."""
        return self.setting("target") == "kubernetes"

    @property
    def docker_addresses(self) -> tuple[str, ...]:
        """Addresses of the Docker daemons that a clone's stack file names; none when its target is a cluster."""
        if self.on_kubernetes or not self.project.clone:
            return ()
        inherited = str(self.setting("docker_host") or DEFAULT_DOCKER_HOST)
        hosts = self.docker_setting("hosts")
        if not isinstance(hosts, list) or not hosts:
            return (inherited,)
        addresses = [host.get("address") if isinstance(host, dict) else None for host in hosts]
        return tuple(dict.fromkeys(str(address or inherited) for address in addresses))

    @property
    def lab_images(self) -> tuple[str, ...]:
        """Images of the lab that a clone's stack file asks for."""
        if not self.project.clone:
            return ()
        return tuple(dict.fromkeys(text for text in _texts(self.document) if text.startswith(_LAB_PREFIX)))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []
