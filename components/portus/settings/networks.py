"""Reads networks (CIDR)."""

import ipaddress
from collections.abc import Collection

from . import patterns
from .reader import Reader

_WIDEST = {4: 8, 6: 16}
"""Version of IP → the shortest prefix of a network whose members are trusted."""
_UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
"""RFC 4193: addresses of somebody's own, like 10.0.0.0/8."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_networks(reader: Reader, key: str) -> tuple[str, ...]:
    """A list of networks, each as others report it back; host bits and what is no network are refused."""
    return tuple(str(each) for each in _networks(reader, key).values())


def read_trusted_networks(reader: Reader, key: str) -> tuple[str, ...]:
    """The same for networks whose members are believed: neither one, nor all of them together, holds half the world."""
    found = _networks(reader, key)
    for index, network in found.items():
        if reason := _too_wide(network):
            reader.problem(f"{key}[{index}]", reason)
    if reader.sound(key):
        for together in _collapsed(found.values()):
            if reason := _too_wide(together):
                reader.problem(key, f"{reason}; together they hold {together}")
    return tuple(str(each) for each in found.values())


def _networks(reader: Reader, key: str) -> dict[int, Network]:
    """Those that are right, by their place in the list."""
    found: dict[int, Network] = {}
    for index, text in enumerate(reader.texts(key, (), *patterns.CIDR)):
        place = f"{key}[{index}]"
        if not reader.sound(place):
            continue
        try:
            found[index] = ipaddress.ip_network(text)
        except ValueError as error:
            reader.problem(place, f"must be a network (CIDR) such as 192.0.2.0/24: {error}{_meant(text)}")
    return found


def _meant(text: str) -> str:
    """The network of an address that is given with its prefix."""
    try:
        return f"; did you mean {ipaddress.ip_network(text, strict=False)}?"
    except ValueError:
        return ""


def _collapsed(networks: Collection[Network]) -> list[Network]:
    four = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
    six = [each for each in networks if isinstance(each, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]


def _too_wide(network: Network) -> str:
    """Why a network is no range of proxies; "" when it may be one."""
    if isinstance(network, ipaddress.IPv6Network):
        if network.network_address.ipv4_mapped:
            return "must be written as a network of IPv4"
        if network.subnet_of(_UNIQUE_LOCAL):
            return ""
    widest = _WIDEST[network.version]
    if network.prefixlen >= widest:
        return ""
    return f"must be a /{widest} or smaller: whoever is in it can come as anybody"
