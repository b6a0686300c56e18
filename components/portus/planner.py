"""Settings, credentials and certificates become one Plan."""

from .args import Role
from .certificates import Certificates
from .credentials import Credentials
from .plan import Plan
from .roles import workloads
from .settings import Settings
from .tasks.bootstrap import bootstrap
from .tasks.smoke_check import smoke_check

_TASKS = {"bootstrap": bootstrap, "smoke_check": smoke_check}


def make_plan(settings: Settings, credentials: Credentials, certificates: Certificates) -> Plan:
    """Everything that has to run, in no particular order: the plan derives the start order."""
    wanted = {"bootstrap": True, "smoke_check": settings.smoke_check}
    tasks = tuple(task(settings, credentials, certificates) for name, task in _TASKS.items() if wanted[name])
    roster = (*(role.value for role in Role), *_TASKS)
    return Plan(settings.name, workloads(settings, credentials, certificates), tasks, roster)
