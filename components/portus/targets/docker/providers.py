"""One Docker provider per host that has an address; a host without one uses the provider that PortusStack inherits."""

import pulumi
import pulumi_docker as docker

from ...naming import resource_name
from ...settings import Settings
from .logins import registry_auth


def host_providers(settings: Settings, parent: pulumi.Resource) -> dict[str, docker.Provider]:
    """Providers by host name."""
    providers: dict[str, docker.Provider] = {}
    logins = registry_auth(settings) if any(host.address for host in settings.docker.hosts) else None
    for host in settings.docker.hosts:
        if host.address:
            providers[host.name] = docker.Provider(
                resource_name(settings.name, "host", host.name),
                host=host.address,
                ssh_opts=list(host.ssh_options) if host.address.startswith("ssh://") else None,
                ca_material=host.tls.ca_pem if host.tls else None,
                cert_material=host.tls.certificate_pem if host.tls else None,
                key_material=host.tls.private_key_pem if host.tls else None,
                registry_auth=logins,
                opts=pulumi.ResourceOptions(parent=parent),
            )
    return providers
