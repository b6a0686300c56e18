"""The objects that a stack asks Kubernetes for, as a file that other tools read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.portus.naming import ROLE_LABEL
from tests.component.recorder import Json, Recording, generated_name
from tests.component.test_stacks import ROOT, run

Object = dict[str, Any]


@dataclass(frozen=True)
class Manifests:
    """The objects of one stack."""

    stack: str
    objects: tuple[Object, ...]

    @classmethod
    def of(cls, stack: str) -> "Manifests":
        """The objects of a committed stack, as an update of it asks for them."""
        file = ROOT / "stacks" / f"Pulumi.{stack}.yaml"
        recording = run(stack, yaml.safe_load(file.read_text(encoding="utf-8"))["config"])
        return cls(stack, tuple(_objects(recording)))

    def write(self, folder: Path) -> Path:
        """Write them into a file, one document each."""
        file = folder / f"{self.stack}.yaml"
        file.write_text(yaml.safe_dump_all(self.objects), encoding="utf-8")
        return file

    def subject(self, kind: str, name: str) -> str:
        """``{stack}/{role}`` of the object of that kind and name."""
        found = [one for one in self.objects if (one["kind"], one["metadata"]["name"]) == (kind, name)]
        assert len(found) == 1, f"{kind} {name}: {len(found)} of them"
        return f"{self.stack}/{found[0]['metadata']['labels'][ROLE_LABEL]}"


def _objects(recording: Recording) -> Iterator[Object]:
    """Complete objects: their names are those by which others in the recording refer to them."""
    for one in recording:
        if one.type.startswith("kubernetes:"):
            found = _whole(one.values)
            found["metadata"] = {"name": generated_name(one.name), **found["metadata"]}
            yield found


def _whole(value: Json) -> Any:
    """The wire knows no whole numbers; what an API server gets is whole where it can be."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
