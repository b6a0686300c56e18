"""Every argument, read once: type, bounds, default. What concerns several arguments together stands in ``rules``."""

import re
from collections.abc import Iterable, Mapping

from .. import images
from ..args import Target
from . import patterns, rules
from .backup import read_backup
from .bucket import read_bucket
from .certificates import read_certificates, read_pair
from .docker import read_docker
from .hostnames import read_hostnames
from .kubernetes import read_kubernetes
from .model import (
    Administrator,
    ClientCertificate,
    DatabaseSettings,
    DatabaseTls,
    DataSettings,
    EdgeSettings,
    ExternalDatabase,
    Hostnames,
    PortusSettings,
    RegistrySettings,
    Rotation,
    S3Storage,
    Settings,
)
from .networks import read_trusted_networks
from .options import read_options
from .patches import read_patches
from .problems import Problems
from .processes import read_image, read_resources
from .reader import Reader
from .registries import from_mirror, read_mirror

_MARIADB_PORT = 3306
_MOST_REPLICAS = 50


def settings_from_args(
    name: str, args: Mapping[str, object], others: Iterable[tuple[str, str]] = (), *, signs_in: bool = False
) -> Settings:
    """Check ``args`` as a whole; raises one InvalidSettings that lists every problem.

    ``others`` are problems (path, reason) that the caller found in what is its own; ``signs_in`` is for one that makes
    the provider of a host without an address, and gives it the logins of registries.
    """
    problems = Problems()
    for path, reason in others:
        problems.add(path, reason)
    if not re.fullmatch(patterns.NAME[0], name):
        problems.add("name", f"must be {patterns.NAME[1]}")
    root = Reader(args, "", problems)
    hostnames = read_hostnames(root.group("hostnames"))
    settings = Settings(
        name=name,
        target=root.choice("target", Target.DOCKER, tuple(Target)),
        hostnames=hostnames,
        portus=_portus(root.group("portus")),
        registry=_registry(root.group("registry")),
        database=_database(root.group("database")),
        edge=_edge(root.group("edge")),
        task_image=read_image(root, "task_image", images.TASK),
        administrator=_administrator(root.group("administrator"), hostnames),
        certificates=read_certificates(root.group("certificates"), hostnames),
        rotation=_rotation(root.group("rotation")),
        data=_data(root.group("data")),
        backup=read_backup(root.group("backup"), name) if root.has("backup") else None,
        smoke_check=root.boolean("smoke_check", True),
        docker=read_docker(root.group("docker"), hostnames.port),
        kubernetes=read_kubernetes(root.group("kubernetes"), name, hostnames.port),
    )
    _refuse_other_targets(root, settings.target)
    settings = from_mirror(settings, read_mirror(root.group("images")))
    root.finish()
    rules.check(settings, problems)
    if not signs_in:
        rules.check_logins(settings, problems)
    problems.raise_if_any(name)
    return settings


def _refuse_other_targets(root: Reader, target: Target) -> None:
    for other in Target:
        if other is not target and root.mapping(other.value):
            root.problem(other.value, f"belongs to target {other.value}, but target is {target.value}: remove one")


def _replicas(reader: Reader) -> int:
    return reader.integer("replicas", 1, 1, _MOST_REPLICAS)


def _portus(reader: Reader) -> PortusSettings:
    image = read_image(reader, "image", images.PORTUS)
    generation = images.generation_of(image)
    if not reader.has("generation") and generation is None:
        reader.problem(
            "generation", f"is required: the tag of {image} does not say whether it is 1 (Apache) or 2 (Puma)"
        )
    known = reader.integer("generation", generation or 2, 1, 2)
    settings = PortusSettings(
        image=image,
        generation=known,
        options=read_options(reader, "settings", image),
        patches=read_patches(reader.group("patches"), image, known),
        trusted_ca_pem=(
            reader.public("trusted_ca_pem", *patterns.PEM_CERTIFICATE) if reader.given("trusted_ca_pem") else None
        ),
        replicas=_replicas(reader),
        resources=read_resources(reader.group("resources"), 1024, 2.0),
        background_resources=read_resources(reader.group("background_resources"), 768, 1.0),
        start_timeout_seconds=reader.integer("start_timeout_seconds", 600, 60, 3600, "seconds"),
    )
    reader.finish()
    return settings


def _registry(reader: Reader) -> RegistrySettings:
    storage = reader.group("storage")
    filesystem = storage.group("filesystem")
    if storage.has("s3") and storage.has("filesystem"):
        storage.problem("s3", "and registry.storage.filesystem exclude each other")
    settings = RegistrySettings(
        image=read_image(reader, "image", images.REGISTRY),
        replicas=_replicas(reader),
        size_gib=filesystem.integer("size_gib", 50, 1, 65536, "GiB"),
        shared=filesystem.boolean("shared", False),
        s3=_s3(storage.group("s3")) if storage.has("s3") else None,
        delete_enabled=reader.boolean("delete_enabled", True),
        log_level=reader.choice("log_level", "info", ("error", "warn", "info")),
        resources=read_resources(reader.group("resources"), 1024, 2.0),
    )
    for each in (filesystem, storage, reader):
        each.finish()
    return settings


def _s3(reader: Reader) -> S3Storage:
    storage = S3Storage(
        **vars(read_bucket(reader)),
        redirect=reader.boolean("redirect", False),
        encrypt=reader.boolean("encrypt", False),
    )
    reader.finish()
    return storage


def _database(reader: Reader) -> DatabaseSettings:
    settings = DatabaseSettings(
        image=read_image(reader, "image", images.DATABASE),
        size_gib=reader.integer("size_gib", 10, 1, 65536, "GiB"),
        external=_external_database(reader.group("external")) if reader.has("external") else None,
        resources=read_resources(reader.group("resources"), 512, 1.0),
    )
    reader.finish()
    return settings


def _external_database(reader: Reader) -> ExternalDatabase:
    database = ExternalDatabase(
        host=reader.text("host", None, *patterns.HOST),
        port=reader.integer("port", _MARIADB_PORT, 1, 65535),
        username=reader.text("username", None, *patterns.SQL_NAME),
        password=reader.secret("password", *patterns.YAML_SAFE),
        database=reader.text("database", None, *patterns.DATABASE_NAME),
        tls=_database_tls(reader.group("tls")) if reader.has("tls") else None,
    )
    reader.finish()
    return database


def _database_tls(reader: Reader) -> DatabaseTls:
    has_client = reader.given("certificate_pem") or reader.given("private_key_pem")
    client = ClientCertificate(*read_pair(reader)) if has_client else None
    tls = DatabaseTls(reader.public("ca_certificate_pem", *patterns.PEM_CERTIFICATE), client)
    reader.finish()
    return tls


def _edge(reader: Reader) -> EdgeSettings:
    settings = EdgeSettings(
        image=read_image(reader, "image", images.EDGE),
        replicas=_replicas(reader),
        trusted_proxies=read_trusted_networks(reader, "trusted_proxies"),
        proxy_protocol=reader.boolean("proxy_protocol", False),
        resources=read_resources(reader.group("resources"), 256, 2.0),
    )
    reader.finish()
    return settings


def _administrator(reader: Reader, hostnames: Hostnames) -> Administrator:
    administrator = Administrator(
        username=reader.text("username", "admin", *patterns.USERNAME),
        email=reader.text("email", f"admin@{hostnames.portus}", *patterns.EMAIL),
    )
    reader.finish()
    return administrator


def _rotation(reader: Reader) -> Rotation:
    rotation = Rotation(
        **{
            key: reader.text(key, "", *patterns.ROTATION)
            for key in ("certificates", "token_key", "session_key", "http_secret", "webhook_secret")
        }
    )
    reader.finish()
    return rotation


def _data(reader: Reader) -> DataSettings:
    data = DataSettings(reader.boolean("protect", True), reader.boolean("retain", False))
    reader.finish()
    return data
