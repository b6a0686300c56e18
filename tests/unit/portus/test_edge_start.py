"""The script that starts nginx, run as it is with a stub of nginx."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.portus import topologies
from tests.unit.portus.nginx_parser import parse


def test_start_script_tells_nginx_where_the_roles_are(tmp_path: Path) -> None:
    """A name that /etc/hosts knows becomes an address: nginx' resolver never looks there."""
    script = tmp_path / "start.sh"
    script.write_text(
        topologies.plain_file(topologies.topology(), "edge", "/etc/portus-stack/start.sh"), encoding="utf-8"
    )
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
    assert portus in ("127.0.0.1:3000", "[::1]:3000")


def started(folder: Path, **files: str) -> tuple[str, str]:
    """What nginx is started with, and the upstreams, on a machine with other files than this one has."""
    text = topologies.plain_file(topologies.topology(), "edge", "/etc/portus-stack/start.sh")
    for path in ("/etc/hosts", "/etc/resolv.conf", "/proc/net/route", "/proc/net/if_inet6"):
        assert path in text
        text = text.replace(path, str(folder / path.rpartition("/")[2]))
    for name, content in files.items():
        (folder / name.replace("resolv", "resolv.conf")).write_text(content, encoding="utf-8")
    (folder / "start.sh").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text("listen 8443 ssl;\nlisten [::]:8443 ssl;\nreturn 421;\n", encoding="utf-8")
    nginx = folder / "nginx"
    nginx.write_text('#!/bin/sh\ncat "$2"\n', encoding="utf-8")
    nginx.chmod(0o755)
    (folder / "out").mkdir()
    command = ["sh", str(folder / "start.sh"), str(folder / "nginx.conf"), str(folder / "out" / "upstreams.conf")]
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    roles = ("test-portus:3000", "test-registry:5000")
    done = subprocess.run([*command, *roles], env=environment, capture_output=True, text=True, check=True)
    return done.stdout, (folder / "out" / "upstreams.conf").read_text(encoding="utf-8")


HEADER = "Iface\tDestination\tGateway\n"
IPV6_HOSTS = "::1 localhost\nfd00:10:96::a1f test-portus\nfd00:10:96::b2c test-registry\n"


def test_addresses_of_ipv6_stand_in_brackets(tmp_path: Path) -> None:
    resolv = "nameserver fd00:10:96::a\nsearch cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    shown, upstreams = started(tmp_path, hosts=IPV6_HOSTS, resolv=resolv, route=HEADER, if_inet6="0 1\n")
    assert "listen [::]:8443 ssl;" in shown and "listen 8443 ssl;" in shown
    written = parse(upstreams)
    assert written.one("resolver").words[1:] == ["[fd00:10:96::a]", "10.96.0.10", "valid=5s"]
    assert written.one("map", "", "$upstream_portus").one("default").words[1] == "[fd00:10:96::a1f]:3000"
    assert written.one("map", "", "$upstream_registry").one("default").words[1] == "[fd00:10:96::b2c]:5000"


def test_where_the_kernel_has_no_ipv6_nothing_listens_on_it(tmp_path: Path) -> None:
    hosts = "10.96.0.31 test-portus\n"
    resolv = "nameserver 10.96.0.10\n"
    shown, upstreams = started(tmp_path, hosts=hosts, resolv=resolv, route=f"{HEADER}eth0\t0\t1\n")
    assert shown == "listen 8443 ssl;\nreturn 421;\n"
    written = parse(upstreams)
    assert written.one("resolver").words[1:] == ["10.96.0.10", "valid=5s", "ipv6=off"]
    assert written.one("map", "", "$upstream_portus").one("default").words[1] == "10.96.0.31:3000"
    assert written.one("map", "", "$upstream_registry").one("default").words[1] == "test-registry:5000"


NGINX = """\
#!/bin/sh
# Stays, as nginx does; notes each reload, and refuses it where the configuration is wrong.
case "$*" in
  *reload*) cat "$ISSUED/tls.crt" >>"$NOTES"; grep -q good "$ISSUED/tls.crt" ;;
  *) echo started >>"$NOTES"; exec sleep 60 ;;
esac
"""


@contextmanager
def running_edge(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """The start script with a certificate in ``issued``, looked at often; what nginx was told."""
    script, nginx, issued, notes = (folder / name for name in ("start.sh", "nginx", "issued", "notes"))
    script.write_text(
        topologies.plain_file(topologies.topology(), "edge", "/etc/portus-stack/start.sh"), encoding="utf-8"
    )
    nginx.write_text(NGINX, encoding="utf-8")
    nginx.chmod(0o755)
    issued.mkdir()
    for name in ("tls.crt", "tls.key"):
        (issued / name).write_text("good 1\n", encoding="utf-8")
    notes.touch()
    command = ["sh", str(script), "nginx.conf", str(folder / "upstreams"), "localhost:3000", "localhost:5000"]
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "ISSUED": str(issued), "NOTES": str(notes)}
    process = subprocess.Popen([*command, str(issued), "0.1"], env=environment, start_new_session=True)
    try:
        yield lambda: notes.read_text(encoding="utf-8").splitlines()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(condition: Callable[[], bool], told: Callable[[], list[str]]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)


def test_renewed_certificate_is_read_once(tmp_path: Path) -> None:
    with running_edge(tmp_path) as told:
        wait_until(lambda: told() == ["started"], told)
        (tmp_path / "issued" / "tls.crt").write_text("good 2\n", encoding="utf-8")
        wait_until(lambda: told() == ["started", "good 2"], told)
        (tmp_path / "issued" / "tls.key").write_text("good 3\n", encoding="utf-8")
        wait_until(lambda: told() == ["started", "good 2", "good 2"], told)


def test_certificate_that_nginx_refuses_is_tried_again(tmp_path: Path) -> None:
    with running_edge(tmp_path) as told:
        wait_until(lambda: told() == ["started"], told)
        (tmp_path / "issued" / "tls.crt").write_text("broken\n", encoding="utf-8")
        wait_until(lambda: told().count("broken") > 1, told)
        (tmp_path / "issued" / "tls.crt").write_text("good 2\n", encoding="utf-8")
        wait_until(lambda: "good 2" in told(), told)
