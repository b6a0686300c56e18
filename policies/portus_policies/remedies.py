"""Repairs for rules whose level is set to `remediate`. Each adds what is missing and changes no value.

Inputs are raw: a secret is a mapping with a signature, an unknown value a text of its own, and both are passed through.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .kubernetes import NAMESPACE, SECRET, SERVICE_ACCOUNT, WORKLOADS, place_of_pod
from .roles import CONTAINER
from .wire import SECRET as SECRET_SIGNATURE
from .wire import SIGNATURE

Properties = Mapping[str, object]
Remedy = Callable[[str, Properties], "Properties | None"]
Raw = dict[str, Any]
REMEDIES: dict[str, Remedy] = {}
"""Rule → its repair: takes a resource's type and raw inputs, gives new ones, or None where nothing is to repair."""


def _remedy(rule: str, *types: str) -> Callable[[Callable[[str, Raw], None]], Callable[[str, Raw], None]]:
    """Make a function that changes a copy of the inputs the repair of a rule, for resources of these types."""

    def register(repair: Callable[[str, Raw], None]) -> Callable[[str, Raw], None]:
        def run(resource_type: str, properties: Properties) -> Properties | None:
            if resource_type not in types:
                return None
            changed = copy.deepcopy(dict(properties))
            repair(resource_type, changed)
            return changed if changed != properties else None

        REMEDIES[rule] = run
        return repair

    return register


def _pod(resource_type: str, inputs: Raw) -> Raw:
    """The pod's spec; an empty mapping of its own where there is none to change."""
    holder: Any = inputs
    for key in place_of_pod(resource_type):
        holder = holder.get(key) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) and SIGNATURE not in holder else {}


def _containers(pod: Raw) -> Iterator[Raw]:
    for name in ("containers", "initContainers", "ephemeralContainers"):
        listed = pod.get(name)
        yield from (each for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()


def _below(holder: Raw, key: str) -> Raw:
    """The mapping at a key, made if it is missing; another one, not kept, where something else stands there."""
    found = holder.setdefault(key, {})
    return found if isinstance(found, dict) else {}


@_remedy("k8s-seccomp", *WORKLOADS)
def _seccomp(resource_type: str, inputs: Raw) -> None:
    pod = _pod(resource_type, inputs)
    if pod:
        _below(pod, "securityContext").setdefault("seccompProfile", {"type": "RuntimeDefault"})


@_remedy("k8s-no-privilege-escalation", *WORKLOADS)
def _privilege_escalation(resource_type: str, inputs: Raw) -> None:
    for container in _containers(_pod(resource_type, inputs)):
        _below(container, "securityContext").setdefault("allowPrivilegeEscalation", False)


@_remedy("k8s-non-root", *WORKLOADS)
def _non_root(resource_type: str, inputs: Raw) -> None:
    pod = _pod(resource_type, inputs)
    if pod:
        _below(pod, "securityContext").setdefault("runAsNonRoot", True)


@_remedy("k8s-no-api-token", *WORKLOADS, *SERVICE_ACCOUNT)
def _api_token(resource_type: str, inputs: Raw) -> None:
    holder = inputs if resource_type in SERVICE_ACCOUNT else _pod(resource_type, inputs)
    if holder:
        holder.setdefault("automountServiceAccountToken", False)


@_remedy("k8s-secret-mode", *WORKLOADS)
def _secret_mode(resource_type: str, inputs: Raw) -> None:
    volumes = _pod(resource_type, inputs).get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        if isinstance(volume, dict) and isinstance(volume.get("secret"), dict):
            volume["secret"].setdefault("defaultMode", 0o440)


@_remedy("k8s-namespace-pod-security", *NAMESPACE)
def _pod_security(resource_type: str, inputs: Raw) -> None:
    labels = _below(_below(inputs, "metadata"), "labels")
    for mode in ("enforce", "audit", "warn"):
        labels.setdefault(f"pod-security.kubernetes.io/{mode}", "restricted")


@_remedy("dkr-capabilities", CONTAINER)
def _capabilities(resource_type: str, inputs: Raw) -> None:
    drops = _below(inputs, "capabilities").get("drops")
    if not drops:
        _below(inputs, "capabilities")["drops"] = ["ALL"]


@_remedy("dkr-no-new-privileges", CONTAINER)
def _new_privileges(resource_type: str, inputs: Raw) -> None:
    options = inputs.setdefault("securityOpts", [])
    if isinstance(options, list) and not any(str(each).startswith("no-new-privileges") for each in options):
        options.append("no-new-privileges:true")


@_remedy("tls-key-strength", "tls:index/privateKey:PrivateKey")
def _key_strength(resource_type: str, inputs: Raw) -> None:
    if inputs.get("algorithm") == "RSA":
        inputs.setdefault("rsaBits", 3072)
    if inputs.get("algorithm") == "ECDSA":
        inputs.setdefault("ecdsaCurve", "P256")


@_remedy("stack-mark-secret", CONTAINER, *SECRET)
def _mark_secret(resource_type: str, inputs: Raw) -> None:
    for name in ("uploads",) if resource_type == CONTAINER else ("data", "stringData"):
        value = inputs.get(name)
        if isinstance(value, list) or (isinstance(value, dict) and value and SIGNATURE not in value):
            inputs[name] = {SIGNATURE: SECRET_SIGNATURE, "value": value}
