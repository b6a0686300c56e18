"""The TLS edge (nginx): the only role that outsiders reach.

It ends TLS 1.2+, redirects plain HTTP, sends each host name to its role, verifies both roles' certificates, answers 403
to what must never be reached from outside, and judges what reaches Portus (edge_fence.py). Sources: nginx documentation
(``ngx_http_proxy_module``, ``ngx_http_ssl_module``); distribution recipe for nginx (body size, buffering); SUSE/Portus
``lib/api/v1`` and ``app/controllers/api/v2`` (which paths need no authentication).
"""

from dataclasses import replace

from ..certificates import Certificates
from ..contract import contract_of
from ..credentials import Credentials
from ..naming import files_path, internal_name
from ..settings import Settings
from ..topology import OUTSIDE, File, Issued, Limits, Link, Probe, Security, TlsPair, Workload
from . import edge_hold, registry
from .edge_configuration import OUTSIDE_PORT, UPSTREAMS, EdgeNames, nginx_configuration

_LOOK_SECONDS = 5
_NGINX_USER = "101:101"
_HTTP_PORT = 8080
_CONFIG = files_path("nginx.conf")
_START = files_path("start.sh")
_START_SCRIPT = """\
#!/bin/sh
# Arguments: nginx' configuration, the file of upstreams that it includes, Portus and the registry as host:port; perhaps
# the directory of a certificate that is renewed in place, and how many seconds lie between two looks at it.
# nginx asks the container's own name server each time: a role that comes back at another address is found again.
# That name server does not know what stands in /etc/hosts: the roles on other hosts.
# nginx wants addresses of IPv6 in brackets, and does not start where it is to listen on one and the kernel has none.
set -eu
upstream() {
  address="$(awk -v name="${2%:*}" '$2 == name { print $1; exit }' /etc/hosts)"
  case "$address" in *:*) address="[$address]" ;; esac
  echo "map '' \\$upstream_$1 { default ${address:-${2%:*}}:${2##*:}; }"
}
servers="$(awk '$1 == "nameserver" { if ($2 ~ /:/) $2 = "[" $2 "]"; printf "%s ", $2 }' /etc/resolv.conf)"
families="ipv6=off" # a role with both kinds of addresses is reached by IPv4, where this container has a route of it
awk 'NR > 1 { found = 1 } END { exit !found }' /proc/net/route || families=""
configuration="$1"
if [ ! -e /proc/net/if_inet6 ]; then
  configuration="${2%/*}/nginx.conf"
  grep -v 'listen \\[::\\]' "$1" >"$configuration"
fi
{
  echo "resolver $servers valid=5s $families;"
  upstream portus "$3"
  upstream registry "$4"
} >"$2"
# nginx reads the new certificate once it stayed the same for two looks: certificate and key are then a pair.
watch() {
  last="$loaded"
  while sleep "$3"; do
    now="$(cat "$2"/tls.* | cksum)"
    if [ "$now" = "$last" ] && [ "$now" != "$loaded" ] && nginx -c "$1" -s reload; then
      loaded="$now"
      echo "the certificate was renewed"
    fi
    last="$now"
  done
}
if [ $# -gt 4 ]; then
  loaded="$(cat "$5"/tls.* | cksum)" # before nginx reads it: one that comes in between is then seen as new
  watch "$configuration" "$5" "$6" &
fi
exec nginx -c "$configuration" -g 'daemon off;'
"""


def public_links(settings: Settings) -> tuple[Link, ...]:
    """What reaches the edge from outside."""
    https = Link(OUTSIDE, "edge", outside_port(settings), True, "people and docker clients")
    if not settings.http_port:
        return (https,)
    return (https, Link(OUTSIDE, "edge", http_port(settings), False, "is redirected to HTTPS"))


def http_port(settings: Settings) -> int:
    """The port inside for plain HTTP: unprivileged, and never the public one."""
    return _HTTP_PORT if settings.hostnames.port != _HTTP_PORT else _HTTP_PORT + 1


def outside_port(settings: Settings) -> int:
    """The port inside to which outsiders are led: never the public one, by which roles inside come."""
    return OUTSIDE_PORT if settings.hostnames.port != OUTSIDE_PORT else OUTSIDE_PORT + 1


def links(settings: Settings) -> tuple[Link, ...]:
    """To both roles behind it, and from outside to it."""
    contract = contract_of(settings.portus.generation)
    return (
        Link("edge", "portus", contract.port, True, "passes requests on"),
        Link("edge", "registry", registry.PORT, True, "passes requests on"),
        *public_links(settings),
    )


def workload(settings: Settings, _credentials: Credentials, certificates: Certificates) -> Workload:
    """nginx as an unprivileged user."""
    names = _names(settings)
    presents = certificates.presented("edge")
    if isinstance(presents, Issued):
        names = replace(names, certificate=f"{presents.directory}/tls.crt", key=f"{presents.directory}/tls.key")
    return Workload(
        name="edge",
        image=settings.edge.image,
        command=("sh", _START, _CONFIG, UPSTREAMS, names.portus, names.registry, *_watched(presents)),
        files=(
            File(_CONFIG, nginx_configuration(names)),
            File(_START, _START_SCRIPT),
            File(edge_hold.SCRIPT_PATH, edge_hold.SCRIPT),
            File(files_path("ca.crt"), certificates.internal_ca_pem, holds="CA certificate"),
            *(presents.files("edge", names.certificate, names.key) if isinstance(presents, TlsPair) else ()),
        ),
        scratch=("/tmp",),
        probe=Probe(
            ("curl", "--silent", "--fail", "--max-time", "5", "--unix-socket", "/tmp/health.sock", "http://edge/")
        ),
        limits=Limits(settings.edge.resources.memory_mib, settings.edge.resources.cpus),
        security=Security(user=_NGINX_USER),
        links=links(settings),
        aliases=settings.hostnames.names,
        replicas=settings.edge.replicas,
        presents=presents,
        after=("background",) if settings.portus.generation > 1 else ("bootstrap",),
        stop_seconds=30,
    )


def _names(settings: Settings) -> EdgeNames:
    return EdgeNames(
        portus_host=settings.hostnames.portus,
        registry_host=settings.hostnames.registry,
        public_port=settings.hostnames.port,
        http_port=http_port(settings) if settings.http_port else 0,
        portus=f"{internal_name(settings.name, 'portus')}:{contract_of(settings.portus.generation).port}",
        registry=f"{internal_name(settings.name, 'registry')}:{registry.PORT}",
        outside_port=outside_port(settings),
        inside_addresses=settings.hairpin_addresses,
        layers=_layers(settings),
        trusted_proxies=settings.edge.trusted_proxies,
        proxy_protocol=settings.edge.proxy_protocol,
    )


def _layers(settings: Settings) -> int:
    """This edge's share of the layers that all registries together can send at once."""
    return max(1, registry.streams(settings) * settings.registry.replicas // settings.edge.replicas)


def _watched(presents: TlsPair | Issued) -> tuple[str, ...]:
    """Arguments of the start script: what to look at, and how often."""
    return (presents.directory, str(_LOOK_SECONDS)) if isinstance(presents, Issued) else ()
