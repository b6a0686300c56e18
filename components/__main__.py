"""Serves PortusStack to programs in other languages."""

import sys

from portus import InvalidSettings, PortusStack
from portus._version import __version__
from pulumi import InputPropertiesError, Inputs, ResourceOptions
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError


class PortusProvider(ComponentProvider):
    """Tells invalid arguments by property: the SDK (3.254) shows a stack trace for any error of a constructor."""

    def construct(
        self, name: str, resource_type: str, inputs: Inputs, options: ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, InvalidSettings):
                raise InputPropertiesError(error.inner.message, error.inner.errors) from None
            raise


if __name__ == "__main__":
    main(PortusProvider([PortusStack], "portus", version=__version__), sys.argv[1:])
