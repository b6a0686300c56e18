"""What rules evaluate: one resource, or all resources of a stack with what leads from one to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from .settings import Settings
from .values import Node, Value

Found = TypeVar("Found")
COMPONENT = "portus:index:PortusStack"
"""The type of PortusStack (a test ties it to the component's own)."""
LABEL_PREFIX = "org.portus-stack"
NAME_LABEL, ROLE_LABEL = f"{LABEL_PREFIX}.name", f"{LABEL_PREFIX}.role"


@dataclass(frozen=True)
class Options:
    """The resource options that a policy can see.

    ``provider`` is the provider's URN, "" where none is told.
    """

    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    provider: str = ""


@dataclass(frozen=True)
class Resource:
    """One resource, as its program asked for it.

    Attributes:
        secrets: paths of the properties that are secret, None where that cannot be told.
        dependencies: property → URNs of the resources that its value comes from.
        outputs: of components and stacks: what they export, where that is known.
    """

    urn: str
    type: str
    name: str
    properties: dict[str, Value]
    options: Options = Options()
    parent: str = ""
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: frozenset[str] | None = None
    outputs: Mapping[str, Value] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @cached_property
    def root(self) -> Node:
        """All properties."""
        return Node(self.properties)

    @cached_property
    def known(self) -> dict[str, str]:
        """What was found out about it once and is asked for again and again, such as its role."""
        return {}

    def at(self, *keys: str) -> Node:
        """A property, which may be missing."""
        return self.root.at(*keys)

    @property
    def qualified_type(self) -> str:
        """The types of all ancestors and its own, as the URN has them."""
        parts = self.urn.split("::")
        return parts[2] if len(parts) > 2 else self.type  # noqa: PLR2004 - urn:pulumi:STACK::PROJECT::TYPES::NAME

    @property
    def is_component(self) -> bool:
        """Whether it is a PortusStack itself."""
        return self.type == COMPONENT

    @property
    def inside_component(self) -> bool:
        """Whether it belongs to a PortusStack."""
        return COMPONENT in self.qualified_type.split("$")[:-1]


@dataclass(frozen=True)
class Stack:
    """All resources of a stack.

    Attributes:
        preview: values may still be unknown for a good reason.
        exception_problems: what is wrong with the file of exceptions.
    """

    resources: tuple[Resource, ...]
    settings: Settings = field(default_factory=Settings)
    preview: bool = False
    exception_problems: tuple[str, ...] = ()

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _by_type(self) -> dict[str, list[tuple[int, Resource]]]:
        """Resources by type, each with its place in the stack."""
        found: dict[str, list[tuple[int, Resource]]] = {}
        for place, resource in enumerate(self.resources):
            found.setdefault(resource.type, []).append((place, resource))
        return found

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of certain types, in the stack's order."""
        found = [pair for each in dict.fromkeys(types) for pair in self._by_type.get(each, ())]
        return (resource for _, resource in sorted(found, key=lambda pair: pair[0]))

    @cached_property
    def _found(self) -> dict[Callable[[Stack], Any], Any]:
        return {}

    def once(self, find: Callable[[Stack], Found]) -> Found:
        """What a function finds in the stack, which is looked for once: rules ask for it for each resource."""
        if find not in self._found:
            self._found[find] = find(self)
        found: Found = self._found[find]
        return found

    def sources(self, resource: Resource, *properties: str) -> Iterator[Resource]:
        """The resources that the values of these properties (of all, when none is named) come from directly."""
        names: Iterable[str] = properties or resource.dependencies
        urns = dict.fromkeys(urn for name in names for urn in resource.dependencies.get(name, ()))
        return (self.by_urn[urn] for urn in urns if urn in self.by_urn)
