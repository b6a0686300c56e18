"""What has to be there before a clone's stack can be worked on: a Docker engine, Kubernetes' provider, images.

Other projects have what they need already, or `pulumi` says what is missing: nothing is installed for them.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from .console import OperationError
from .stack import DEFAULT_DOCKER_HOST, Stack

_SOCKET_TIMEOUT_SECONDS = 5


def prepare(stack: Stack, images: bool = False) -> None:
    """Make ready what a clone's stack needs, after a look at its file; ``images`` also those that the lab builds.

    Raises:
        OperationError: the stack file is missing or no YAML, or something cannot be had.
    """
    if stack.project.clone:
        _ = stack.document  # told before anything is installed
        ensure_docker(stack)
        ensure_provider(stack)
        if images:
            ensure_images(stack)


def ensure_docker(stack: Stack) -> None:
    """Install or start this machine's Docker engine when the stack needs it and it does not answer.

    Raises:
        OperationError: there is none, and it could not be had.

    A cluster needs none, but for building the lab's images.
    """
    needed = DEFAULT_DOCKER_HOST in stack.docker_addresses or stack.lab_images
    if needed and not _answers(urlsplit(DEFAULT_DOCKER_HOST).path):
        _run(stack, ["toolchain/docker"], "this machine has no working Docker engine (see above)")


def ensure_provider(stack: Stack) -> None:
    """Build the provider of Kubernetes when the stack is on it and the toolchain has not built it yet.

    The other providers come with the tools; this one takes minutes that a stack on Docker need not wait.

    Raises:
        OperationError: it could not be built.
    """
    if stack.on_kubernetes:
        _run(stack, ["toolchain/provider", "kubernetes"], "Kubernetes' provider could not be had (see above)")


def ensure_images(stack: Stack) -> None:
    """Build those of the lab's images that the stack file asks for and that are missing. Raises OperationError."""
    if stack.lab_images:
        _run(stack, ["lab/images/build", *stack.lab_images], "the lab's images could not be built (see above)")
    if stack.lab_images and stack.on_kubernetes:
        load = ["lab/cluster/cluster", "load", *stack.lab_images]
        _run(stack, load, "the lab's images could not be given to the cluster")


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SOCKET_TIMEOUT_SECONDS)
        try:
            connection.connect(path)
        except OSError:
            return False
    return True


def _run(stack: Stack, command: Sequence[str], problem: str) -> None:
    """Run one of the clone's commands, its output shown as progress; what it builds in Go it builds with our Go."""
    root = stack.project.root
    environment = {"GO": str(root / "toolchain" / "go"), **os.environ}
    done = subprocess.run([str(root / command[0]), *command[1:]], stdout=sys.stderr, env=environment, check=False)
    if done.returncode:
        raise OperationError(problem, f"correct the cause; `{' '.join(command)}` tries that step alone")
