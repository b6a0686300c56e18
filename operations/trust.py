"""`trust` and `untrust`: this machine's docker client and a PortusStack's CA and host names."""

import ipaddress
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from . import hosts_file
from .choice import chosen, part_of
from .console import OperationError, say
from .docker_hosts import host_of
from .engine import Engine
from .private_files import write_private
from .stack import Stack
from .state import Object, State
from .trusted import Record, trusted

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


def trust(engine: Engine, given: str = "", named: Sequence[str] = (), machine: Machine = Machine()) -> int:
    """Install the CA of a PortusStack and what host names are missing; a second time changes nothing.

    Args:
        given: the name of the PortusStack, "" for the only one.
        named: the ``host[:port]`` that may be trusted; in a clone the stack file says them.

    Raises:
        OperationError: no such stack, not root, other names, or a CA of somebody else is in the place.
    """
    state = engine.export()
    if state is None:
        raise OperationError(f"there is no stack {engine.stack.name}", f"`{engine.stack.command('up')}` first")
    name, part = part_of(state, given)
    record, wanted = Record.of(engine.stack, name), _wanted(engine, part, name, named, machine)
    write_private(record.ca_file, wanted.ca_pem)
    _must_be_root(machine, by_hand(record, wanted, machine))
    for address in wanted.addresses:
        _install(record, machine.certificates / address, wanted.ca_pem)
    for folder in set(record.folders) - {str(machine.certificates / each) for each in wanted.addresses}:
        _remove(machine, Path(folder))
    record.write([str(machine.certificates / each) for each in wanted.addresses])
    names = wanted.names
    if names:
        hosts_file.change(machine.hosts, lambda text: hosts_file.with_line(text, record.mark, wanted.address, names))
    elif hosts_file.names_of(machine.hosts.read_text(), record.mark):
        hosts_file.change(machine.hosts, lambda text: hosts_file.without_lines(text, record.mark))
    if wanted.addresses:
        say(f"docker on this machine trusts {' and '.join(wanted.addresses)}")
    else:
        say("the certificate comes from a CA that docker trusts already")
    if names:
        say(f"{machine.hosts} leads {' and '.join(names)} to {wanted.address}")
    return 0


def untrust(stack: Stack, given: str = "", machine: Machine = Machine()) -> int:
    """Remove exactly what `trust` installed; nothing happens when that is nothing.

    Args:
        given: the name of the PortusStack, "" for the only one that is trusted.

    Raises:
        OperationError: several are trusted and none was chosen, or not root.
    """
    known = trusted(stack)
    name = given or (chosen(known, "") if known else stack.short_name)
    record = Record.of(stack, name)
    folders, names = record.folders, hosts_file.names_of(machine.hosts.read_text(), record.mark)
    if not folders and not names:
        say(f"this machine does not trust {name}: nothing to remove")
        return 0
    undo = [f"sudo rm -r {folder}" for folder in folders]
    if names:
        undo.append(f"sudo sed -i '/ {hosts_file.mark_of(record.mark)}$/d' {machine.hosts}")
    _must_be_root(machine, undo)
    for folder in folders:
        _remove(machine, Path(folder))
    if names:
        hosts_file.change(machine.hosts, lambda text: hosts_file.without_lines(text, record.mark))
    record.remove()
    say(f"this machine no longer trusts {name}")
    return 0


def by_hand(record: Record, wanted: Trust, machine: Machine) -> list[str]:
    """The commands with which somebody else's root does the same."""
    certificates = machine.certificates
    commands = [f"sudo install -D -m 644 {record.ca_file} {certificates / each}/ca.crt" for each in wanted.addresses]
    if wanted.names:
        line = f"{wanted.address} {' '.join(wanted.names)} {hosts_file.mark_of(record.mark)}"
        commands.append(f"echo '{line}' | sudo tee -a {machine.hosts}")
    return commands


def _wanted(engine: Engine, part: State, name: str, named: Sequence[str], machine: Machine) -> Trust:
    stack, outputs = engine.stack, part.portus_stacks[name].outputs
    if not isinstance(outputs.get("registry_url"), str):
        raise OperationError(f"the stack {stack.name} is not up", f"`{stack.command('up')}` first")
    addresses = _addresses(stack, name, outputs, named)
    ca_pem = str(outputs["ca_certificate_pem"])
    untrusted = addresses if ca_pem else []
    ours = hosts_file.names_of(machine.hosts.read_text(), Record.of(stack, name).mark)
    hosts = list(dict.fromkeys(each.partition(":")[0] for each in addresses))
    names = [each for each in hosts if each in ours or not _resolves(each)]
    address = edge_address(engine, part, name) if names else ""
    if names and not address:
        say(f"warning: {' and '.join(names)} leads nowhere here: put it into your DNS, pointing at the edge")
        return Trust(ca_pem, untrusted, [], "")
    return Trust(ca_pem, untrusted, names, address and _ip_address(address))


def edge_address(engine: Engine, part: State, name: str) -> str:
    """Where this machine reaches the edge of a PortusStack; "" when it is on another Docker host, or not told."""
    if part.on_cluster:
        from .cluster import node_address  # noqa: PLC0415 - its client takes half a second to import

        return node_address(engine, part)
    edge = next((each for each in part.docker_resources if each.runs and each.name == f"{name}-edge"), None)
    provider = next((each for each in part.docker_providers if edge and each.urn == edge.provider), None)
    if edge is None or provider is None or not host_of(provider).address.startswith("unix:"):
        return ""
    ports = edge.inputs.get("ports")
    bound = [str(each.get("ip") or "") for each in ports if isinstance(each, dict)] if isinstance(ports, list) else []
    bind = next(filter(None, bound), _EVERYWHERE)
    return _LOOPBACKS.get(bind, bind)


def _addresses(stack: Stack, name: str, outputs: Object, named: Sequence[str]) -> list[str]:
    """The registry's and Portus' ``host[:port]``, as the state has them; root writes to places of these names.

    Who can write to the state's backend must not choose them, so they have to be those of a clone's stack file, or
    those that were ``named`` by hand.
    """
    found = list(dict.fromkeys((str(outputs["registry_url"]), urlsplit(str(outputs["portus_url"])).netloc)))
    odd = [each for each in found if not _ADDRESS.fullmatch(each)]
    if odd:
        raise OperationError(
            f"the state of {stack.name} has {odd[0]!r} for a name: no host name, so nothing was changed",
            f"find out who wrote to the state's backend; `{stack.command('up')}` puts the outputs right",
        )
    said = stack.setting("hostnames")
    wanted = [str(each).removesuffix(":443") for each in (said.values() if isinstance(said, Mapping) else named)]
    if not wanted and not stack.project.clone:
        raise OperationError(
            f"which names are to be trusted? The state of {stack.name} has {' and '.join(found)}",
            f"if these are what you expect: `{stack.command('trust', name)} {' '.join(found)}`",
        )
    foreign = [each for each in found if wanted and each.removesuffix(":443") not in wanted]
    if foreign:
        by = "the stack file has" if stack.project.clone else "you named"
        raise OperationError(
            f"the state of {stack.name} has the name {foreign[0]}, {by} {' and '.join(wanted)}",
            f"`{stack.command('up')}` first; nothing was changed",
        )
    return found


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


def _install(record: Record, folder: Path, pem: str) -> None:
    path = folder / "ca.crt"
    if path.exists() and path.read_text() != pem and str(folder) not in record.folders:
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
