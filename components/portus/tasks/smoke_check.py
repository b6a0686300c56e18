"""Proves that the stack does its job.

Signs in, pushes, sees the image in Portus, pulls it back, and is refused what must be refused.
"""

from ..args import Role
from ..certificates import Certificates
from ..credentials import Credentials, bot_username
from ..naming import files_path
from ..roles.edge import http_port
from ..roles.registry import realm, service_name
from ..settings import Settings
from ..topology import File, Link, Task
from . import task

_START_SECONDS = 300
_TAG = "latest"
TRIED = ("widened_scopes", "token_subject", "foreign_tokens")
"""Patches whose hole the check looks for from outside, unless it was left open."""


def script_settings(settings: Settings, deployment: str, publicly_trusted: bool) -> dict[str, object]:
    """The script's settings.json."""
    plain = {"http_url": f"http://{settings.hostnames.portus}:{http_port(settings)}/"} if settings.http_port else {}
    return {
        "generation": settings.portus.generation,
        "portus_url": f"https://{settings.hostnames.portus_address}",
        "registry_url": f"https://{settings.hostnames.registry_address}",
        "registry_service": service_name(settings),
        "realm": realm(settings),
        "ca_file": task.CA,
        "bot": {"username": bot_username(deployment), "password_file": task.BOT_PASSWORD},
        "repository": task.REPOSITORY,
        "tag": _TAG,
        "closed": [patch.name for patch in settings.portus.patches if patch.name in TRIED],
        **({"system_trust": True} if publicly_trusted else {}),
        **plain,
    }


def _repository(deployment: str) -> str:
    """Where the image is in the end: Portus leaves the user's name as it is when it names the namespace."""
    return f"{bot_username(deployment)}/{task.REPOSITORY}"


def smoke_check(settings: Settings, credentials: Credentials, certificates: Certificates) -> Task:
    """The task; it goes through the edge by the public names, as a docker client would."""
    links = [Link("smoke_check", "edge", settings.hostnames.port, True, "does what a docker client does")]
    if settings.http_port:
        links.append(Link("smoke_check", "edge", http_port(settings), False, "expects to be redirected"))

    def written(deployment: str) -> dict[str, object]:
        return script_settings(settings, deployment, certificates.publicly_trusted)

    return Task(
        name="smoke_check",
        image=settings.task_image,
        command=("python3", files_path("smoke_check.py")),
        files=(
            *task.script_files("smoke_check.py", "registry_client.py", "sightings.py", "intrusions.py"),
            task.settings_file(credentials.deployment.apply(written)),
            File(task.CA, certificates.trust_pem, holds="CA certificate"),
            task.bot_password_file(credentials),
        ),
        scratch=task.SCRATCH,
        probe=task.PROBE,
        limits=task.LIMITS,
        security=task.SECURITY,
        links=tuple(links),
        after=("edge",),
        verifies=tuple(role.value for role in settings.roles if role is not Role.BACKUP),
        ending=task.ending(_START_SECONDS),
        report={"repository": credentials.deployment.apply(_repository), "tag": _TAG},
        start_seconds=_START_SECONDS,
        stop_seconds=task.STOP_SECONDS,
    )
