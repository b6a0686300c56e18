"""Addresses for Services of type LoadBalancer; kube-proxy on the nodes takes in what is sent there."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from lab.cluster.api import Api, Object
from lab.cluster.fields import parts, text

PATHS = ("/api/v1/services",)


class LoadBalancers:
    """Gives every Service of type LoadBalancer an address of its own, and takes it back."""

    def __init__(self, api: Api, network: str) -> None:
        """``network`` is the range of addresses; this machine has to lead it to a node."""
        self._api, self._network = api, ipaddress.ip_network(network)

    def work(self, collections: list[list[Object]]) -> None:
        """Bring the Services' status up to date. Raises ApiError."""
        (services,) = collections
        for service, address in changes(services, [str(host) for host in self._network.hosts()]):
            path = f"/api/v1/namespaces/{text(service, 'metadata', 'namespace')}/services"
            ingress = [{"ip": address}] if address else None
            status = {"status": {"loadBalancer": {"ingress": ingress}}}
            self._api.merge(f"{path}/{text(service, 'metadata', 'name')}/status", status)


def changes(services: Sequence[Object], addresses: Sequence[str]) -> list[tuple[Object, str]]:
    """(Service, its new address, "" for none), for those whose status is not as it should be.

    A Service keeps the address that it has. A new one gets the address that it asks for, if that is one of ours and
    free, or the first free one if it asks for none; else it goes on waiting.
    """
    taken = {_address(service) for service in services if _is_ours(service)} - {""}
    found: list[tuple[Object, str]] = []
    for service in services:
        if not _is_ours(service):
            if _address(service):
                found.append((service, ""))
        elif not _address(service):
            wanted = text(service, "spec", "loadBalancerIP")
            free = [address for address in addresses if address not in taken and wanted in ("", address)]
            if free:
                taken.add(free[0])
                found.append((service, free[0]))
    return found


def _is_ours(service: Object) -> bool:
    return text(service, "spec", "type") == "LoadBalancer" and not text(service, "spec", "loadBalancerClass")


def _address(service: Object) -> str:
    ingress = parts(service, "status", "loadBalancer", "ingress")
    return text(ingress[0], "ip") if ingress else ""
