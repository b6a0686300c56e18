"""How much of the internet a list of address ranges is, however it is cut into pieces."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WIDE = {4: 2**28, 6: 2**124}
"""Addresses: a sixteenth of either internet. All private ranges of IPv4 together are a fifteenth of that."""


def are_everywhere(ranges: Iterable[str]) -> bool:
    """Whether ranges are together so wide that they name nobody: 0.0.0.0/0, or its two halves."""
    found: dict[int, list[Network]] = {4: [], 6: []}
    for each in ranges:
        try:
            network = ipaddress.ip_network(each.strip(), strict=False)
        except ValueError:
            continue  # the API server refuses it
        found[network.version].append(network)
    return any(_size(networks) >= _WIDE[version] for version, networks in found.items())


def _size(networks: list[Network]) -> int:
    merged: list[Network] = list(ipaddress.collapse_addresses(networks))  # type: ignore[type-var]
    return sum(each.num_addresses for each in merged)
