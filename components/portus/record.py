"""What was planned, kept in the stack's state for people and their tools: the diagram and the status read it there.

Nothing secret is in it: names, images, bounds and ports, and of each file at most the word for what it holds.
"""

from collections.abc import Mapping, Sequence

import pulumi

from .certificates import Certificates
from .credentials import Credentials
from .naming import resource_name
from .plan import Issued, Plan, Process, Task, Workload
from .settings import Settings

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
_CREDENTIALS = {
    "database_password": "database password",
    "database_root_password": "database root password",
    "portus_password": "Portus' own password",
    "administrator_password": "administrator's password",
    "bot_password": "smoke check's password",
    "session_key": "session key",
    "http_secret": "http secret",
    "webhook_secret": "webhook secret",
}
"""Attribute of Credentials → its word."""


class PlanRecord(pulumi.ComponentResource):
    """An empty resource whose inputs are the Plan in words. It changes with the Plan, and nothing depends on it."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        credentials: Credentials,
        certificates: Certificates,
        opts: pulumi.ResourceOptions,
    ) -> None:
        words = contents(settings, credentials, certificates)
        props: dict[str, Value] = {
            "target": settings.target.value,
            "portus": settings.hostnames.portus_address,
            "registry": settings.hostnames.registry_address,
            "certificates": _issuers(settings, certificates),
            "processes": [_process(process, words) for process in plan.processes],
            "links": [vars(link) for link in plan.links],
        }
        # A refused destroy must leave it, too, and nothing can depend on it: depends_on means a component's children.
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=settings.data.protect or None))
        super().__init__("portus:internal:Plan", resource_name(settings.name, "plan"), dict(props), own)
        self.register_outputs({})


def _issuers(settings: Settings, certificates: Certificates) -> dict[str, Value]:
    """Role → who issues its certificate."""
    found: dict[str, Value] = dict.fromkeys(certificates.servers, "generated")
    if settings.certificates.provided:
        found["edge"] = "provided"
    if settings.certificates.cert_manager:
        found["edge"] = "issued"
    return found


def contents(settings: Settings, credentials: Credentials, certificates: Certificates) -> dict[int, str]:
    """Identity of an Output → the word for what it holds; what is generated once is one and the same Output everywhere.

    The token key comes last: generation 1 of Portus presents it as its TLS key too.
    """
    found: dict[int, str] = {}
    for role, server in certificates.servers.items():
        found |= {id(server.certificate_pem): f"{role} certificate", id(server.private_key_pem): f"{role} key"}
    found |= {id(getattr(credentials, name)): word for name, word in _CREDENTIALS.items()}
    if settings.registry.s3:
        found |= {id(settings.registry.s3.access_key): "S3 key id", id(settings.registry.s3.secret_key): "S3 key"}
    return found | {
        id(certificates.internal_ca_pem): "CA certificate",
        id(certificates.token_certificate_pem): "token certificate",
        id(certificates.token_private_key_pem): "token key",
    }


def _process(process: Process, words: Mapping[int, str]) -> dict[str, Value]:
    workload = process if isinstance(process, Workload) else None
    data = workload.data if workload else None
    issued = workload is not None and isinstance(workload.presents, Issued)
    return {
        "name": process.name,
        "kind": "task" if isinstance(process, Task) else "workload",
        "image": process.image,
        "memory_mib": process.limits.memory_mib,
        "cpus": process.limits.cpus,
        "user": process.security.user,
        "read_only_root": process.security.read_only_root,
        "data": {"path": data.path, "size_gib": data.size_gib} if data else None,
        "replicas": workload.replicas if workload else 1,
        "secrets": _held(words, process, secret=True, more=[f"{process.name} key"] if issued else []),
        "certificates": _held(words, process, secret=False, more=[f"{process.name} certificate"] if issued else []),
    }


def _held(words: Mapping[int, str], process: Process, *, secret: bool, more: Sequence[str]) -> list[str]:
    """The words for what a process is given, each once."""
    given = (id(file.content) for file in process.files if file.secret is secret)
    return sorted({*more, *(words[content] for content in given if content in words)})
