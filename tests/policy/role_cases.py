"""Cases on the recorded Docker target: what registry, Portus and MariaDB are told."""

from typing import Any

from tests.policy.cases import KNOWN, Case, docker
from tests.policy.docker_cases import KEY_PEM, of
from tests.policy.graphs import add, env, in_upload, put

_INITIALIZERS = "/srv/Portus/config/initializers/portus_stack_"
_CONFIG, _OPTIONS = "/etc/portus-stack/config.yml", "/etc/portus-stack/config-local.yml"


def _registry(rule: str, old: str, new: str, also: str = "") -> Case:
    return docker(rule, of("registry-files", in_upload(_CONFIG, old, new)), also=also, at=KNOWN)


def _options(rule: str, old: str, new: str) -> Case:
    return docker(rule, of("portus", in_upload(_OPTIONS, old, new)), at=KNOWN)


def _upload(file: str, **changes: Any) -> Any:
    def edit(inputs: dict[str, Any]) -> None:
        (upload,) = [each for each in inputs["uploads"] if each["file"] == file]
        upload.update(changes)

    return edit


def _without_upload(prefix: str) -> Any:
    def edit(inputs: dict[str, Any]) -> None:
        inputs["uploads"] = [each for each in inputs["uploads"] if not each["file"].startswith(prefix)]

    return edit


def _taking_all(inputs: dict[str, Any]) -> None:
    inputs["command"].remove("--require-secure-transport=ON")


CASES = (
    _registry("G01", "    certificate: /etc/portus-stack/registry.crt\n", ""),
    _registry("G02", "minimumtls: tls1.2", "minimumtls: tls1.0"),
    _registry("G03", "auth:\n  token:", "auth:\n  silly: {realm: x, service: y}\n  token:"),
    _registry("G04", "realm: https://", "realm: http://"),
    _registry("G05", "issuer: portus.example.com", "issuer: somebody.example.net"),
    _registry("G07", "    jwks: /etc/portus-stack/token.jwks\n", ""),
    _registry("G08", "auth:\n  token:\n", "auth:\n  token:\n    signingalgorithms: [HS256]\n"),
    _registry("G09", "http:\n", "http:\n  secret: Zk3vQ9mW1x7Lr5TqaB2c\n"),
    _registry("G10", "addr: 127.0.0.1:5001", "addr: 0.0.0.0:5001"),
    _registry("G11", "    - nosniff\n", "    - none\n"),
    _registry("G12", "https://hub-portus:3000/v2/webhooks/events", "https://hub-portus:3000/events"),
    _registry("G13", "storage:\n", "storage:\n  inmemory: {}\n"),
    _registry("G14", "level: info", "level: debug"),
    _registry("G15", "http:\n", "proxy: {username: a, password: hunter2hunter2}\nhttp:\n"),
    _registry("G16", "  storagedriver:\n    enabled: true", "  storagedriver:\n    enabled: false"),
    docker("G17", of("registry", env("OTEL_TRACES_EXPORTER", None))),
    docker(
        "G18",
        of("registry-files", _upload("/etc/portus-stack/registry.key", content="SENTINELxhubxtokenxkey")),
        of("token-key", None, "PrivateKey", outputs={"privateKeyPem": "SENTINELxhubxtokenxkey"}),
        at=KNOWN,
    ),
    docker("P01", of("portus", env("PORTUS_PUMA_TLS_KEY", None))),
    docker("P02", of("portus", put("ports", [{"internal": 80, "external": 8080, "ip": "10.0.0.1"}])), also="D25 D46"),
    docker("P03", of("edge-files", _upload("/etc/portus-stack/nginx.conf", content="events {}")), at=KNOWN),
    docker("P04", of("portus", env("PORTUS_MACHINE_FQDN_VALUE", "https://Portus/"))),
    docker("P05", of("portus", env("PORTUS_SECRET_KEY_BASE_FILE", None))),
    docker("P05", of("portus", env("PORTUS_SECRET_KEY_BASE", "correct-horse-battery")), also="D31"),
    docker("P06", of("portus", env("PORTUS_PASSWORD_FILE", None))),
    docker("P07", of("edge", env("PASSWORD", "Harbor12345")), also="D31"),
    docker("P09", of("portus", _upload("/certificates/portus-stack.crt", content=KEY_PEM)), also="D32", at=KNOWN),
    docker("P10", of("portus", env("PORTUS_KEY_PATH", "/nowhere/token.key")), at=KNOWN),
    docker("P11", of("portus", add("volumes", {"volumeName": "x", "containerPath": "/srv/Portus/public"}))),
    docker("P12", of("portus", env("PORTUS_LOG_LEVEL", "debug"))),
    _options("P13", "signup:\n  enabled: false", "signup:\n  enabled: true"),
    _options("P14", "signup:", "ldap: {enabled: true, encryption: {method: plain}}\nsignup:"),
    _options("P15", "    value: 30", "    value: 600"),
    docker("P16", of("portus", env("PORTUS_DB_USERNAME", "root"))),
    docker("P17", of("portus", env("PORTUS_DB_HOST", None)), also="P01"),
    docker("P18", of("portus", put("user", "root"))),
    docker("P19", of("portus", env("RAILS_ENV", "development"))),
    docker(
        "P20", of("background", put("ports", [{"internal": 3000, "external": 8443, "ip": "10.0.0.1"}])), also="D25 D46"
    ),
    docker("P21", of("portus", _without_upload("/certificates/")), at=KNOWN),
    docker("P23", of("portus", _without_upload(f"{_INITIALIZERS}widened_scopes")), at=KNOWN),
    docker("P23", of("background", _without_upload(f"{_INITIALIZERS}foreign_tokens")), at=KNOWN),
    docker(
        "P22",
        of("portus-image", put("name", "opensuse/portus:2.2"), "RemoteImage"),
        of("portus", put("entrypoints", [])),
    ),
    docker(
        "M01", of("database", put("ports", [{"internal": 3306, "external": 3306, "ip": "198.51.100.7"}])), also="D46"
    ),
    docker(
        "M01",
        of("database", put("ports", [{"internal": 3306, "external": 3306, "ip": "10.0.0.1"}])),
        of("database", _taking_all),
        also="M08 D46",
    ),
    docker(
        "M02",
        of("smoke-check", add("networksAdvanced", {"name": "hub-database-portus"})),
    ),
    docker("M03", of("database", env("MARIADB_ROOT_PASSWORD_FILE", None))),
    docker("M03", of("database", env("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "1"))),
    docker("M04", of("database", env("MARIADB_ROOT_HOST", "%"))),
    docker("M05", of("database", env("MARIADB_USER", "root"))),
    docker("M06", of("database", env("MARIADB_PASSWORD", "correct-horse")), also="D31"),
    docker("M07", of("database", add("command", "--skip-grant-tables"))),
    docker("M08", of("database", _taking_all)),
    docker("M08", of("portus", env("DATABASE_URL", None))),
    docker("M08", of("background", env("DATABASE_URL", "mysql2:///"))),
    docker("M09", of("database", lambda inputs: inputs["volumes"].pop(0)), also="D36"),
    docker("M10", of("database-image", put("name", "mariadb:10.0.23@sha256:" + "e" * 64), "RemoteImage")),
    docker(
        "M12",
        of("database", put("healthcheck/tests", ["CMD", "mysqladmin", "--password=correct-horse", "ping"])),
        also="D26",
    ),
)
