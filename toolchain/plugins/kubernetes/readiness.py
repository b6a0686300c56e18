"""Whether a Job did its work, asked outside of a wait."""

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.api import ApiError
from toolchain.plugins.kubernetes.awaiting.pod import is_complete
from toolchain.plugins.kubernetes.cluster import Cluster, NoMatchError
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import name_of, namespace_of


def is_ready_job(cluster: Cluster, kind: Kind, job: Properties) -> bool:
    """Look at the Job. One that is not there is for the update to find."""
    try:
        found = cluster.api.request("GET", cluster.path(kind, namespace_of(job), name_of(job)))
    except (ApiError, NoMatchError):
        return True
    return is_complete(found)
