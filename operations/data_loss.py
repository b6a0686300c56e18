"""What a preview would destroy for good. Policies see what a resource shall be, a plan tells what happens to it.

`make preview` asks it; `python -m operations.data_loss PLAN` does for pipelines that call `pulumi preview` themselves.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .console import OperationError
from .stack import Stack

ALLOWED = "ALLOW_DATA_LOSS"
"""Environment variable: names, separated by commas, of what this very run may delete or replace."""

_KINDS = {
    "docker:index/volume:Volume": "volume",
    "kubernetes:core/v1:Namespace": "namespace",  # every claim in it goes too, also those that nobody planned for
    "kubernetes:core/v1:PersistentVolumeClaim": "claim",
    "kubernetes:core/v1:PersistentVolume": "volume",
    "kubernetes:apps/v1:StatefulSet": "stateful set",
    "tls:index/privateKey:PrivateKey": "key",
}
_CREDENTIALS = "random:index/"
_LOSING = {"delete": "delete", "delete-replaced": "replace", "replace": "replace", "create-replacement": "replace"}


@dataclass(frozen=True, order=True)
class Loss:
    """Something that would be gone."""

    name: str
    kind: str
    operation: str


def read_plan(path: Path) -> Mapping[str, object]:
    """A plan that `pulumi preview --save-plan` wrote. Raises OperationError when it is none."""
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise OperationError(f"the engine wrote no plan to {path}, so that data loss cannot be ruled out") from None
    resources = plan.get("resourcePlans") if isinstance(plan, dict) else None
    if not isinstance(resources, dict):
        raise OperationError("the engine's plan has an unknown form, so that data loss cannot be ruled out")
    return resources


def losses(plan: Mapping[str, object]) -> list[Loss]:
    """The volumes, claims, namespaces, credentials and keys that a plan deletes or replaces."""
    return sorted(set(_losses(plan)))


def _losses(plan: Mapping[str, object]) -> Iterator[Loss]:
    for urn, entry in plan.items():
        kind = _kind(urn.split("::")[2].rpartition("$")[2]) if urn.count("::") > 2 else ""  # noqa: PLR2004
        steps = entry.get("steps") if isinstance(entry, dict) else None
        found = [_LOSING[step] for step in steps or () if step in _LOSING]
        if kind and found:
            yield Loss(urn.rpartition("::")[2], kind, found[0])


def _kind(resource_type: str) -> str:
    return "credential" if resource_type.startswith(_CREDENTIALS) else _KINDS.get(resource_type, "")


def allowed_names() -> set[str]:
    """What this run may lose."""
    return {name.strip() for name in os.environ.get(ALLOWED, "").split(",")}


def refuse_losses(plan: Mapping[str, object], stack: Stack | None) -> None:
    """Raise OperationError, naming everything, when a plan loses what this run was not allowed to lose.

    ``stack`` is for the hint what to type; None where it is not known.
    """
    allowed = allowed_names()
    refused = [loss for loss in losses(plan) if loss.name not in allowed]
    if refused:
        lines = "\n".join(f"    {loss.operation} {loss.kind} {loss.name}" for loss in refused)
        names = ",".join(loss.name for loss in refused)
        again = stack.command("preview", **{ALLOWED: names}) if stack else f"set {ALLOWED}={names}"
        raise OperationError(
            f"this would destroy what cannot be had back:\n{lines}",
            f"find out which change causes it. If it is meant, allow these very names for this very run: {again}",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge a saved plan; 0 when nothing is lost, 1 when something is or when that cannot be told."""
    parser = argparse.ArgumentParser(prog="python -m operations.data_loss", description=main.__doc__)
    parser.add_argument("plan", type=Path, metavar="PLAN", help="what `pulumi preview --save-plan PLAN` wrote")
    try:
        refuse_losses(read_plan(parser.parse_args(arguments).plan), None)
    except OperationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
