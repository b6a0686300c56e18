"""Arguments that are right, and ways to change one of them."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

import pulumi
from typing_extensions import NotRequired, Required, get_type_hints, is_typeddict

from components.portus import InvalidSettings
from components.portus.args import PortusStackArgs
from components.portus.patches import PATCHES
from components.portus.settings import Settings, settings_from_args
from tests.unit.portus import kubernetes_samples

CERTIFICATE = kubernetes_samples.CERTIFICATE
PRIVATE_KEY = kubernetes_samples.SELF_SIGNED.key_pem
MARKED_KEY = f"SENTINEL\n{PRIVATE_KEY}"
DIGEST = "sha256:" + "0a" * 32

MINIMAL: dict[str, Any] = {"hostnames": {"portus": "portus.example.com", "registry": "registry.example.com"}}
"""What must be given; everything else has a default."""

COMPLETE: dict[str, Any] = {
    "target": "docker",
    "hostnames": {"portus": "portus.example.com:8443", "registry": "registry.example.com:8443"},
    "portus": {
        "image": "opensuse/portus:2.4.3",
        "generation": 2,
        "settings": {"email": {"from": "portus@example.com"}},
        "patches": dict.fromkeys(PATCHES, False),
        "trusted_ca_pem": CERTIFICATE,
        "resources": {"memory_mib": 2048, "cpus": 1.5},
        "background_resources": {"memory_mib": 1024, "cpus": 0.5},
        "start_timeout_seconds": 300,
        "replicas": 1,
    },
    "registry": {
        "image": f"registry:3.1@{DIGEST}",
        "storage": {
            "s3": {
                "bucket": "layers",
                "region": "eu-central-1",
                "access_key": "AKIAEXAMPLE",
                "secret_key": "SENTINEL/secret+key",
                "region_endpoint": "https://s3.example.com:9000",
                "root_directory": "/registry",
                "ca_certificate_pem": CERTIFICATE,
                "redirect": True,
                "encrypt": True,
            }
        },
        "delete_enabled": False,
        "log_level": "warn",
        "replicas": 1,
        "resources": {"memory_mib": 512, "cpus": 2.0},
    },
    "database": {
        "image": "mariadb:10.11",
        "size_gib": 20,
        "resources": {"memory_mib": 512, "cpus": 1.0},
        "external": {
            "host": "db.example.com",
            "port": 3307,
            "username": "portus",
            "password": "SENTINEL-database",
            "database": "registry",
            "tls": {
                "ca_certificate_pem": CERTIFICATE,
                "certificate_pem": CERTIFICATE,
                "private_key_pem": MARKED_KEY,
            },
        },
    },
    "edge": {
        "image": "nginxinc/nginx-unprivileged:1.28",
        "replicas": 1,
        "trusted_proxies": ["192.0.2.0/24", "2001:db8::/32"],
        "proxy_protocol": False,
        "resources": {"memory_mib": 64, "cpus": 1.0},
    },
    "images": {"mirror": "mirror.example.com:5000/hub"},
    "task_image": "python:3.13-slim",
    "administrator": {"username": "root", "email": "root@example.com"},
    "certificates": {
        "validity_hours": 2160,
        "early_renewal_hours": 240,
        "provided": {
            "certificate_pem": CERTIFICATE,
            "private_key_pem": MARKED_KEY,
            "ca_certificate_pem": CERTIFICATE,
        },
    },
    "rotation": {
        "certificates": "2026-11",
        "token_key": "1",
        "session_key": "a.b",
        "http_secret": "x_y",
        "webhook_secret": "7",
    },
    "data": {"protect": False, "retain": True},
    "backup": {
        "schedule": "5 3 * * *",
        "keep": {"daily": 14, "weekly": 8, "monthly": 24},
        "repository": {
            "s3": {
                "bucket": "backups",
                "region": "eu-central-1",
                "access_key": "AKIAEXAMPLE",
                "secret_key": "SENTINEL/backup+key",
                "region_endpoint": "https://s3.example.com:9000",
                "root_directory": "/portus",
                "ca_certificate_pem": CERTIFICATE,
            }
        },
        "layers": "bucket_versioning",
        "verify_percent": 10,
        "drill": {"schedule": "30 5 * * 6", "layers": 20},
        "image": "restic/restic:0.18.1",
        "resources": {"memory_mib": 256, "cpus": 0.5},
    },
    "smoke_check": True,
    "docker": {
        "hosts": [
            {
                "name": "front",
                "address": "ssh://deploy@front.example.com:2222",
                "ssh_options": ["-oConnectTimeout=5"],
                "private_address": "10.0.0.1",
                "roles": ["edge"],
            },
            {
                "name": "back",
                "address": "tcp://back.example.com:2376",
                "tls": {
                    "ca_pem": CERTIFICATE,
                    "certificate_pem": CERTIFICATE,
                    "private_key_pem": MARKED_KEY,
                },
                "private_address": "10.0.0.2",
                "roles": ["registry", "portus", "background", "backup"],
            },
        ],
        "bind_address": "0.0.0.0",
        "https_port": 8443,
        "http_port": 8080,
        "address_pool": "10.213.0.0/20",
        "registry_auth": [
            {"address": "docker.io", "username": "team", "password": "SENTINEL-hub"},
            {"address": "mirror.example.com:5000", "username": "robot$puller", "password": "SENTINEL: mirror"},
        ],
    },
}
"""Every argument that these do not exclude: an external database, S3, two hosts."""

FILESYSTEM: dict[str, Any] = {
    **MINIMAL,
    "registry": {"storage": {"filesystem": {"size_gib": 100, "shared": False}}},
    "backup": {"repository": {"volume": {"size_gib": 200}}},
}
KUBERNETES: dict[str, dict[str, Any]] = {
    way: {**MINIMAL, **kubernetes_samples.complete(way)} for way in kubernetes_samples.WAYS
}
"""Every argument of the Kubernetes target, by the way of exposing."""

ISSUED: dict[str, Any] = {
    **MINIMAL,
    **kubernetes_samples.target(),
    "certificates": {"cert_manager": kubernetes_samples.CERT_MANAGER},
}

Path = tuple[str | int, ...]


def spelled(path: Path) -> str:
    """``("docker", "hosts", 0, "name")`` → ``docker.hosts[0].name``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def at(args: Mapping[str, Any], path: Path) -> Any:
    """The value at ``path``."""
    found: Any = args
    for part in path:
        found = found[part]
    return found


def _copied(value: Any) -> Any:
    """A copy of the groups and lists; what stands in them, Outputs too, stays the same."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def changed(args: Mapping[str, Any], path: Path, value: object) -> dict[str, Any]:
    """A copy of ``args`` with ``value`` at ``path``."""
    copied: dict[str, Any] = _copied(args)
    at(copied, path[:-1])[path[-1]] = value
    return copied


def merged(args: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """``args`` with the groups of ``more`` laid over them."""
    copied: dict[str, Any] = _copied(args)
    for key, value in more.items():
        inner = copied.get(key)
        copied[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return copied


FORWARD_REFERENCES = {"Output": pulumi.Output, "T": TypeVar("T")}
"""Names in the definition of ``pulumi.Input``."""


def _bare(kind: Any) -> Any:
    """A type without NotRequired, Required and Input."""
    while get_origin(kind) in (NotRequired, Required):
        kind = get_args(kind)[0]
    return kind


def _is_input(kind: Any) -> bool:
    return any(get_origin(one) is pulumi.Output for one in get_args(kind))


def leaves(group: Any = PortusStackArgs, path: Path = (), index: int = 1) -> Iterator[tuple[Path, str]]:
    """Every argument of the public API: its path in :data:`COMPLETE` or :data:`FILESYSTEM`, and its kind."""
    for name, hint in get_type_hints(group, localns=FORWARD_REFERENCES, include_extras=True).items():
        kind, here = _bare(hint), (*path, name)
        if is_typeddict(kind):
            yield from leaves(kind, here)
        elif get_origin(kind) is list and is_typeddict(get_args(kind)[0]):
            yield from leaves(get_args(kind)[0], (*here, index))
        elif get_origin(kind) is list:
            yield here, "texts"
        elif get_origin(kind) is dict:
            yield here, "options"
        elif _is_input(kind):
            yield here, "input"
        elif isinstance(kind, type) and issubclass(kind, Enum):
            yield here, "choice"
        else:
            yield here, {str: "text", bool: "boolean", int: "integer", float: "number"}[kind]


def sample_with(path: Path) -> tuple[dict[str, Any], Path]:
    """The sample that holds ``path``, and where: the first host has what the second lacks."""
    if path[0] == "kubernetes":
        return KUBERNETES[str(path[2]) if path[1:2] == ("expose",) and len(path) > 2 else "node_port"], path
    if "cert_manager" in path:
        return ISSUED, path
    if "filesystem" in path or "volume" in path:
        return FILESYSTEM, path
    if path[-1] == "ssh_options":
        return COMPLETE, tuple(0 if part == 1 else part for part in path)
    return COMPLETE, path


def settings(*more: Mapping[str, Any], name: str = "test") -> Settings:
    """Settings from the minimal arguments and ``more``."""
    args: dict[str, Any] = MINIMAL
    for one in more:
        args = merged(args, one)
    return settings_from_args(name, args)


def problems(args: Mapping[str, Any], name: str = "test") -> dict[str, str]:
    """What is wrong with ``args``, by path in the spelling of the arguments; {} when nothing is."""
    try:
        settings_from_args(name, args)
    except InvalidSettings as error:
        lines = str(error).splitlines()[1:]
        return dict(line.strip().split(": ", 1) for line in lines)
    return {}
