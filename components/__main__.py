"""Serves PortusStack to programs in other languages."""

from portus import PortusStack
from portus._version import __version__
from pulumi.provider.experimental import component_provider_host

if __name__ == "__main__":
    component_provider_host([PortusStack], "portus", version=__version__)
