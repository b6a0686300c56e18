"""Provider plugin `docker`: stands in for the official one (Python package `pulumi_docker` 5.2.0).

Covers RemoteImage (without build), Network, Volume and Container, and the functions getLogs, getNetwork and
getRemoteImage, on the Docker SDK for Python. What it does not cover it refuses by name.
"""
