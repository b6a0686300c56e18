"""Kubernetes objects for the tests of the cluster's controllers."""

from __future__ import annotations

from collections.abc import Mapping

from lab.cluster.api import Object
from lab.cluster.controllers.policies import Pod

NAMESPACES: dict[str, Mapping[str, str]] = {"shop": {"team": "shop"}, "bank": {"team": "bank"}}


def pod(name: str, address: str, namespace: str = "shop", **ports: int) -> Pod:
    """A pod with the label app=NAME and named TCP ports."""
    return Pod(namespace, name, address, {"app": name}, {(port, "TCP"): number for port, number in ports.items()})


def policy(spec: Object, namespace: str = "shop") -> Object:
    """A NetworkPolicy of a namespace."""
    return {"metadata": {"name": "policy", "namespace": namespace}, "spec": spec}


def app(name: str) -> Object:
    """A selector of pods made by `pod`."""
    return {"matchLabels": {"app": name}}
