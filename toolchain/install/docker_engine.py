"""A Docker engine: the one that answers, else the distribution's, installed and started."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from . import apt
from .console import InstallError, run, say

_ANSWER_SECONDS = 20
"""How long `docker info` may take; a remote engine that is gone would otherwise hang."""

_START_SECONDS = 60.0
_SYSTEMD = Path("/run/systemd/system")
_LOG = Path("/var/log/dockerd.log")


def ensure_docker() -> None:
    """Return when a Docker engine answers.

    The engine of `DOCKER_HOST` or of the current context is used if it answers, whatever it is. If none does and this
    is Debian or Ubuntu and we are root, the package docker.io is installed and started.

    Raises:
        InstallError: there is none and we cannot or must not start one.
    """
    answer = docker_info()
    if answer.ok:
        say(f"using the Docker engine that answers: version {answer.text}")
        return
    if os.environ.get("DOCKER_HOST"):
        raise InstallError(f"DOCKER_HOST={os.environ['DOCKER_HOST']} does not answer: {answer.text}")
    if shutil.which("dockerd") is None or shutil.which("docker") is None:
        if not apt.can_install():
            raise InstallError(
                f"no Docker engine answers ({answer.text}) and none can be installed here: start Docker, or install it "
                "(https://docs.docker.com/engine/install/), or run this as root on Debian or Ubuntu"
            )
        _install()
    elif os.geteuid() != 0:
        raise InstallError(
            f"no Docker engine answers ({answer.text}); start it, for example: sudo systemctl start docker"
        )
    _start()


def _install() -> None:
    if shutil.which("dockerd") is None:
        apt.install(["docker.io"], doing="have a Docker engine")
    if shutil.which("docker") is None:  # a package of its own since Debian 13
        apt.install(["docker-cli"], doing="have the docker command")


class DockerAnswer:
    """What `docker info` said."""

    def __init__(self, ok: bool, text: str) -> None:
        """`text` is the engine's version if `ok`, else the last line of the error."""
        self.ok = ok
        self.text = text


def docker_info() -> DockerAnswer:
    """Ask for the engine's version; the client alone answers with status 0 and an empty version when there is none."""
    command = ["docker", "info", "--format", "{{.ServerVersion}}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False)
    except FileNotFoundError:
        return DockerAnswer(False, "there is no docker command")
    except subprocess.TimeoutExpired:
        return DockerAnswer(False, f"no answer within {_ANSWER_SECONDS} s")
    version = answer.stdout.strip()
    if answer.returncode == 0 and version:
        return DockerAnswer(True, version)
    errors = answer.stderr.strip().splitlines()
    return DockerAnswer(False, errors[-1] if errors else f"docker info ended with status {answer.returncode}")


def _start() -> None:
    """Start the engine, by systemd where it runs, and wait until it answers."""
    if not docker_info().ok:
        if _SYSTEMD.is_dir():
            say("starting the Docker engine with systemd")
            run(["systemctl", "enable", "--now", "docker"], doing="start the Docker engine")
        else:
            say(f"starting the Docker engine (its log: {_LOG})")
            with _LOG.open("ab") as log:
                subprocess.Popen(
                    ["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                )
    deadline = time.monotonic() + _START_SECONDS
    while not (answer := docker_info()).ok:
        if time.monotonic() > deadline:
            raise InstallError(
                f"the Docker engine does not answer after {_START_SECONDS} s: {answer.text} (see {_LOG})"
            )
        time.sleep(0.2)
    say(f"the Docker engine answers: version {answer.text}")
