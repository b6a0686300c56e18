"""From the SDK's arguments to the plain view that rules evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pulumi_policy as sdk
from pulumi_policy.deserialize import serialize_properties

from .resource import Options, Resource
from .settings import Settings
from .values import Value
from .wire import plain_properties


def properties_of(properties: Mapping[str, object]) -> dict[str, Value]:
    """Plain data; the SDK's own view raises on every unknown value. Whether something is secret it does not tell."""
    return plain_properties(serialize_properties(properties))[0]


def resource_of(args: sdk.ResourceValidationArgs, settings: Settings) -> Resource:
    """A resource that the engine asks about."""
    provider = args.provider.urn if args.provider else ""
    options = Options(bool(args.opts.protect), tuple(args.opts.ignore_changes or ()), provider)
    return Resource(
        args.urn,
        args.resource_type,
        args.name,
        properties_of(args.props),
        options,
        args.opts.parent or "",
        settings=settings,
    )


def stack_resource(given: sdk.PolicyResource, seen: Resource | None, settings: Settings) -> Resource:
    """A resource of a stack: the inputs that were seen when it was registered, with what its properties come from.

    A preview blanks outputs that hold something unknown, inputs it does not.
    """
    outputs = properties_of(given.props)
    base = seen or Resource(given.urn, given.resource_type, given.name, outputs, settings=settings)
    dependencies = {
        name: tuple(each.urn for each in found) for name, found in given.property_dependencies.items() if found
    }
    return replace(
        base, parent=given.parent.urn if given.parent else base.parent, dependencies=dependencies, outputs=outputs
    )
