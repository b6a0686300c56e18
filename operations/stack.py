"""One stack of this clone: its name, its committed file, and its folders on this machine."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from .console import OperationError

ROOT = Path(__file__).absolute().parents[1]
"""The clone: the program's folder. Nothing is written into it. Links are not followed: they may make up a clone."""

PROJECT = "portus-stack"
DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock"
"""What ``docker_host`` is without configuration (Pulumi.yaml says the same)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_LAB_PREFIX = "portus-stack.lab/"


def default_stack() -> str:
    """``dev`` where the official images can be had, else ``local``: as the toolchain chose."""
    return "dev" if os.environ.get("PORTUS_STACK_TOOLCHAIN") == "official" else "local"


@dataclass(frozen=True)
class Stack:
    """A stack by name.

    Attributes:
        state_folder: ``$PORTUS_STACK_STATE``, readable by its owner only.
        root: the program's folder.
    """

    name: str
    state_folder: Path
    root: Path = ROOT

    @classmethod
    def from_environment(cls, name: str) -> "Stack":
        """The stack called ``name``. Raises OperationError for an impossible name or without the tools' environment."""
        if not _NAME.fullmatch(name):
            raise OperationError(f"{name!r} is no name of a stack", "give STACK= letters, digits, dashes")
        state = os.environ.get("PORTUS_STACK_STATE")
        if not state or "PULUMI_BACKEND_URL" not in os.environ:
            raise OperationError("the tools are not in this shell", 'run `eval "$(toolchain/env)"` first, or use make')
        return cls(name, Path(state))

    @property
    def committed_file(self) -> Path:
        """The stack file in the clone."""
        return self.root / "stacks" / f"Pulumi.{self.name}.yaml"

    @property
    def config_copy(self) -> Path:
        """The stack file that the engine works with, which it may write to."""
        return self.state_folder / "config" / f"Pulumi.{self.name}.yaml"

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
        """One configuration value of this project, None where the file has none."""
        config = self.document.get("config")
        return config.get(f"{PROJECT}:{key}") if isinstance(config, dict) else None

    def docker_setting(self, key: str) -> object:
        """One value of the group ``docker``."""
        group = self.setting("docker")
        return group.get(key) if isinstance(group, dict) else None

    @property
    def on_kubernetes(self) -> bool:
        """Whether the file names a cluster as its target."""
        return self.setting("target") == "kubernetes"

    @property
    def docker_addresses(self) -> tuple[str, ...]:
        """Addresses of the Docker daemons that the file names; none when its target is a cluster."""
        if self.on_kubernetes:
            return ()
        inherited = str(self.setting("docker_host") or DEFAULT_DOCKER_HOST)
        hosts = self.docker_setting("hosts")
        if not isinstance(hosts, list) or not hosts:
            return (inherited,)
        addresses = [host.get("address") if isinstance(host, dict) else None for host in hosts]
        return tuple(dict.fromkeys(str(address or inherited) for address in addresses))

    @property
    def lab_images(self) -> tuple[str, ...]:
        """Images of the lab that the file asks for."""
        return tuple(dict.fromkeys(text for text in _texts(self.document) if text.startswith(_LAB_PREFIX)))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []
