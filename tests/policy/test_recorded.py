"""Every recorded variant of the component breaks those rules only that its arguments are meant to break."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.component import deployments
from tests.policy.graphs import recorded
from tests.policy.pack import Pack

_UNPROTECTED = frozenset({"D36", "K61", "K67", "S02", "T11"})
MEANT: Mapping[str, frozenset[str]] = {
    "registry 3": frozenset({"D29", "K22", "K24"}),
    "unprotected": _UNPROTECTED,
    "retained": _UNPROTECTED,
    "every argument": frozenset({"D29", "P23", "S02", "T11"}),
    "load balancer": frozenset({"K56"}),
    "every argument, load_balancer": frozenset({"K56"}),
    "gateway": frozenset({"K42"}),
}
"""Variant → what it is meant to break: tags instead of digests, no protection, an API that is alpha, patches off."""
KUBERNETES: Mapping[str, Any] = getattr(deployments, "KUBERNETES_VARIANTS", {})
VARIANTS = [("docker", name) for name in deployments.VARIANTS] + [("kubernetes", name) for name in KUBERNETES]


def arguments(target: str, name: str) -> dict[str, Any]:
    """What a variant adds to the minimal arguments."""
    if target == "docker":
        return deployments.VARIANTS[name]
    found: dict[str, Any] = getattr(deployments, "kubernetes_args")(name)  # noqa: B009 - there with that target only
    return found


def meant(target: str, name: str) -> frozenset[str]:
    """What a variant is meant to break; those without backups are told so."""
    return MEANT.get(name, frozenset()) | ({"S14"} if "backup" not in arguments(target, name) else set())


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize(("target", "name"), VARIANTS, ids=[f"{target}-{name}" for target, name in VARIANTS])
def test_a_variant_breaks_what_it_is_meant_to(
    target: str, name: str, preview: bool, packs: Callable[[bool], Pack], rule_ids: dict[str, str]
) -> None:
    given = recorded(deployments.deploy(arguments(target, name), preview=preview))
    told = packs(preview).judge(given)
    assert {rule_ids[each.policy] for each in told} <= meant(target, name), told
