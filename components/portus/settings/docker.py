"""Reads the ``docker`` group."""

import ipaddress
import re

from ..args import Role
from . import patterns
from .certificates import read_pair
from .model import DockerHost, DockerSettings, DockerTls
from .reader import Reader, shown
from .registries import read_registry_auth

_HTTPS_PORT = 443
_HTTP_PORT = 80
_HIGHEST_PORT = 65535
_SSH_OPTIONS = ("-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=10")
_IPV4 = (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", "an IPv4 address")
_ADDRESS = (rf"{_IPV4[0]}|[0-9a-f]*:[0-9a-f:]+", "an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1")
_CIDR = (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}", "an IPv4 network such as 10.213.0.0/20")
WITHOUT_TLS = "a Docker daemon without TLS gives root to everybody who reaches it"


def docker_host_problem(address: str, certificates: bool) -> str:
    """What is wrong with the address of a daemon that no host of ``docker.hosts`` describes; "" when nothing is.

    ``certificates``: whether the provider finds those for TLS by itself, in ``$DOCKER_CERT_PATH``.
    """
    if re.match(r"(?:tcp|https?)://", address) and not certificates:
        scheme = address.partition(":")[0]
        return f"must not be {scheme}://: {WITHOUT_TLS}; describe the host in docker.hosts, with address and tls"
    if re.fullmatch(rf"(?:{patterns.HOST_ADDRESS[0]})(?:/[^\s]*)?|(?:tcp|https?|npipe)://[^\s]+", address):
        return ""
    return f"must be {patterns.HOST_ADDRESS[1]}, not {shown(address)}"


def read_docker(reader: Reader, public_port: int) -> DockerSettings:
    """One host that runs every role when none is named."""
    hosts = tuple(_host(host) for host in reader.groups("hosts"))
    settings = DockerSettings(
        hosts=hosts or (DockerHost("", "", (), None, "", tuple(Role)),),
        bind_address=_canonical(reader.text("bind_address", "0.0.0.0", *_ADDRESS)),
        https_port=reader.integer("https_port", public_port, 1, _HIGHEST_PORT),
        http_port=reader.integer("http_port", _HTTP_PORT if public_port == _HTTPS_PORT else 0, 0, _HIGHEST_PORT),
        address_pool=reader.text("address_pool", "", *_CIDR),
        registry_auth=read_registry_auth(reader),
    )
    reader.finish()
    return settings


def _canonical(address: str) -> str:
    """As Docker reports it back; what is no address is reported by the rules."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _host(reader: Reader) -> DockerHost:
    roles = reader.texts(
        "roles", (), "|".join(role.value for role in Role), "a role: " + ", ".join(role.value for role in Role)
    )
    host = DockerHost(
        name=reader.text("name", None, *patterns.NAME),
        address=reader.text("address", "", *patterns.HOST_ADDRESS),
        ssh_options=reader.texts("ssh_options", _SSH_OPTIONS, *patterns.SSH_OPTION),
        tls=_tls(reader.group("tls")) if reader.has("tls") else None,
        private_address=reader.text("private_address", "", *_IPV4),
        roles=tuple(role for role in Role if role.value in roles),
    )
    reader.finish()
    return host


def _tls(reader: Reader) -> DockerTls:
    tls = DockerTls(reader.public("ca_pem", *patterns.PEM_CERTIFICATE), *read_pair(reader))
    reader.finish()
    return tls
