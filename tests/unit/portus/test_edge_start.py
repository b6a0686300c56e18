"""The script that starts nginx, run as it is with a stub of nginx."""

import os
import subprocess
from pathlib import Path

from tests.unit.portus import plans
from tests.unit.portus.nginx_parser import parse


def test_start_script_tells_nginx_where_the_roles_are(tmp_path: Path) -> None:
    """A name that /etc/hosts knows becomes an address: nginx' resolver never looks there."""
    script = tmp_path / "start.sh"
    script.write_text(plans.plain_file(plans.plan(), "edge", "/etc/portus-stack/start.sh"), encoding="utf-8")
    nginx = tmp_path / "nginx"
    nginx.write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    nginx.chmod(0o755)
    upstreams = tmp_path / "upstreams.conf"
    command = ["sh", str(script), "nginx.conf", str(upstreams), "localhost:3000", "test-registry:5000"]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == "-c nginx.conf -g daemon off;\n"
    written = parse(upstreams.read_text(encoding="utf-8"))
    assert written.one("resolver").words[-2:] == ["valid=5s", "ipv6=off"]
    assert written.one("map", "", "$upstream_registry").one("default").words[1] == "test-registry:5000"
    portus = written.one("map", "", "$upstream_portus").one("default").words[1]
    assert portus in ("127.0.0.1:3000", "::1:3000")
