"""What one client, or all of them together, may take of the edge, of Portus and of the registry at once.

How often one may come is said in edge_fence.py; here it is how much at the same time, how long, and how large. Sources:
nginx documentation (``ngx_core_module``, ``ngx_http_core_module``, ``ngx_http_limit_conn_module``,
``ngx_http_proxy_module``); distribution recipe for nginx (body size, buffering).
"""

_WORKERS = 2
WORKER_CONNECTIONS = 4096
"""Of each of two workers; a request that is passed on takes two: so many requests at once as both have."""
OPEN_FILES = 16384
"""Of each worker: a file for each connection, and one for an answer that is too large for memory."""
HEADER_SECONDS = 15
"""For the TLS handshake, and for the whole header of a request: who is slower makes place for others."""
HEADER_KIB = 32
"""For the first line of a request, and for each of its headers; both together have two such buffers.

A token of 150 repositories is asked for in 12 KB and comes back in 25 KB.
"""
CLIENT_REQUESTS = 1000
"""At once, of one address: 200 nodes behind it pull three layers each, as docker and containerd do."""
CLIENT_PAGES = 200
"""At once, of one address, to Portus, without tokens: 30 people behind it load a page each, six files at once."""
BODY_KIB = 256
"""Of what is sent to Portus, which keeps no files: four times the longest text that its database takes (64 KiB)."""
ANSWER_MIB = 4
"""Of an answer of Portus for a slow reader, more than its largest file."""
LAYER_PAUSE_SECONDS = 900
"""How long a push or pull may pause; the registry waits as long."""
RETRY_SECONDS = 10
"""What a client is told that takes more."""

_RULES = """
  # One client is one address, of IPv6 one /64: whoever has one of these has all.
  map $remote_addr $client {{
    "~^(?P<network>(?:[0-9a-f]+:){{4}})" $network;
    "~^(?P<network>[0-9a-f:]*::)" $network;
    default $remote_addr;
  }}
  map $way $limited_requests {{
    outside $client;
    default "";
  }}
  map "$way $uri" $limited_pages {{
    "~^outside /v2/" "";
    "~^outside " $client;
    default "";
  }}
  # The registry holds some MiB for each layer that it sends: one more than it has memory for would end them all.
  map "$request_method $uri" $limited_layers {{
    "~^GET /v2/.+/blobs/sha256:" registry;
    default "";
  }}
  limit_conn_zone $limited_requests zone=requests:2m;
  limit_conn_zone $limited_pages zone=pages:2m;
  limit_conn_zone $limited_layers zone=layers:128k;
  limit_conn requests {requests};
  limit_conn pages {pages};
  limit_conn layers {layers};
  limit_conn_status 429;
  limit_conn_log_level warn;
  client_header_timeout {header_seconds}s;
  large_client_header_buffers 2 {header}k;

  # Portus has a few threads: it is asked once the whole request is here, and whoever reads slowly reads from here.
  client_max_body_size {body}k;
  client_body_buffer_size {body}k;
  # Four TLS records at a time, where nginx would take one or a page: large pushes and pulls are faster.
  proxy_buffer_size 64k;
  proxy_buffers 8 64k;
  proxy_max_temp_file_size {answer}m;
  proxy_read_timeout {pause}s;
  proxy_send_timeout {pause}s;
"""


def processes() -> str:
    """What stands before the ``http`` block."""
    return f"""\
worker_processes {_WORKERS};
worker_rlimit_nofile {OPEN_FILES};
events {{ worker_connections {WORKER_CONNECTIONS}; }}
"""


def rules(layers: int) -> str:
    """What stands in the ``http`` block; ``layers`` is how many the registry sends at once."""
    return _RULES.format(
        requests=CLIENT_REQUESTS,
        pages=CLIENT_PAGES,
        layers=layers,
        header_seconds=HEADER_SECONDS,
        header=HEADER_KIB,
        body=BODY_KIB,
        answer=ANSWER_MIB,
        pause=LAYER_PAUSE_SECONDS,
    )


def layer_rules() -> str:
    """What stands in the location of the registry: layers of any size stream through, nothing is kept on disk.

    Whoever is too much gets 503 here, after which docker tries again by itself; after 429 it gives up (moby
    ``distribution/errors.go``).
    """
    return f"""\
      limit_conn_status 503;
      client_max_body_size 0;
      client_body_buffer_size 64k;
      client_body_timeout {LAYER_PAUSE_SECONDS}s;
      send_timeout {LAYER_PAUSE_SECONDS}s;
      proxy_request_buffering off;
      proxy_buffering off;
"""


def error(status: int, code: str, message: str) -> str:
    """An error in the form that docker clients read. Source: Distribution, docs/spec/api.md, "Errors"."""
    return f'return {status} \'{{"errors":[{{"code":"{code}","message":"{message}"}}]}}\';'


def refusals() -> str:
    """The answers to whoever comes too often, and to whoever is too much at once."""
    return refusal("too_many", error(429, "TOOMANYREQUESTS", "too many requests, try again later")) + refusal(
        "busy", error(503, "UNAVAILABLE", "too many layers at once, try again later")
    )


def refusal(name: str, answer: str) -> str:
    """A location that tells a client to come again later."""
    return f"""\
    location @{name} {{
      default_type application/json;
      add_header Retry-After {RETRY_SECONDS} always;
      {answer}
    }}
"""
