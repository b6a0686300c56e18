"""Serves PortusStack to programs in other languages."""

from pulumi.provider.experimental import component_provider_host

from portus import PortusStack
from portus._version import __version__

if __name__ == "__main__":
    component_provider_host([PortusStack], "portus", version=__version__)
