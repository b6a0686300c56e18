"""Settings, credentials and certificates become one Plan."""

from .certificates import Certificates
from .credentials import Credentials
from .plan import Plan, Workload
from .roles import background, database, edge, portus, registry
from .settings import Settings
from .tasks.bootstrap import bootstrap
from .tasks.smoke_check import smoke_check


def make_plan(settings: Settings, credentials: Credentials, certificates: Certificates) -> Plan:
    """Everything that has to run, in no particular order: the plan derives the start order."""
    workloads: list[Workload] = [
        registry.workload(settings, credentials, certificates),
        portus.workload(settings, credentials, certificates),
        edge.workload(settings, certificates),
    ]
    if settings.database.external is None:
        workloads.append(database.workload(settings, credentials, certificates))
    if settings.portus.generation > 1:
        workloads.append(background.workload(settings, credentials, certificates))
    tasks = [bootstrap(settings, credentials, certificates)]
    if settings.smoke_check:
        tasks.append(smoke_check(settings, credentials, certificates))
    return Plan(settings.name, tuple(workloads), tuple(tasks))
