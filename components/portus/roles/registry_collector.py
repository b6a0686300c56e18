"""The script in the registry's container that runs Distribution's garbage collector.

Sources: distribution documentation, "Garbage collection" (nothing may be written meanwhile); ``registry/root.go`` and
``registry/storage/garbagecollect.go`` at v2.8.3 and v3.1.1. The collector reads the registry's own configuration.
"""

from ..naming import files_path

SCRIPT_PATH = files_path("collect.sh")

_SCRIPT = """\
#!/bin/sh
# The registry's garbage collector: run OPTION…, look OPTION…, wanted, stop, size, version.
# Exit codes: 0 done, 75 one is at work already, else the collector's own.
set -eu
wanted=/tmp/collector-wanted
number=/tmp/collector-pid
runs() {{
  [ -e "$number" ] && cat "/proc/$(cat "$number")/cmdline" 2>/dev/null | tr '\\0' ' ' | grep -q garbage-collect
}}
end() {{
  if runs; then kill -KILL "$(cat "$number")"; fi
}}
# What it would remove is a line each; what it keeps would be millions, and would fill the caller's memory.
collect() {{
  {{
    status=0
    sh -c 'echo $$ >"$0"; exec registry garbage-collect "$@"' "$@" 2>&1 || status=$?
    echo "collector ended with $status"
  }} | grep -v -e ': marking ' -e 'level=info' -e 'layer link eligible'
}}
# It must not outlive who keeps pushes away: each 20 seconds somebody must have wanted it anew.
guard() {{
  while sleep 20 && rm "$wanted"; do :; done
  end
}}
case "$1" in
run)
  shift
  if runs; then exit 75; fi
  {exports}
  : >"$wanted"
  guard </dev/null >/dev/null 2>&1 &
  guard=$!
  collect "$number" "$@" {config}
  kill "$guard" 2>/dev/null || :
  rm -f "$number" "$wanted"
  ;;
look)
  shift
  {exports}
  collect /dev/null --dry-run "$@" {config}
  ;;
wanted) : >"$wanted" ;;
stop)
  end
  while runs; do sleep 1; done
  ;;
size) {size} ;;
version) exec registry --version ;;
esac
"""
_SIZE = "du -sk {}/docker/registry/v2/blobs | cut -f 1"


def script(config: str, exports: str, data: str) -> str:
    """The script.

    Args:
        config: path of the registry's configuration.
        exports: shell commands that export the secrets which its storage needs; "" for none.
        data: where the layers are mounted; "" when they are in a bucket, whose size nobody can measure from here.
    """
    return _SCRIPT.format(config=config, exports=exports or ":", size=_SIZE.format(data) if data else ":")
