"""`trust` and `untrust`: this machine's docker client and a stack's CA and host names."""

import ipaddress
import json
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from . import hosts_file
from .console import OperationError, say
from .engine import Engine
from .private_files import write_private
from .stack import Stack
from .state import State

CERTIFICATES = Path("/etc/docker/certs.d")
HOSTS = Path("/etc/hosts")
_EVERYWHERE = "0.0.0.0"
_LOOPBACKS = {_EVERYWHERE: "127.0.0.1", "::": "::1"}
_PUBLIC_MODE = 0o644
_ADDRESS = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
"""A host name and perhaps a port: nothing that leads out of a folder or begins a line."""


@dataclass(frozen=True)
class Machine:
    """The places that `trust` changes.

    Attributes:
        certificates: where docker looks for CAs, one folder per ``host[:port]``
            (https://docs.docker.com/engine/security/certificates/).
        hosts: the file of host names.
    """

    certificates: Path = CERTIFICATES
    hosts: Path = HOSTS


@dataclass(frozen=True)
class Trust:
    """What is to be trusted. ``names`` are the host names that lead nowhere on this machine.

    ``addresses`` are those of the registry; none where every system trusts its CA already.
    """

    ca_pem: str
    addresses: Sequence[str]
    names: Sequence[str]
    address: str


def trust(engine: Engine, machine: Machine = Machine()) -> int:
    """Install the stack's CA and what host names are missing; a second time changes nothing.

    Raises:
        OperationError: no such stack, not root, or a CA of somebody else is in the place.
    """
    stack = engine.stack
    wanted = _wanted(engine, machine)
    ca_file = stack.state_folder / "trust" / f"{stack.name}.crt"
    write_private(ca_file, wanted.ca_pem)
    _must_be_root(machine, by_hand(stack.name, wanted, ca_file, machine))
    for address in wanted.addresses:
        _install(stack, machine.certificates / address, wanted.ca_pem)
    for folder in set(_recorded(stack)) - {str(machine.certificates / each) for each in wanted.addresses}:
        _remove(machine, Path(folder))
    _record(stack, [str(machine.certificates / each) for each in wanted.addresses])
    names = wanted.names
    if names:
        hosts_file.change(machine.hosts, lambda text: hosts_file.with_line(text, stack.name, wanted.address, names))
    elif hosts_file.names_of(machine.hosts.read_text(), stack.name):
        hosts_file.change(machine.hosts, lambda text: hosts_file.without_lines(text, stack.name))
    if wanted.addresses:
        say(f"docker on this machine trusts {' and '.join(wanted.addresses)}")
    else:
        say("the certificate comes from a CA that docker trusts already")
    if names:
        say(f"{machine.hosts} leads {' and '.join(names)} to {wanted.address}")
    return 0


def untrust(stack: Stack, machine: Machine = Machine()) -> int:
    """Remove exactly what `trust` installed; nothing happens when that is nothing. Raises OperationError."""
    folders, names = _recorded(stack), hosts_file.names_of(machine.hosts.read_text(), stack.name)
    if not folders and not names:
        say(f"this machine does not trust {stack.name}: nothing to remove")
        return 0
    undo = [f"sudo rm -r {folder}" for folder in folders]
    if names:
        undo.append(f"sudo sed -i '/ {hosts_file.mark_of(stack.name)}$/d' {machine.hosts}")
    _must_be_root(machine, undo)
    for folder in folders:
        _remove(machine, Path(folder))
    if names:
        hosts_file.change(machine.hosts, lambda text: hosts_file.without_lines(text, stack.name))
    _record_file(stack).unlink(missing_ok=True)
    (stack.state_folder / "trust" / f"{stack.name}.crt").unlink(missing_ok=True)
    say(f"this machine no longer trusts {stack.name}")
    return 0


def trusted(stack: Stack) -> bool:
    """Whether `trust` has installed something for the stack."""
    return bool(_recorded(stack))


def by_hand(stack: str, wanted: Trust, ca_file: Path, machine: Machine) -> list[str]:
    """The commands with which somebody else's root does the same."""
    commands = [f"sudo install -D -m 644 {ca_file} {machine.certificates / each}/ca.crt" for each in wanted.addresses]
    if wanted.names:
        line = f"{wanted.address} {' '.join(wanted.names)} {hosts_file.mark_of(stack)}"
        commands.append(f"echo '{line}' | sudo tee -a {machine.hosts}")
    return commands


def _wanted(engine: Engine, machine: Machine) -> Trust:
    stack, state = engine.stack, engine.export()
    if state is None or not isinstance(state.outputs.get("registry_url"), str):
        raise OperationError(f"the stack {stack.name} is not up", f"`make up STACK={stack.name}` first")
    addresses = _addresses(stack, state)
    ca_pem = str(state.outputs["ca_certificate_pem"])
    untrusted = addresses if ca_pem else []
    ours = hosts_file.names_of(machine.hosts.read_text(), stack.name)
    hosts = list(dict.fromkeys(each.partition(":")[0] for each in addresses))
    names = [each for each in hosts if each in ours or not _resolves(each)]
    if names and stack.docker_setting("hosts"):
        say(f"warning: {' and '.join(names)} leads nowhere here: put it into your DNS, pointing at the edge's host")
        names = []
    if names and stack.on_kubernetes:
        from .cluster import node_address  # noqa: PLC0415 - its client takes half a second to import

        address = node_address(engine, state)
        if not address:
            say(f"warning: {' and '.join(names)} leads nowhere here: put it into your DNS, pointing at the cluster")
        return Trust(ca_pem, untrusted, names if address else [], address and _ip_address(address))
    bind = str(stack.docker_setting("bind_address") or _EVERYWHERE)
    return Trust(ca_pem, untrusted, names, _ip_address(_LOOPBACKS.get(bind, bind)))


def _addresses(stack: Stack, state: State) -> list[str]:
    """The registry's and Portus' ``host[:port]``, as the state has them; root writes to places of these names.

    Who can write to the state's backend must not choose them, so they have to be those of the stack file.
    """
    found = [str(state.outputs["registry_url"]), urlsplit(str(state.outputs["portus_url"])).netloc]
    odd = [each for each in found if not _ADDRESS.fullmatch(each)]
    if odd:
        raise OperationError(
            f"the state of {stack.name} has {odd[0]!r} for a name: no host name, so nothing was changed",
            "find out who wrote to the state's backend; `make up` puts the outputs right",
        )
    said = stack.setting("hostnames")
    wanted = [str(name).removesuffix(":443") for name in said.values()] if isinstance(said, Mapping) else []
    foreign = [each for each in found if wanted and each.removesuffix(":443") not in wanted]
    if foreign:
        raise OperationError(
            f"the state of {stack.name} has the name {foreign[0]}, the stack file has {' and '.join(wanted)}",
            f"`make up STACK={stack.name}` first; nothing was changed",
        )
    return list(dict.fromkeys(found))


def _ip_address(text: str) -> str:
    """The address, which begins a line of the hosts file. Raises OperationError."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise OperationError(f"{text!r} is no IP address to lead a name to", "correct docker.bind_address") from None


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except socket.gaierror:
        return False


def _install(stack: Stack, folder: Path, pem: str) -> None:
    path = folder / "ca.crt"
    if path.exists() and path.read_text() != pem and str(folder) not in _recorded(stack):
        raise OperationError(f"{path} is a CA that this stack did not install", "move it away, then run this again")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(pem)
    path.chmod(_PUBLIC_MODE)


def _remove(machine: Machine, folder: Path) -> None:
    """The CA, and the folder if nothing else is in it."""
    if folder.parent != machine.certificates or not _ADDRESS.fullmatch(folder.name):
        raise OperationError(f"{folder} is no place of ours, so nothing in it was removed", "remove the CA by hand")
    (folder / "ca.crt").unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _must_be_root(machine: Machine, commands: Sequence[str]) -> None:
    if os.access(machine.hosts, os.W_OK):
        return
    listing = "".join(f"\n    {command}" for command in commands)
    raise OperationError(f"{machine.hosts} and {machine.certificates} are root's", f"run these by hand:{listing}")


def _record_file(stack: Stack) -> Path:
    return stack.state_folder / "trust" / f"{stack.name}.json"


def _record(stack: Stack, folders: Sequence[str]) -> None:
    write_private(_record_file(stack), json.dumps(folders) + "\n")


def _recorded(stack: Stack) -> list[str]:
    """The folders that `trust` made, whose CAs `untrust` removes."""
    try:
        return [str(each) for each in json.loads(_record_file(stack).read_text())]
    except FileNotFoundError:
        return []
