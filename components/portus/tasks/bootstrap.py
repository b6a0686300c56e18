"""Makes the administrator, the registry's record and the smoke check's user, before anybody can reach Portus."""

from ..certificates import Certificates
from ..contract import contract_of
from ..credentials import Credentials
from ..naming import files_path, internal_name
from ..plan import File, Link, Task
from ..roles.registry import service_name
from ..settings import Settings
from . import task

_ADMINISTRATOR_PASSWORD = files_path("administrator-password")
_HIDDEN_USER = "portus"
"""Portus' own administrator, which its set-up makes (SUSE/Portus ``db/seeds.rb``): the way in without signing up."""
_PORTUS_PASSWORD = files_path("portus-password")
_START_SECONDS = 120


def script_settings(settings: Settings) -> dict[str, object]:
    """The script's settings.json."""
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
        "bot": {"username": task.BOT, "email": task.BOT_EMAIL, "password_file": task.BOT_PASSWORD},
        "portus_user": {"username": _HIDDEN_USER, "password_file": _PORTUS_PASSWORD},
        "repository": task.BOT_REPOSITORY,
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
            task.settings_file(script_settings(settings)),
            File(task.CA, certificates.internal_ca_pem),
            File(_ADMINISTRATOR_PASSWORD, credentials.administrator_password, secret=True),
            File(_PORTUS_PASSWORD, credentials.portus_password, secret=True),
            File(task.BOT_PASSWORD, credentials.bot_password, secret=True),
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
