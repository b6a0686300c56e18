"""What concerns several arguments together."""

import ipaddress
import re
from collections.abc import Mapping

from .. import images
from ..args import Role, Target
from .docker import WITHOUT_TLS
from .kubernetes_rules import check_certificates, check_kubernetes, check_replicas
from .model import DockerHost, Settings
from .problems import Problems
from .proxy_rules import check_proxies
from .ssh_options import ssh_option_problems

_GENERATION_1 = 1
_MARIADB_PORT = 3306
_TAKEN_USERNAMES = {
    r"portus": "Portus' own hidden user (SUSE/Portus db/seeds.rb)",
    r"portus[-_]stack[-_]smoke[-_]check.*": "the smoke check's user",
}
"""Pattern of a user name → whose it is."""
_LARGEST_PREFIX = 23
_USERS_OF_DATABASE = (Role.PORTUS, Role.BACKGROUND, Role.BACKUP)


def check(settings: Settings, problems: Problems) -> None:
    """Note every impossible combination."""
    _check_portus(settings, problems)
    if settings.target is Target.DOCKER:
        _check_docker(settings, problems)
        _check_hosts(settings, problems)
    check_proxies(settings, problems)
    _check_backup(settings, problems)
    check_replicas(settings, problems)
    check_certificates(settings, problems)
    if settings.target is Target.KUBERNETES:
        check_kubernetes(settings, problems)


def check_logins(settings: Settings, problems: Problems) -> None:
    """Logins of registries reach the providers that PortusStack makes, which are those of hosts with an address."""
    inherits = not all(host.address for host in settings.docker.hosts)
    if settings.docker.registry_auth and inherits and not problems.concern("docker.hosts"):
        problems.add_first(
            "docker.registry_auth",
            "reaches hosts with an address only: set docker.hosts[0].address, or give `registry_auth` to the provider "
            "that this PortusStack inherits",
        )


def _check_portus(settings: Settings, problems: Problems) -> None:
    tag = images.tag_of(settings.portus.image) or ""
    if re.match(r"^2\.3(\D|$)", tag):
        problems.add("portus.image", f"{tag} drops tables when a migration is pending (SUSE/Portus#1741); use 2.4.3")
    if re.match(r"^1\.", tag):
        problems.add("portus.image", "must be release 2.0 or later: there was no production image before")
    known = images.generation_of(settings.portus.image)
    if known and known != settings.portus.generation:
        problems.add("portus.generation", f"is {settings.portus.generation}, but tag {tag} is generation {known}")
    if images.is_stand_in(settings.portus.image) and settings.data.protect:
        problems.add(
            "portus.image",
            "is the lab's stand-in, which is for tests: use a Portus image, or set data.protect to false",
        )
    username = settings.administrator.username
    for pattern, whose in _TAKEN_USERNAMES.items():
        if re.fullmatch(pattern, username, re.IGNORECASE):
            problems.add("administrator.username", f"must be another one: {username} is {whose}")
    external = settings.database.external
    if external and external.port != _MARIADB_PORT and settings.portus.generation == _GENERATION_1:
        problems.add("database.external.port", f"must be {_MARIADB_PORT}: generation 1 of Portus knows no other")


def _check_backup(settings: Settings, problems: Problems) -> None:
    backup, bucket = settings.backup, settings.registry.s3
    if backup is None or problems.concern("backup.layers", "registry"):
        return
    if bucket is not None and backup.layers:
        problems.add(
            "backup.layers",
            "must be bucket_versioning: layers are in S3, which restic does not read: the bucket has to keep versions",
        )
    if bucket is None and not backup.layers:
        problems.add("backup.layers", "must be repository: layers are on a volume, which keeps no versions")


def _check_docker(settings: Settings, problems: Problems) -> None:
    docker = settings.docker
    if docker.https_port == docker.http_port:
        problems.add("docker.http_port", f"must differ from docker.https_port ({docker.https_port})")
    try:
        ipaddress.ip_address(docker.bind_address)
    except ValueError as error:
        problems.add("docker.bind_address", f"must be an IPv4 or IPv6 address: {error}")
    try:
        pool = ipaddress.ip_network(docker.address_pool or "10.0.0.0/8")
    except ValueError as error:
        problems.add("docker.address_pool", f"must be an IPv4 network such as 10.213.0.0/20: {error}")
        return
    if pool.prefixlen > _LARGEST_PREFIX:
        problems.add(
            "docker.address_pool", f"must be a /{_LARGEST_PREFIX} or larger: every pair of roles gets a /28 of it"
        )


def _check_hosts(settings: Settings, problems: Problems) -> None:
    hosts = settings.docker.hosts
    if len(hosts) == 1:
        _check_address(hosts[0], "docker.hosts[0]", problems)
        if hosts[0].name and hosts[0].roles and set(settings.roles) - set(hosts[0].roles):
            problems.add("docker.hosts[0].roles", "must hold every role when there is one host; leave it out")
        return
    for index, host in enumerate(hosts):
        path = f"docker.hosts[{index}]"
        _check_address(host, path, problems)
        if not host.address:
            problems.add_first(f"{path}.address", "is required with several hosts")
        if not host.roles:
            problems.add_first(f"{path}.roles", "is required with several hosts: which roles run here?")
        if [other.name for other in hosts].index(host.name) != index:
            problems.add(f"{path}.name", f"is used twice: {host.name}")
    if settings.docker.https_port != settings.hostnames.port and not problems.concern("hostnames"):
        problems.add("docker.https_port", f"must be the public port ({settings.hostnames.port}) with several hosts")
    roles = (f"docker.hosts[{index}].roles" for index in range(len(hosts)))
    if not problems.concern("database", "portus.generation", *roles):
        _check_placement(settings, problems)


def _check_address(host: DockerHost, path: str, problems: Problems) -> None:
    if host.address.startswith("tcp://") and host.tls is None:
        problems.add(f"{path}.tls", f"is required for tcp://: {WITHOUT_TLS}")
    if host.tls is not None and not host.address.startswith("tcp://") and not problems.concern(f"{path}.address"):
        problems.add(f"{path}.tls", "is for tcp:// addresses only")
    if not problems.concern(f"{path}.ssh_options"):
        for index, reason in ssh_option_problems(host.ssh_options):
            problems.add(f"{path}.ssh_options[{index}]", reason)
    if host.private_address:
        try:
            ipaddress.ip_address(host.private_address)
        except ValueError as error:
            problems.add(f"{path}.private_address", f"must be an IP address: {error}")


def _check_placement(settings: Settings, problems: Problems) -> None:
    hosts = settings.docker.hosts
    places = {role: [host for host in hosts if role in host.roles] for role in Role}
    for role in Role:
        if role in settings.roles and len(places[role]) != 1:
            words = "no host" if not places[role] else " and ".join(host.name for host in places[role])
            problems.add("docker.hosts", f"role {role.value} must be on exactly one host; it is on {words}")
        if role not in settings.roles and places[role]:
            problems.add(
                "docker.hosts",
                f"role {role.value} does not exist in this PortusStack; remove it from {places[role][0].name}",
            )
    if any(len(places[role]) != 1 for role in settings.roles):
        return
    if settings.backup and settings.backup.layers and places[Role.BACKUP] != places[Role.REGISTRY]:
        problems.add("docker.hosts", f"role backup must be where the registry is: on {places[Role.REGISTRY][0].name}")
    _check_connections(settings, {role: places[role][0] for role in settings.roles}, problems)


def _check_connections(settings: Settings, places: Mapping[Role, DockerHost], problems: Problems) -> None:
    edge = places[Role.EDGE]
    if settings.docker.bind_address not in ("0.0.0.0", edge.private_address):
        problems.add(
            "docker.bind_address", f"must be 0.0.0.0 or {edge.private_address}: the other hosts reach the edge there"
        )
    reached = {Role.REGISTRY, Role.PORTUS, Role.EDGE}
    if any(places[role] != places.get(Role.DATABASE) for role in _USERS_OF_DATABASE if role in settings.roles):
        reached.add(Role.DATABASE)
    for index, host in enumerate(settings.docker.hosts):
        if reached & set(host.roles) and not host.private_address:
            problems.add_first(
                f"docker.hosts[{index}].private_address", "is required: roles on other hosts connect to this one"
            )
        if Role.BACKGROUND in host.roles and host != edge and not host.private_address:
            problems.add_first(
                f"docker.hosts[{index}].private_address", "is required: the edge knows the background process by it"
            )
