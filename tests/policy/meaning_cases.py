"""Cases on the recorded Docker target in which a value only means what is bad: the same thing in other words."""

import json
from typing import Any

from tests.policy.cases import Case, docker
from tests.policy.docker_cases import NETWORK, foreign, of
from tests.policy.graphs import Added, Change, add, entry, env, put

_ROLE = "org.portus-stack.role"
_EVERYTHING = json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []})
_MOUNTS = json.dumps(
    {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "mount"], "action": "SCMP_ACT_ALLOW"}]}
)


def _volume(**options: str) -> Added:
    inputs = {"name": "shared", "driver": "local", "driverOpts": options}
    return Added(entry("docker:index/volume:Volume", "shared", inputs))


def _mount(**more: Any) -> Change:
    return of("edge", put("mounts", [{"target": "/host", **more}]))


def _labelled(name: str, role: str) -> Change:
    def edit(inputs: dict[str, Any]) -> None:
        inputs["labels"] = [{**each, "value": role} if each["label"] == _ROLE else each for each in inputs["labels"]]

    return of(name, edit)


def _role(role: str) -> list[dict[str, str]]:
    return [{"label": _ROLE, "value": role}]


_PATHS = (
    "/srv/..",
    "/var",
    "//",
    "/proc/../",
    "/etc/",
    "/var/lib/../run",
    "/etc/localtime/../shadow",
    "/etc/ssl/certs-x",
)
PATHS: tuple[Case, ...] = (
    *(docker("D19", of("edge", add("volumes", {"hostPath": path, "containerPath": "/host"}))) for path in _PATHS),
    docker("D19", of("edge", add("volumes", {"hostPath": "/etc/ssl/certs", "containerPath": "/host"}))),
    docker("D19", of("edge", add("volumes", {"volumeName": "/", "containerPath": "/host"}))),
    docker("D19", _mount(type="bind", source="/srv/../etc")),
    docker("D19", _mount(type="Bind", source="/var/")),
    docker("D19", _mount(type="volume", volumeOptions={"driverOptions": {"type": "none", "o": "bind", "device": "/"}})),
    docker("D19", _volume(type="none", o="bind", device="/")),
    docker("D19", _volume(type="none", o="rbind", device="/srv/../var/run")),
    docker("D19", _volume(type="ext4", device="/dev/sda1")),
    docker("D19", _volume(type="overlay", device="overlay", o="lowerdir=/,upperdir=/srv/u,workdir=/srv/w")),
    docker("D19", _volume(mountpoint="/etc")),
    docker("D20", _volume(type="none", o="bind", device="/srv/docker.sock")),
    docker("D21", _volume(type="none", o="bind,rshared", device="/srv/x")),
    docker("D22", of("database", put("mounts", [{"type": "bind", "source": "/srv/db", "target": "/b"}]))),
)
_REGISTRY_FENCE = ("no-new-privileges:false", "no-new-privileges=false", "no-new-privileges:0")
OPTIONS: tuple[Case, ...] = (
    *(docker("D03", of("edge", add("securityOpts", option))) for option in _REGISTRY_FENCE),
    docker("D03", of("edge", put("securityOpts", ["no-new-privileges:false", "no-new-privileges:true"]))),
    docker("D04", of("edge", add("securityOpts", "seccomp:unconfined"))),
    docker("D04", of("edge", add("securityOpts", f"seccomp={_EVERYTHING}"))),
    docker("D04", of("edge", add("securityOpts", f"seccomp={_MOUNTS}"))),
    docker("D04", of("edge", add("securityOpts", "seccomp=/etc/docker/open.json"))),
    docker("D05", of("edge", add("securityOpts", "label=type:spc_t"))),
    docker("D05", of("edge", add("securityOpts", "label:disable"))),
    docker("D05", of("edge", add("securityOpts", "disable"))),
    docker("D05", of("edge", add("securityOpts", "label=user:system_u"))),
    docker("D05", of("edge", add("securityOpts", "apparmor:Unconfined"))),
    docker("D05", of("edge", add("securityOpts", "systempaths=unconfined"))),
    docker("D05", of("edge", add("securityOpts", "writable-cgroups=true"))),
    *(docker("D08", of("edge", put("user", user))) for user in ("0:1000", "0", "00", "+0", "root:1000", ":1000")),
    docker("P18", of("portus", put("user", "0:1000"))),
    docker("P18", of("portus", put("user", "00"))),
    *(
        docker("D45", of("edge", put("groupAdds", [group])))
        for group in ("0", "docker", "root", "00", "disk", "Docker")
    ),
    docker("D45", of("edge", put("user", "101:0"))),
    docker("D45", of("edge", put("user", "101:docker"))),
    *(
        docker("D02", of("edge", add("capabilities/adds", name)))
        for name in ("SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin", "ALL", " cap_sys_ptrace")
    ),
    docker("D02", of("portus", add("capabilities/adds", "SYS_ADMIN"))),
    docker("D02", of("portus", add("capabilities/adds", "CAP_SETUID"))),
    docker("D03", of("portus", put("securityOpts", []))),
    docker("D02", of("portus", add("capabilities/adds", "ALL"))),
    docker("D23", of("edge", add("ports", {"internal": 8444, "external": 9000, "ip": "0:0:0:0:0:0:0:0"}))),
    docker("D23", of("edge", add("ports", {"internal": 8444, "external": 9000, "ip": "::ffff:0.0.0.0"}))),
)
_BRIDGE = "com.docker.network.bridge"
_FLAGS = (
    *(
        "--skip_grant_tables",
        "--skip-grant-tables=1",
        "--local_infile=1",
        "--loose-local-infile",
        "--SSL=0",
        "--skip-ssl",
    ),
    *("--tls-version=TLSv1.0,TLSv1.2", "--enable-local-infile", "--general_log=ON"),
)
_OPENING = ("--require-secure-transport=OFF", "--skip-require-secure-transport", "--require_secure_transport=0")
_EMPTY = "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1"
_OPEN_DATABASE = [{"internal": 3306, "external": 443, "ip": "0.0.0.0"}]
_PORTUS_SETTINGS = "P04 P05 P06 P13 P16 P17 P18"
_JOINED = [{"name": "hub-registry-portus"}]
ROLES: tuple[Case, ...] = (
    docker("D35", foreign("helper", networksAdvanced=_JOINED)),
    docker("D35", foreign("helper", networksAdvanced=_JOINED, labels=_role("portus")), also=_PORTUS_SETTINGS),
    docker("D35", foreign("helper", networkMode="hub-database-portus"), also="M02 D12"),
    docker(
        "D35",
        foreign("relay", networksAdvanced=_JOINED, ports=[{"internal": 8443, "external": 8443, "ip": "0.0.0.0"}]),
    ),
    docker("D46", of("portus", put("ports", [{"internal": 3000, "external": 8443, "ip": "10.0.0.1"}]))),
    docker("D46", of("portus", put("ports", [{"internal": 3000, "external": 443, "ip": "0.0.0.0"}])), also="D25"),
    docker("D25", of("registry", put("ports", [{"internal": 5000, "external": 443, "ip": "0.0.0.0"}])), also="D46"),
    docker("D35", Change("hub-registry-portus", put("internal", False), NETWORK), also="D44"),
    docker("D35", Change("hub-portus-bootstrap", put("internal", False), NETWORK)),
    docker("D35", Change("hub-edge-smoke-check", put("internal", False), NETWORK)),
    docker("M01", _labelled("database", "cache"), of("database", put("ports", _OPEN_DATABASE)), also="D46"),
    docker("M03", _labelled("database", "cache"), of("database", env(*_EMPTY.split("=")))),
    docker(
        "M03",
        of("database", env("MARIADB_ROOT_PASSWORD_FILE", None)),
        of("database", env("MARIADB_ROOT_PASSWORD", "")),
        also="M06",
    ),
    docker(
        "M01",
        foreign("cache", labels=_role("cache"), envs=[_EMPTY], ports=_OPEN_DATABASE, networksAdvanced=[{"name": "x"}]),
        also="M03 M09 D36",
    ),
    docker(
        "M03",
        foreign("cache", labels=_role("cache"), envs=["MYSQL_ALLOW_EMPTY_PASSWORD=no"], networkMode="x"),
        also="M09 D36",
    ),
    docker("M01", foreign("other", image="x@sha256:" + "b" * 64, ports=_OPEN_DATABASE, networkMode="x")),
    docker(
        "M07",
        foreign("cache", labels=_role("edge"), command=["mysqld", "--skip-grant-tables"], networkMode="x"),
        also="M03 M09 D36",
    ),
    docker("D08", foreign("helper", labels=_role("portus"), user="0", networkMode="x"), also=_PORTUS_SETTINGS),
    docker(
        "D06", foreign("helper", labels=_role("background"), readOnly=False, networkMode="x"), also=_PORTUS_SETTINGS
    ),
)
_FOREIGN_VOLUME = {"volumeName": "hub-registry-data-9bfd9a03", "containerPath": "/data"}
SIBLINGS: tuple[Case, ...] = (
    docker("D47", foreign("reader", volumes=[_FOREIGN_VOLUME], networkMode="x")),
    docker("D47", foreign("reader", volumes=[{"fromContainer": "hub-edge"}], networkMode="x")),
    docker(
        "D47",
        foreign(
            "reader", mounts=[{"type": "volume", "source": "hub-edge-files-9bfd9a03", "target": "/d"}], networkMode="x"
        ),
    ),
    docker("D26", of("edge", put("healthcheck/tests", ["none", "x"]))),
    docker("D09", of("edge", put("memorySwap", -1))),
    docker(
        "D37",
        of("edge", put("logOpts", {"max-size": "-1"})),
    ),
    docker("D43", of("edge", put("tmpfs", {"/tmp": "rw,noexec,nosuid,size=16m,exec"}))),
    docker(
        "D34",
        Change("hub-registry-portus", put("options", {f"{_BRIDGE}.gateway_mode_ipv4": "nat-unprotected"}), NETWORK),
    ),
    *(docker("M07", of("database", add("command", flag))) for flag in _FLAGS),
    *(docker("M08", of("database", add("command", flag))) for flag in _OPENING),
)
CASES = (*SIBLINGS, *PATHS, *OPTIONS, *ROLES)
