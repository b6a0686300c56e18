"""How the edge holds pushes for a while, so that nothing is written while the registry gives back space.

A push is held while a file of a certain name is there, which nginx looks for at each request, without a reload. Each
name is good for ten seconds: who holds pushes makes the files of the next seconds again and again, and where he is
killed, pushes go on by themselves. See docs/decisions/0048-pushes-wait-at-the-edge.md. Sources: nginx documentation
(``ngx_http_rewrite_module``, ``-f``; ``ngx_http_core_module``, ``$msec``; ``ngx_http_limit_conn_module``).
"""

from ..naming import files_path
from . import edge_limits

SCRIPT_PATH = files_path("hold.sh")
HEALTH_SERVER = "health_of_the_edge"
"""No host may be called that: the server of the socket, which only a process in the container reaches."""
_MARK = "/tmp/pushes-held-"
_HELD_STATUS = 598
"""Of no meaning in HTTP: what leads to the answer to who is held, and stays inside."""
_MOST = 65535
"""Of writes at once: as many as nginx can count. The zone is there to be asked, and limits nobody."""
_WINDOWS = 7
"""How many names of ten seconds each are made at once: a hold ends 60 to 70 seconds after it was last asked for, at
least 20 after the collector, which ends within 40 (registry_collector.py)."""

_RULES = f"""
  # Who writes is held while this file is there; each name is good for ten seconds.
  map "$request_method $msec" $hold {{
    "~^(?:GET|HEAD|OPTIONS) " "";
    "~ (?P<window>[0-9]+)[0-9][.][0-9]+$" {_MARK}$window;
    default "";
  }}
  # Writes that are under way, and the question whether there are any. Parts of a layer are none: they lie apart until
  # a PUT takes them over.
  map "$server_name $request_method $uri" $writing {{
    "~^{HEALTH_SERVER} GET /quiet$" registry;
    "~ (?:PUT|POST|DELETE) /v2/" registry;
    default "";
  }}
  limit_conn_zone $writing zone=writes:64k;
  limit_conn writes {_MOST};
"""

_QUIET = """\
    location / { return 200 "ok\\n"; }
    # The question is a write itself: it is let in where it is the only one.
    location = /quiet {
      limit_conn writes 1;
      limit_conn_status 503;
      proxy_set_header Host edge;
      proxy_pass http://unix:/tmp/health.sock:/;
    }
"""

_SOCKET = "--unix-socket /tmp/health.sock http://edge/quiet"
SCRIPT = f"""\
#!/bin/sh
# Holds pushes at this edge: begin NAME, keep NAME, end, held, quiet. NAME is who holds them, a word.
# Exit codes: 0 done or yes, 1 no, 2 nginx does not tell, 75 somebody else holds them, or nobody does any more.
set -eu
mark={_MARK}
now=$(($(date +%s) / 10))
lease() {{
  window=$now
  while [ "$window" -lt $((now + {_WINDOWS})) ]; do
    echo "$1" >"$mark$window"
    rm -f "$mark$((window - {_WINDOWS} - 1))"
    window=$((window + 1))
  done
}}
case "$1" in
begin)
  [ ! -e "$mark$now" ] || exit 75
  rm -f "$mark"*
  # Where two begin at once, one of them cannot write this.
  (set -C && echo "$2" >"$mark$now") 2>/dev/null || exit 75
  lease "$2"
  ;;
keep)
  # Not there: the container was started anew, the clock jumped, or nobody kept it for too long.
  [ "$(cat "$mark$now" 2>/dev/null)" = "$2" ] || exit 75
  lease "$2"
  ;;
end) rm -f "$mark"* ;;
held) [ -e "$mark$now" ] ;;
quiet)
  asked="$(curl --silent --max-time 5 --output /dev/null --write-out '%{{http_code}}' {_SOCKET})"
  case "$asked" in 200) ;; 503) exit 1 ;; *) exit 2 ;; esac
  ;;
esac
"""


def rules() -> str:
    """What stands in the ``http`` block."""
    return _RULES


def health_locations() -> str:
    """What stands in the server of the socket: that nginx lives, and whether writes are under way."""
    return _QUIET


def write_rules() -> str:
    """What stands in the location of the registry."""
    return f"      if (-f $hold) {{ return {_HELD_STATUS}; }}\n"


def error_page() -> str:
    """What stands in a server, before its locations."""
    return f"    error_page {_HELD_STATUS} =503 @held;\n"


def refusal() -> str:
    """The answer to who is held: docker tries again by itself after 503."""
    answer = edge_limits.error(503, "UNAVAILABLE", "the registry gives back space, try again in some minutes")
    return edge_limits.refusal("held", answer)
