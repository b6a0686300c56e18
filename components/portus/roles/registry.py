"""The Docker Registry (Distribution 2 or 3; one configuration serves both).

Sources: distribution ``docs`` configuration reference; ``registry/auth/token`` at v2.8.2 and v3.0.0. Distribution 2
ignores ``jwks``.
"""

import pulumi
import yaml

from ..certificates import Certificates
from ..contract import contract_of
from ..credentials import Credentials
from ..naming import files_path, internal_name
from ..plan import OUTSIDE, Data, File, Limits, Link, Probe, Security, Workload
from ..settings import Settings
from ..token_trust import jwks

PORT = 5000
_HEALTH_PORT = 5001
_DATA_PATH = "/var/lib/registry"
_CONFIG = files_path("config.yml")
_START = files_path("start.sh")
_TRUST_DIRECTORY = files_path("trust")

_START_SCRIPT = """\
#!/bin/sh
# The registry reads secrets from its configuration or its environment only; set here, they stay out of both.
set -eu
{exports}
exec registry serve {config}
"""


def service_name(settings: Settings) -> str:
    """Audience of tokens, and the host name of the registry's record in Portus: its internal address."""
    return f"{internal_name(settings.name, 'registry')}:{PORT}"


def realm(settings: Settings) -> str:
    """Where clients fetch tokens; Portus itself goes there too."""
    return f"https://{settings.hostnames.portus_address}/v2/token"


def links(settings: Settings) -> tuple[Link, ...]:
    """Events to Portus and, with S3, layers to the bucket."""
    events = Link("registry", "portus", contract_of(settings.portus.generation).port, True, "reports pushes to Portus")
    if settings.registry.s3 is None:
        return (events,)
    return (events, Link("registry", OUTSIDE, 443, True, "keeps layers in S3"))


def configuration(settings: Settings) -> str:
    """The registry's ``config.yml``: nothing secret in it."""
    portus = internal_name(settings.name, "portus")
    portus_port = contract_of(settings.portus.generation).port
    document = {
        "version": "0.1",
        "log": {"level": settings.registry.log_level, "fields": {"service": "registry"}},
        "storage": {
            **_storage(settings),
            "delete": {"enabled": settings.registry.delete_enabled},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {
            "addr": f":{PORT}",
            "relativeurls": True,
            "headers": {"X-Content-Type-Options": ["nosniff"]},
            "tls": {
                "certificate": files_path("registry.crt"),
                "key": files_path("registry.key"),
                "minimumtls": "tls1.2",
            },
            "debug": {"addr": f"127.0.0.1:{_HEALTH_PORT}"},
        },
        "auth": {
            "token": {
                "realm": realm(settings),
                "service": service_name(settings),
                "issuer": settings.hostnames.portus_address,
                "rootcertbundle": files_path("token.crt"),
                "jwks": files_path("token.jwks"),
            }
        },
        "notifications": {
            "endpoints": [
                {
                    "name": "portus",
                    "url": f"https://{portus}:{portus_port}/v2/webhooks/events",
                    "timeout": "2s",
                    "threshold": 5,
                    "backoff": "1s",
                    "ignoredmediatypes": ["application/octet-stream"],
                }
            ]
        },
        "health": {"storagedriver": {"enabled": True, "interval": "10s", "threshold": 3}},
    }
    return yaml.safe_dump(document, sort_keys=False)


def _storage(settings: Settings) -> dict[str, object]:
    s3 = settings.registry.s3
    if s3 is None:
        return {"filesystem": {"rootdirectory": _DATA_PATH}}
    driver: dict[str, object] = {"bucket": s3.bucket, "region": s3.region, "encrypt": s3.encrypt}
    if s3.region_endpoint:
        driver |= {"regionendpoint": s3.region_endpoint, "forcepathstyle": True}
    if s3.root_directory:
        driver["rootdirectory"] = s3.root_directory
    return {"s3": driver, "redirect": {"disable": True}}


def _secrets(settings: Settings, credentials: Credentials) -> dict[str, pulumi.Output[str]]:
    """Environment variable → value, for what must not stand in the configuration."""
    secrets = {"REGISTRY_HTTP_SECRET": credentials.http_secret}
    if settings.registry.s3:
        secrets["REGISTRY_STORAGE_S3_ACCESSKEY"] = settings.registry.s3.access_key
        secrets["REGISTRY_STORAGE_S3_SECRETKEY"] = settings.registry.s3.secret_key
    return secrets


def _files(settings: Settings, credentials: Credentials, certificates: Certificates) -> tuple[File, ...]:
    secrets = _secrets(settings, credentials)
    server = certificates.servers["registry"]
    exports = "\n".join(f'{name}="$(cat {files_path(name.lower())})"\nexport {name}' for name in secrets)
    return (
        File(_CONFIG, configuration(settings)),
        File(_START, _START_SCRIPT.format(exports=exports, config=_CONFIG)),
        File(files_path("registry.crt"), server.certificate_pem),
        File(files_path("registry.key"), server.private_key_pem, mode="0400", secret=True),
        File(files_path("token.crt"), certificates.token_certificate_pem),
        File(files_path("token.jwks"), certificates.token_public_key_pem.apply(jwks)),
        File(f"{_TRUST_DIRECTORY}/ca.crt", certificates.internal_ca_pem),
        *(File(files_path(name.lower()), value, mode="0400", secret=True) for name, value in secrets.items()),
    )


def workload(settings: Settings, credentials: Credentials, certificates: Certificates) -> Workload:
    """One registry; its files are root's because the official image runs as root (without capabilities here)."""
    return Workload(
        name="registry",
        image=settings.registry.image,
        command=("sh", _START),
        environment={
            "OTEL_TRACES_EXPORTER": "none",  # Distribution 3 would look for a collector on localhost
            "SSL_CERT_DIR": f"/etc/ssl/certs:{_TRUST_DIRECTORY}",
        },
        files=_files(settings, credentials, certificates),
        data=None if settings.registry.s3 else Data(_DATA_PATH, settings.registry.size_gib),
        scratch=("/tmp",),
        probe=Probe(("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{_HEALTH_PORT}/debug/health")),
        limits=Limits(settings.registry.resources.memory_mib, settings.registry.resources.cpus),
        security=Security(),
        links=links(settings),
    )
