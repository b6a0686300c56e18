"""Requests and Docker answers for the tests of the docker plugin."""

from collections.abc import Mapping
from threading import Event
from typing import Any

from toolchain.plugins.docker.schema import Kind, Property, Schema
from toolchain.plugins.framework import CheckRequest, DiffRequest

URN = "urn:pulumi:s::p::docker:index/container:Container::c"
_ABOUT: dict[str, Any] = {
    "urn": URN,
    "type": "docker:index/container:Container",
    "name": "c",
    "log": lambda severity, text: None,
    "status": lambda text: None,
    "cancelled": Event(),
}


def check_request(news: Mapping[str, Any], olds: Mapping[str, Any] | None = None, **other: Any) -> CheckRequest:
    return CheckRequest(**_ABOUT, olds=dict(olds or {}), news=dict(news), **{"random_seed": b"seed", **other})


def diff_request(olds: Mapping[str, Any], news: Mapping[str, Any], ignore: tuple[str, ...] = ()) -> DiffRequest:
    return DiffRequest(**_ABOUT, id="i", olds=dict(olds), old_inputs={}, news=dict(news), ignore_changes=list(ignore))


_TEXTS = {
    "restart": "always",
    "permissions": "0400",
    "cpuSet": "0",
    "cpus": "0.5",
    "hostPath": "/host",
    "selinuxRelabel": "z",
    "type": "volume",
    "propagation": "rprivate",
    "contentBase64": "eA==",
    "gpus": "all",
    "cgroupnsMode": "private",
    "platform": "linux",
}


def sample(name: str, item: Property) -> Any:
    """A valid value of a property that is neither its default nor zero."""
    if item.kind is Kind.OBJECT:
        return samples(item.fields)
    if item.kind in (Kind.LIST, Kind.SET):
        return [samples(item.fields)] if item.fields else ["a=b"]
    if item.kind is Kind.MAP:
        return {"k": "v"}
    if item.kind is Kind.BOOLEAN:
        return not item.default
    if item.kind is Kind.INTEGER:
        return 7
    return "2s" if item.default == "0s" else _TEXTS.get(name, "x")


def samples(fields: Schema) -> dict[str, Any]:
    return {name: sample(name, item) for name, item in fields.items() if not item.refused}
