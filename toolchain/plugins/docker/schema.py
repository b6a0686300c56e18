"""What a property is: the vocabulary of the tables in `container_schema.py` and `schemas.py`.

The official plugin is a bridge over a Terraform provider; its behaviour follows from a few facts about each property.
Names of properties are Pulumi's (camelCase, plural for collections, singular for a block that may appear once).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from toolchain.plugins.framework import Value

Validator = Callable[[Value], str | None]
"""Returns what is wrong with a value, or None."""


class Kind(Enum):
    """The shapes of a value. `OBJECT` is a block that may appear once; a `SET` has no order."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    LIST = "list"
    SET = "set"
    MAP = "map"
    OBJECT = "object"


ZERO: Mapping[Kind, Value] = {Kind.STRING: "", Kind.INTEGER: 0, Kind.BOOLEAN: False}
"""What an unset scalar is inside a block, and what Terraform cannot tell from an unset one."""


@dataclass(frozen=True)
class Property:
    """One property of a resource, of a block, or of the provider's configuration.

    `computed`: Docker decides when the program does not; an `output` cannot be set at all. `replaces`: a change
    replaces the resource. `fields` are those of a block. `refused` says why an input that the official plugin takes is
    not covered. `blank_is_unset`: an empty string, like none, keeps the old value.
    """

    kind: Kind
    required: bool = False
    computed: bool = False
    output: bool = False
    replaces: bool = False
    default: bool | int | str | None = None
    fields: Mapping[str, "Property"] = field(default_factory=dict)
    validate: Validator | None = None
    conflicts: tuple[str, ...] = ()
    refused: str = ""
    blank_is_unset: bool = False

    @property
    def is_collection(self) -> bool:
        return self.kind in (Kind.LIST, Kind.SET, Kind.MAP)

    @property
    def is_block_list(self) -> bool:
        return self.kind in (Kind.LIST, Kind.SET) and bool(self.fields)


Schema = Mapping[str, Property]


@dataclass(frozen=True)
class ResourceSchema:
    """A resource type. `timeouts`: minutes allowed for create, update and delete, 0 for no limit of its own.

    `autonamed`: a name is made up when the program gives none. `version` is the state's schema version.
    """

    properties: Schema
    version: int = 0
    timeout_minutes: int = 0
    autonamed: bool = True
    always_delete_first: bool = False

    @property
    def inputs(self) -> Schema:
        return {name: item for name, item in self.properties.items() if not item.output}


def at_least(limit: int) -> Validator:
    def validate(value: Value) -> str | None:
        low = isinstance(value, int) and value < limit
        return f"'{value}' cannot be lower than {limit}" if low else None

    return validate


def matching(pattern: str) -> Validator:
    def validate(value: Value) -> str | None:
        fits = isinstance(value, str) and re.search(pattern, value, re.ASCII)
        return None if fits else f"'{value}' doesn't match the pattern '{pattern}'"

    return validate


def text(
    *, replaces: bool = True, default: str | None = None, validate: Validator | None = None, required: bool = False
) -> Property:
    return Property(Kind.STRING, replaces=replaces, default=default, validate=validate, required=required)


def number(
    *, replaces: bool = True, default: int | None = None, validate: Validator | None = None, required: bool = False
) -> Property:
    return Property(Kind.INTEGER, replaces=replaces, default=default, validate=validate, required=required)


def flag(*, replaces: bool = True, default: bool | None = None) -> Property:
    return Property(Kind.BOOLEAN, replaces=replaces, default=default)


def computed(kind: Kind, *, replaces: bool = True, validate: Validator | None = None) -> Property:
    return Property(kind, computed=True, replaces=replaces, validate=validate)


def output(kind: Kind, fields: Schema | None = None) -> Property:
    return Property(kind, output=True, computed=True, fields=fields or {})


def collection(kind: Kind, fields: Schema | None = None, *, replaces: bool = True) -> Property:
    return Property(kind, replaces=replaces, fields=fields or {})


LABEL: Schema = {"label": text(required=True), "value": text(required=True)}
