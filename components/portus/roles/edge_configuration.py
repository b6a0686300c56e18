"""The edge's nginx configuration, as text."""

from dataclasses import dataclass

from ..naming import files_path
from . import edge_browsers, edge_fence

OUTSIDE_PORT = 8444
"""The port inside to which outsiders are led; another one where this is the public port."""


@dataclass(frozen=True)
class EdgeNames:
    """Names and ports; ``portus`` and ``registry`` are ``host:port`` inside, ``http_port`` 0 means no plain HTTP.

    Roles inside come to ``public_port``, outsiders are led to ``outside_port``; who comes there from one of
    ``inside_addresses`` is a role on another host. ``certificate`` and ``key`` are paths.
    """

    portus_host: str
    registry_host: str
    public_port: int
    http_port: int
    portus: str
    registry: str
    outside_port: int = OUTSIDE_PORT
    inside_addresses: tuple[str, ...] = ()
    certificate: str = files_path("edge.crt")
    key: str = files_path("edge.key")


UPSTREAMS = "/tmp/upstreams.conf"
"""Written at every start: the name server, and ``$upstream_portus`` and ``$upstream_registry`` (``host:port``)."""

_CIPHERS = (
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    *("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
)
"""Of TLS 1.2: forward secrecy and authenticated encryption only."""

_MAIN = """\
worker_processes 2;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events {{ worker_connections 1024; }}
http {{
  include {upstreams};
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  log_format plain '$remote_addr - [$time_iso8601] "$request_method $uri" $status $body_bytes_sent $request_time';
  access_log /dev/stdout plain;
  server_tokens off;
  default_type application/octet-stream;

  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers {ciphers};
  ssl_prefer_server_ciphers off;
  ssl_session_cache shared:tls:2m;
  ssl_session_tickets off;

  # Both roles behind the edge are verified against the generated CA, under their internal names.
  proxy_ssl_trusted_certificate {directory}/ca.crt;
  proxy_ssl_verify on;
  proxy_ssl_verify_depth 2;
  proxy_ssl_server_name on;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  # One spelling of each name, whatever the client's was: Portus redirects there, and knows its registry by it.
  map $host $public_address {{
{addresses}    default $host;
  }}
  proxy_set_header Host $public_address;
  # Once, and the same that was judged here.
  proxy_set_header Authorization $http_authorization;
  proxy_set_header Portus-Auth $http_portus_auth;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header X-Forwarded-Host $public_address;
  proxy_set_header X-Forwarded-Port {port};
  proxy_connect_timeout 5s;
{maps}{browsers}
  # Layers stream through: no size limit, nothing kept on disk.
  client_max_body_size 0;
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_max_temp_file_size 0;
  # Four TLS records at a time, where nginx would take one or a page: large pushes and pulls are faster.
  client_body_buffer_size 64k;
  proxy_buffer_size 64k;
  proxy_buffers 8 64k;
  proxy_read_timeout 900s;
  proxy_send_timeout 900s;

  server {{
    listen unix:/tmp/health.sock;
    access_log off;
    return 200 "ok\\n";
  }}
  server {{
    listen {port} ssl default_server;
    listen {outside_port} ssl default_server;
    server_name _;
    return 421;
  }}
{redirect}{servers}}}
"""

_REDIRECT = """\
  server {{
    listen {http_port} default_server;
    server_name _;
    return 421;
  }}
  server {{
    listen {http_port};
    server_name {names};
    return 308 https://$host{port_suffix}$request_uri;
  }}
"""

_SERVER = """\
  server {{
    listen {port} ssl;
    listen {outside_port} ssl;
    server_name {host};
    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
{locations}  }}
"""

_REFUSE = "    location ^~ {path} {{ return 403; }}\n"
_PASS = """\
    location {match} {{
{rules}      proxy_ssl_name {upstream_host};
      proxy_pass https://$upstream_{role}{uri};
    }}
"""

_NEVER_PUBLIC = ("/v2/webhooks/events",)
"""Unauthenticated in every version: whoever reaches it forges pushes."""
_NEVER_PUBLIC_PORTUS = ("/v2/webhooks", "/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_health", "/api/v1/_ping")
"""Besides: makes the first administrator; health paths, which tell about the inside and start programs."""


_TOKEN = "/v2/token"
_TOKEN_NAMES = (_TOKEN, f"{_TOKEN}.json", f"{_TOKEN}/")
"""By these Portus' router knows it, and by any other extension (SUSE/Portus ``config/routes/registry_api.rb``)."""
_FORMS = ("/users/password", "= /users", "/users/oauth")
"""Forms that make Portus work or send mail, besides the one for signing in."""


def _pass(match: str, role: str, upstream: str, rules: str = "", uri: str = "") -> str:
    return _PASS.format(match=match, role=role, upstream_host=upstream.partition(":")[0], rules=rules, uri=uri)


def _token_location(path: str, names: EdgeNames) -> str:
    """Portus is asked in one spelling, whatever the client's was."""
    rules = edge_fence.token_rules() + edge_browsers.token_rules()
    return _pass(f"= {path}", "portus", names.portus, rules, f"{_TOKEN}$is_args$args")


def _fenced(names: EdgeNames) -> str:
    """What Portus has besides tokens and what is refused."""
    passwords = f"      {edge_fence.limit(edge_fence.PASSWORDS)}\n"
    limited = f"{edge_browsers.api_rules()}      {edge_fence.limit(edge_fence.API)}\n{passwords}"
    forms = f"      {edge_fence.limit(edge_fence.FORMS)}\n{passwords}"
    return (
        _pass("^~ /users/sign_in", "portus", names.portus, edge_fence.form_rules())
        + "".join(_pass(match, "portus", names.portus, forms) for match in _FORMS)
        + _pass("/api/", "portus", names.portus, limited)
        + _pass("/", "portus", names.portus)
        + edge_fence.too_many()
    )


def _portus_locations(names: EdgeNames) -> str:
    refused = "".join(_REFUSE.format(path=path) for path in _NEVER_PUBLIC_PORTUS)
    tokens = "".join(_token_location(path, names) for path in _TOKEN_NAMES)
    others = "".join(f"    location ^~ {_TOKEN}{mark} {{ return 404; }}\n" for mark in ("/", "."))
    return edge_fence.server_rules() + refused + tokens + others + _fenced(names)


def _registry_locations(names: EdgeNames) -> str:
    refused = "".join(_REFUSE.format(path=path) for path in _NEVER_PUBLIC)
    return refused + _pass("/v2/", "registry", names.registry) + "    location / { return 404; }\n"


def _shared_locations(names: EdgeNames) -> str:
    """One host for both: ``/v2/`` is the registry's, except ``/v2/token``; the rest is Portus'."""
    refused = "".join(_REFUSE.format(path=path) for path in (*_NEVER_PUBLIC, *_NEVER_PUBLIC_PORTUS[1:]))
    return (
        edge_fence.server_rules()
        + refused
        + _token_location(_TOKEN, names)
        + _pass("/v2/", "registry", names.registry)
        + _fenced(names)
    )


def nginx_configuration(names: EdgeNames) -> str:
    """The whole ``nginx.conf``; every name in it was checked when the settings were made."""
    hosts = {names.portus_host: _portus_locations(names), names.registry_host: _registry_locations(names)}
    if names.portus_host == names.registry_host:
        hosts = {names.portus_host: _shared_locations(names)}
    servers = "".join(
        _SERVER.format(port=names.public_port, outside_port=names.outside_port, host=host, locations=locations)
        for host, locations in hosts.items()
    )
    suffix = "" if names.public_port == 443 else f":{names.public_port}"  # noqa: PLR2004 - the port of https://
    redirect = (
        _REDIRECT.format(http_port=names.http_port, names=" ".join(hosts), port_suffix=suffix)
        if names.http_port
        else ""
    )
    return _MAIN.format(
        upstreams=UPSTREAMS,
        directory=files_path("").rstrip("/"),
        certificate=names.certificate,
        key=names.key,
        ciphers=":".join(_CIPHERS),
        port=names.public_port,
        outside_port=names.outside_port,
        maps=edge_fence.maps(names.public_port, names.inside_addresses),
        addresses="".join(f'    "{host}" "{host}{suffix}";\n' for host in hosts),
        browsers=edge_browsers.rules(names.portus_host + suffix),
        redirect=redirect,
        servers=servers,
    )
