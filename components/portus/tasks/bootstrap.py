"""Makes the administrator, the registry's record and the smoke check's user, before anybody can reach Portus."""

from ..certificates import Certificates
from ..contract import contract_of
from ..credentials import Credentials, bot_username
from ..naming import files_path, internal_name
from ..roles.portus import HIDDEN_USER
from ..roles.registry import service_name
from ..settings import Settings
from ..topology import File, Link, Task
from . import task

_ADMINISTRATOR_PASSWORD = files_path("administrator-password")
_PORTUS_PASSWORD = files_path("portus-password")
_START_SECONDS = 300
"""A Portus on a busy machine takes seconds for each page."""


_FORMER_BOT = {"username": "portus-stack-smoke-check", "email": "smoke-check@portus-stack.invalid"}
"""The smoke check's user of every deployment, before each had one of its own."""


def script_settings(settings: Settings, deployment: str) -> dict[str, object]:
    """The script's settings.json."""
    bot = bot_username(deployment)
    port = contract_of(settings.portus.generation).port
    return {
        "generation": settings.portus.generation,
        "portus_url": f"https://{internal_name(settings.name, 'portus')}:{port}",
        "ca_file": task.CA,
        "registry": {
            "name": "registry",
            "hostname": service_name(settings),
            "external_hostname": settings.hostnames.registry_address,
            "use_ssl": True,
        },
        "administrator": {
            "username": settings.administrator.username,
            "email": settings.administrator.email,
            "password_file": _ADMINISTRATOR_PASSWORD,
        },
        "bot": {"username": bot, "email": f"{bot}@portus-stack.invalid", "password_file": task.BOT_PASSWORD},
        "former_bot": _FORMER_BOT,
        "portus_user": {"username": HIDDEN_USER, "password_file": _PORTUS_PASSWORD},
        "repository": task.REPOSITORY,
    }


def bootstrap(settings: Settings, credentials: Credentials, certificates: Certificates) -> Task:
    """The task; it finds out by itself what is already there."""
    port = contract_of(settings.portus.generation).port
    return Task(
        name="bootstrap",
        image=settings.task_image,
        command=("python3", files_path("bootstrap.py")),
        files=(
            *task.script_files("bootstrap.py", "administration.py"),
            task.settings_file(credentials.deployment.apply(lambda found: script_settings(settings, found))),
            File(task.CA, certificates.internal_ca_pem, holds="CA certificate"),
            File(
                _ADMINISTRATOR_PASSWORD,
                credentials.administrator_password,
                secret=True,
                holds="administrator's password",
            ),
            File(_PORTUS_PASSWORD, credentials.portus_password, secret=True, holds="Portus' own password"),
            task.bot_password_file(credentials),
        ),
        scratch=task.SCRATCH,
        probe=task.PROBE,
        limits=task.LIMITS,
        security=task.SECURITY,
        links=(Link("bootstrap", "portus", port, True, "makes the administrator and the registry's record"),),
        after=("portus", "registry"),
        ending=task.ending(_START_SECONDS),
        start_seconds=_START_SECONDS,
        stop_seconds=task.STOP_SECONDS,
    )
