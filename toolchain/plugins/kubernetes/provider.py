"""The provider: its version and its resource types."""

from toolchain.plugins.framework.provider import Provider

VERSION = "4.34.2"
"""Of the Python package `pulumi_kubernetes` whose plugin this is."""


def provider() -> Provider:
    """The provider as it is served."""
    return Provider("kubernetes", VERSION, {})
