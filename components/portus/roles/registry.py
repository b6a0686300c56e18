"""The Docker Registry (Distribution 2 or 3; one configuration serves both).

Sources: distribution ``docs`` configuration reference; ``registry/auth/token`` at v2.8.2 and v3.0.0. Distribution 2
ignores ``jwks``.
"""

import json
from collections.abc import Iterable

import pulumi
import yaml

from ..certificates import Certificates
from ..contract import contract_of
from ..credentials import Credentials
from ..naming import files_path, internal_name
from ..settings import Settings
from ..token_trust import jwks
from ..topology import Data, File, Limits, Link, Probe, Security, Workload
from . import registry_collector
from .bucket import bucket_links

PORT = 5000
_HEALTH_PORT = 5001
DATA_PATH = "/var/lib/registry"
UNPRIVILEGED_USER = "65532:65532"
"""Whose the layers are where a target can give it the volume."""
_STOP_SECONDS = 30
_DRAIN_SECONDS = _STOP_SECONDS - 5
"""How long requests in flight may go on after the stop signal; by default Distribution cuts them off at once."""
_STREAM_MIB = 4
"""For each layer that is being sent: Distribution reads through a buffer (``registry/storage/filereader.go`` at v2.8.3
and v3.0.0, ``fileReaderBufferSize``), whatever the storage."""
_BASE_MIB = 96
"""For all else: 30 MiB at rest, and what 200 streams need besides their buffers."""
_CONFIG = files_path("config.yml")
_START = files_path("start.sh")
_TRUST_DIRECTORY = files_path("trust")
WEBHOOK_SECRET = files_path("webhook-secret")
"""What the events carry, and where Portus' patch ``webhook_secret`` reads what they must carry."""
_ENDPOINTS = "REGISTRY_NOTIFICATIONS_ENDPOINTS"
_HTTP_SECRET = "REGISTRY_HTTP_SECRET"
_S3_ACCESS_KEY, _S3_SECRET_KEY = "REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"
_SECRETS = {_HTTP_SECRET: "http secret", _S3_ACCESS_KEY: "S3 key id", _S3_SECRET_KEY: "S3 key"}
"""Environment variable → what it holds."""
_HERE = "{webhook-secret}"
_LOG = "/tmp/log"

_START_SCRIPT = """\
#!/bin/sh
# The registry reads secrets from its configuration or its environment only; set here, they stay out of both.
set -eu
{exports}
# It writes the headers of its events to its log once, while it starts: up to there the log is read line by line. Shell
# alone does it, as neither `sed -u` nor `grep --line-buffered` is known to every image. The reader is waited for: the
# last lines tell why the registry ended.
pass_on() {{
  line=""
  while IFS= read -r line || test -n "$line"; do
    case "$line" in
    *"Bearer "*) printf '%s\n' "${{line%%Bearer *}}Bearer (hidden)"; break ;;
    *) printf '%s\n' "$line" ;;
    esac
  done
  exec cat
}}
registry=""
stop=""
trap 'stop=yes; test -z "$registry" || kill -TERM "$registry"' TERM INT
rm -f {log}
mkfifo {log}
pass_on <{log} >&2 &
reader=$!
registry serve {config} 2>{log} &
registry=$!
test -z "$stop" || kill -TERM "$registry"
status=0
wait "$registry" || status=$?
while kill -0 "$registry" 2>/dev/null; do
  status=0
  wait "$registry" || status=$?
done
wait "$reader"
exit "$status"
"""


def service_name(settings: Settings) -> str:
    """Audience of tokens, and the host name of the registry's record in Portus: its internal address."""
    return f"{internal_name(settings.name, 'registry')}:{PORT}"


def realm(settings: Settings) -> str:
    """Where clients fetch tokens; Portus itself goes there too."""
    return f"https://{settings.hostnames.portus_address}/v2/token"


def _heap_mib(settings: Settings) -> int:
    """From here on Go cleans up at any price: nine tenths of the memory, as it does not know of all that it uses."""
    return settings.registry.resources.memory_mib * 9 // 10


def streams(settings: Settings) -> int:
    """How many layers one registry has the memory to send at once; at least one."""
    return max(1, (_heap_mib(settings) - _BASE_MIB) // _STREAM_MIB)


def links(settings: Settings) -> tuple[Link, ...]:
    """Events to Portus and, with S3, layers to the bucket."""
    events = Link("registry", "portus", contract_of(settings.portus.generation).port, True, "reports pushes to Portus")
    bucket = settings.registry.s3
    return (events,) if bucket is None else (events, *bucket_links("registry", bucket, "keeps layers in S3"))


def configuration(settings: Settings) -> str:
    """The registry's ``config.yml``: nothing secret in it, so the header of its events comes at the start.

    It remembers no blob: what one registry removes, and what the garbage collector does, another one would still take
    for stored, and a push would leave it out. An upload that was given up is removed after a week, as Distribution
    does by default (``uploadpurging``).
    """
    document = {
        "version": "0.1",
        "log": {"level": settings.registry.log_level, "fields": {"service": "registry"}},
        "storage": {
            **_storage(settings),
            "delete": {"enabled": settings.registry.delete_enabled},
        },
        "http": {
            "addr": f":{PORT}",
            "relativeurls": True,
            "draintimeout": f"{_DRAIN_SECONDS}s",
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
        "notifications": {"endpoints": [_events(settings)]},
        "health": {"storagedriver": {"enabled": True, "interval": "10s", "threshold": 3}},
    }
    return yaml.safe_dump(document, sort_keys=False)


def _events(settings: Settings) -> dict[str, object]:
    """Where pushes, pulls and deletions are reported."""
    portus = internal_name(settings.name, "portus")
    return {
        "name": "portus",
        "url": f"https://{portus}:{contract_of(settings.portus.generation).port}/v2/webhooks/events",
        "timeout": "2s",
        "threshold": 5,
        "backoff": "1s",
        "ignoredmediatypes": ["application/octet-stream"],
    }


def _start_script(settings: Settings, secrets: Iterable[str]) -> str:
    """Exports each secret, and the endpoint of the events once more, with the header by which Portus knows them.

    A list can be replaced by a variable as a whole only. Source: distribution ``configuration/parser.go`` at v2.8.3:
    what a variable holds is read as YAML.
    """
    exports = [_export(name) for name in secrets]
    endpoints = json.dumps([{**_events(settings), "headers": {"Authorization": [f"Bearer {_HERE}"]}}])
    value = "'{}'".format(endpoints.replace(_HERE, f"'\"$(cat {WEBHOOK_SECRET})\"'"))
    exports.append(f"{_ENDPOINTS}={value}\nexport {_ENDPOINTS}")
    return _START_SCRIPT.format(exports="\n".join(exports), config=_CONFIG, log=_LOG)


def _export(name: str) -> str:
    return f'{name}="$(cat {files_path(name.lower())})"\nexport {name}'


def _collector(settings: Settings, secrets: Iterable[str]) -> str:
    """Its script, with the keys of the bucket."""
    exports = "\n".join(_export(name) for name in secrets if name != _HTTP_SECRET)
    return registry_collector.script(_CONFIG, exports, "" if settings.registry.s3 else DATA_PATH)


def _storage(settings: Settings) -> dict[str, object]:
    s3 = settings.registry.s3
    if s3 is None:
        return {"filesystem": {"rootdirectory": DATA_PATH}}
    driver: dict[str, object] = {"bucket": s3.bucket, "region": s3.region, "encrypt": s3.encrypt}
    if s3.region_endpoint:
        driver |= {"regionendpoint": s3.region_endpoint, "forcepathstyle": True}
    if s3.root_directory:
        driver["rootdirectory"] = s3.root_directory
    return {"s3": driver, "redirect": {"disable": not s3.redirect}}


def _secrets(settings: Settings, credentials: Credentials) -> dict[str, pulumi.Output[str]]:
    """Environment variable → value, for what must not stand in the configuration."""
    secrets = {_HTTP_SECRET: credentials.http_secret}
    s3 = settings.registry.s3
    if s3 and s3.access_key and s3.secret_key:
        secrets |= {_S3_ACCESS_KEY: s3.access_key, _S3_SECRET_KEY: s3.secret_key}
    return secrets


def _bucket_trust(settings: Settings) -> tuple[File, ...]:
    """The CAs of the operator's own S3 server: Go takes every certificate in the directory."""
    pem = settings.registry.s3.ca_certificate_pem if settings.registry.s3 else None
    return () if pem is None else (File(f"{_TRUST_DIRECTORY}/s3.crt", pem, holds="CA certificates of the bucket"),)


def _files(settings: Settings, credentials: Credentials, certificates: Certificates) -> tuple[File, ...]:
    secrets = _secrets(settings, credentials)
    return (
        File(_CONFIG, configuration(settings)),
        File(_START, _start_script(settings, secrets)),
        File(registry_collector.SCRIPT_PATH, _collector(settings, secrets)),
        File(WEBHOOK_SECRET, credentials.webhook_secret, mode="0400", secret=True, holds="webhook secret"),
        *certificates.pair("registry").files(
            "registry", files_path("registry.crt"), files_path("registry.key"), "0400"
        ),
        File(files_path("token.crt"), certificates.token_certificate_pem, holds="token certificate"),
        File(files_path("token.jwks"), certificates.token_public_key_pem.apply(jwks)),
        File(f"{_TRUST_DIRECTORY}/ca.crt", certificates.internal_ca_pem, holds="CA certificate"),
        *_bucket_trust(settings),
        *(
            File(files_path(name.lower()), value, mode="0400", secret=True, holds=_SECRETS[name])
            for name, value in secrets.items()
        ),
    )


def workload(settings: Settings, credentials: Credentials, certificates: Certificates) -> Workload:
    """Its files are root's because the official image runs as root (without capabilities here).

    Layers on a volume are no reason to be alone there: registries with one storage and one HTTP secret go on with each
    other's uploads. Source: distribution documentation, "Load balancing considerations".
    """
    storage = settings.registry
    data = None if storage.s3 else Data(DATA_PATH, storage.size_gib, storage.shared)
    return Workload(
        name="registry",
        image=settings.registry.image,
        command=("sh", _START),
        environment={
            "GOMEMLIMIT": f"{_heap_mib(settings)}MiB",
            "OTEL_TRACES_EXPORTER": "none",  # Distribution 3 would look for a collector on localhost
            "SSL_CERT_DIR": f"/etc/ssl/certs:{_TRUST_DIRECTORY}",
        },
        files=_files(settings, credentials, certificates),
        data=data,
        replicas=storage.replicas,
        scratch=("/tmp",),
        probe=Probe(("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{_HEALTH_PORT}/debug/health")),
        limits=Limits(settings.registry.resources.memory_mib, settings.registry.resources.cpus),
        security=Security(unprivileged_user=UNPRIVILEGED_USER),
        links=links(settings),
        stop_seconds=_STOP_SECONDS,
    )
