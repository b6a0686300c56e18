"""The edge's nginx configuration, as text."""

from dataclasses import dataclass

from ..naming import files_path
from . import edge_browsers, edge_fence, edge_hold, edge_limits, edge_proxies

OUTSIDE_PORT = 8444
"""The port inside to which outsiders are led; another one where this is the public port."""


@dataclass(frozen=True)
class EdgeNames:
    """Names and ports; ``portus`` and ``registry`` are ``host:port`` inside, ``http_port`` 0 means no plain HTTP.

    Roles inside come to ``public_port``, outsiders are led to ``outside_port``; who comes there from one of
    ``inside_addresses`` is a role on another host. ``layers`` are so many as the registry sends at once, by way of this
    edge. ``trusted_proxies`` are the networks of proxies in front, which name the client in a header or, with
    ``proxy_protocol``, before anything else. ``certificate`` and ``key`` are paths.
    """

    portus_host: str
    registry_host: str
    public_port: int
    http_port: int
    portus: str
    registry: str
    outside_port: int = OUTSIDE_PORT
    inside_addresses: tuple[str, ...] = ()
    layers: int = 200
    trusted_proxies: tuple[str, ...] = ()
    proxy_protocol: bool = False
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
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
{processes}http {{
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
  # Each server's own name in one spelling, whatever the client's was: Portus redirects there, and knows its registry
  # by it.
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
{proxies}{maps}{browsers}
{limits}{hold}
  server {{
    listen unix:/tmp/health.sock;
    server_name {health};
    access_log off;
{health_locations}  }}
  server {{
{default_listens}    server_name _;
    return 421;
  }}
{redirect}{servers}}}
"""

_REDIRECT = """\
  server {{
{default_listens}    server_name _;
    return 421;
  }}
  server {{
{listens}    server_name {names};
    return 308 https://$host{port_suffix}$request_uri;
  }}
"""

_SERVER = """\
  server {{
{listens}    server_name {host};
    set $public_address {address};
    error_page 429 @too_many;
    error_page 503 @busy;
{error_pages}    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
{locations}  }}
"""

_LISTEN = "    listen {address}{words};\n"
_REFUSE = "    location {match} {{ return 403; }}\n"
_PASS = """\
    location {match} {{
{rules}      proxy_ssl_name {upstream_host};
      proxy_pass https://$upstream_{role}{uri};
    }}
"""

_EVENTS = "/v2/webhooks/events"
_NEVER_PUBLIC = (f"= {_EVENTS}", f"= {_EVENTS}/")
"""Unauthenticated in every version: whoever reaches it forges pushes. Below it there may be repositories."""
_NEVER_PUBLIC_PORTUS = tuple(
    f"^~ {path}" for path in ("/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_health", "/api/v1/_ping")
)
"""Portus': makes the first administrator; health paths, which tell about the inside and start programs."""

_TOKEN = "/v2/token"
_TOKEN_NAMES = (_TOKEN, f"{_TOKEN}.json", f"{_TOKEN}/")
"""By these Portus' router knows it, and by any other extension (SUSE/Portus ``config/routes/registry_api.rb``)."""
_FORMS = ("/users/password", "= /users", "= /users/", "/users.", "/users/oauth")
"""Forms that make Portus work or send mail, besides the one for signing in. Its router reads ``/users.json`` too."""


def _pass(match: str, role: str, upstream: str, rules: str = "", uri: str = "") -> str:
    return _PASS.format(match=match, role=role, upstream_host=upstream.partition(":")[0], rules=rules, uri=uri)


def _refused(*matches: str) -> str:
    return "".join(_REFUSE.format(match=match) for match in matches)


def _listens(port: int, words: str = "") -> str:
    """Both families of addresses; the start script takes the second one away where the kernel has no IPv6."""
    return "".join(_LISTEN.format(address=address, words=words) for address in (str(port), f"[::]:{port}"))


def _tls_listens(names: EdgeNames, words: str = "") -> str:
    """For the roles inside, and for outsiders."""
    proxied = edge_proxies.listen_words(names.proxy_protocol)
    return _listens(names.public_port, words=f" ssl{words}") + _listens(
        names.outside_port, words=f" ssl{words}{proxied}"
    )


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
    )


def _portus_locations(names: EdgeNames) -> str:
    refused = _refused("^~ /v2/webhooks", *_NEVER_PUBLIC_PORTUS)
    tokens = "".join(_token_location(path, names) for path in _TOKEN_NAMES)
    others = "".join(f"    location ^~ {_TOKEN}{mark} {{ return 404; }}\n" for mark in ("/", "."))
    return edge_fence.server_rules() + refused + tokens + others + _fenced(names)


def _registry_locations(names: EdgeNames) -> str:
    return _refused(*_NEVER_PUBLIC) + _layers(names) + "    location / { return 404; }\n"


def _layers(names: EdgeNames) -> str:
    return _pass("/v2/", "registry", names.registry, edge_hold.write_rules() + edge_limits.layer_rules())


def _shared_locations(names: EdgeNames) -> str:
    """One host for both: ``/v2/`` is the registry's, except ``/v2/token``; the rest is Portus'."""
    return (
        edge_fence.server_rules()
        + _refused(*_NEVER_PUBLIC, *_NEVER_PUBLIC_PORTUS)
        + _token_location(_TOKEN, names)
        + _layers(names)
        + _fenced(names)
    )


def _servers(names: EdgeNames, suffix: str) -> str:
    """A server for each public name."""
    hosts = {names.portus_host: _portus_locations(names), names.registry_host: _registry_locations(names)}
    if names.portus_host == names.registry_host:
        hosts = {names.portus_host: _shared_locations(names)}
    listens, refusals = _tls_listens(names), edge_limits.refusals() + edge_hold.refusal()
    return "".join(
        _SERVER.format(
            listens=listens,
            host=host,
            address=host + suffix,
            error_pages=edge_hold.error_page(),
            locations=locations + refusals,
        )
        for host, locations in hosts.items()
    )


def _redirect(names: EdgeNames, suffix: str) -> str:
    if not names.http_port:
        return ""
    proxied = edge_proxies.listen_words(names.proxy_protocol)
    return _REDIRECT.format(
        default_listens=_listens(names.http_port, words=f" default_server{proxied}"),
        listens=_listens(names.http_port, words=proxied),
        names=" ".join(dict.fromkeys((names.portus_host, names.registry_host))),
        port_suffix=suffix,
    )


def nginx_configuration(names: EdgeNames) -> str:
    """The whole ``nginx.conf``; every name in it was checked when the settings were made."""
    suffix = "" if names.public_port == 443 else f":{names.public_port}"  # noqa: PLR2004 - the port of https://
    return _MAIN.format(
        processes=edge_limits.processes(),
        upstreams=UPSTREAMS,
        directory=files_path("").rstrip("/"),
        certificate=names.certificate,
        key=names.key,
        ciphers=":".join(_CIPHERS),
        port=names.public_port,
        proxies=edge_proxies.rules(names.trusted_proxies, names.proxy_protocol),
        maps=edge_fence.maps(names.public_port, names.inside_addresses, bool(names.trusted_proxies)),
        browsers=edge_browsers.rules(names.portus_host + suffix),
        limits=edge_limits.rules(names.layers),
        hold=edge_hold.rules(),
        health=edge_hold.HEALTH_SERVER,
        health_locations=edge_hold.health_locations(),
        default_listens=_tls_listens(names, " default_server"),
        redirect=_redirect(names, suffix),
        servers=_servers(names, suffix),
    )
