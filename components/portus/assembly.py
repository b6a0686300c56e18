"""Settings, credentials and certificates become one Topology."""

from .args import Role
from .certificates import Certificates
from .credentials import Credentials
from .roles import workloads
from .settings import Settings
from .tasks.bootstrap import bootstrap
from .tasks.smoke_check import smoke_check
from .topology import Topology

_TASKS = {"bootstrap": bootstrap, "smoke_check": smoke_check}


def assemble(settings: Settings, credentials: Credentials, certificates: Certificates) -> Topology:
    """Everything that has to run, in no particular order: the topology derives the start order."""
    wanted = {"bootstrap": True, "smoke_check": settings.smoke_check}
    tasks = tuple(task(settings, credentials, certificates) for name, task in _TASKS.items() if wanted[name])
    later = (Role.BACKUP.value,)  # came to the roster after the tasks
    roster = (*(role.value for role in Role if role.value not in later), *_TASKS, *later)
    return Topology(settings.name, workloads(settings, credentials, certificates), tasks, roster)
