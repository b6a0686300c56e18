"""Reads the ``hostnames`` group: names that clients look up, and that certificates carry."""

import ipaddress
import re

from . import patterns
from .model import Hostnames
from .reader import Reader, shown

_HIGHEST_PORT = 65535
_HTTPS_PORT = 443
_TOLD_APART = re.compile("[ßς\u200c\u200d]")
"""What the two editions of IDNA write differently; Python knows the older one."""


def read_hostnames(reader: Reader) -> Hostnames:
    """Both names and their one port."""
    hosts, ports = {}, {}
    for key in ("portus", "registry"):
        reason = _problem(reader.known(key) or "")
        if reason:
            reader.problem(key, reason)
        address = reader.text(key, None, *patterns.PUBLIC_HOST)
        host, _, port = address.partition(":")
        hosts[key], ports[key] = "" if reason else host, int(port or _HTTPS_PORT)
        if ports[key] > _HIGHEST_PORT:
            reader.problem(key, f"names port {port}; the highest is {_HIGHEST_PORT}")
    if all(hosts.values()) and ports["portus"] != ports["registry"]:
        reader.problem(
            "registry", f"must have the same port as hostnames.portus ({ports['portus']}): one edge serves both"
        )
    reader.finish()
    return Hostnames(portus=hosts["portus"], registry=hosts["registry"], port=ports["portus"])


def _problem(address: str) -> str:
    """What a pattern alone would not explain; "" where there is nothing to explain."""
    if _is_ip_address(address):
        return (
            f"must be a name, not {shown(address)}, which clients take for an IP address: Portus and the tasks inside "
            "are led to the edge by its public name, and no address can be led there. Give the machine a name in DNS, "
            "or in /etc/hosts of every client, and write that one"
        )
    return "" if address.isascii() else _ascii_problem(address)


def _is_ip_address(address: str) -> bool:
    host = address if address.count(":") > 1 else address.partition(":")[0]
    bracketed = re.fullmatch(r"\[(.*)\](?::[0-9]*)?", address)
    try:
        ipaddress.ip_address(bracketed[1] if bracketed else host)
    except ValueError:
        return bool(re.fullmatch(patterns.NUMBER, host.rstrip(".").rpartition(".")[2], re.IGNORECASE))
    return True


def _ascii_problem(address: str) -> str:
    """Names the form in ASCII where there is exactly one."""
    host, colon, port = address.partition(":")
    right = f"must be {patterns.PUBLIC_HOST[1]}, in ASCII, not {shown(address)}"
    try:
        name = host.encode("idna").decode()
    except UnicodeError:
        return right
    if _TOLD_APART.search(host):
        return f"{right}: write its form in ASCII (punycode, xn--…) as its registrar has it"
    written = f"{name}{colon}{port}".lower()
    return f"{right}: write {written}" if re.fullmatch(patterns.PUBLIC_HOST[0], written) else right
