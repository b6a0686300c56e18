"""What the image takes from its environment, per generation, with Portus' way of reading it.

Sources: openSUSE/docker-containers derived_images/portus, branch portus-2.2 docker/{database,secrets}.yml; SUSE/Portus
2.4.3 config/{database,secrets}.yml and config/initializers/environment_check.rb; mysql2 lib/mysql2/client.rb.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from .options import Options
from .releases import release_of

GENERATION_VARIABLE = "PORTUS_STAND_IN_GENERATION"
#: Where Portus lives in its image; a relative PORTUS_KEY_PATH is under it.
ROOT = Path("/srv/Portus")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_GENERATION_1_KEY = "/secrets/portus.key"
_URL_VARIABLE = "DATABASE_URL"
_VERIFY_NAME = "ssl-verify-server-cert"


class SettingsError(Exception):
    """Portus' framework would not start with these settings."""


@dataclass(frozen=True)
class DatabaseTls:
    """How the client library encrypts: the CA, whether the server's name is verified, its own certificate and key."""

    ca: str
    verify_name: bool
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Settings:
    """Where the database is and what the secrets are. Nothing of it is ever printed."""

    generation: int
    database_host: str
    database_port: int
    database_user: str
    database_password: str
    database_name: str
    secret_key_base: str
    portus_password: str
    key_path: Path
    release: tuple[int, int]
    database_tls: DatabaseTls | None = None

    def __repr__(self) -> str:
        return f"Settings(generation={self.generation})"


def as_yaml(variable: str, text: str) -> str:
    """What a value becomes unquoted in a YAML file: `0x10` is 16, `a #b` is `a`, `&x` breaks the file."""
    try:
        document = yaml.safe_load(f"value: {text}\n")
    except yaml.YAMLError as error:
        raise SettingsError(f"{variable} breaks the YAML file it is put into: quote-free characters only") from error
    if not isinstance(document, dict) or set(document) != {"value"} or isinstance(document["value"], (dict, list)):
        raise SettingsError(f"{variable} breaks the YAML file it is put into: quote-free characters only")
    value = document["value"]
    return "" if value is None else str(value)


def generation_of(environment: Mapping[str, str] = os.environ) -> int:
    """1 for the images 2.0 to 2.2, 2 for 2.3 and later; built into the image."""
    return int(environment[GENERATION_VARIABLE])


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingsError where Rails would not boot; the message names no value."""
    settings = _generation_1(environment) if generation_of(environment) == 1 else _generation_2(environment)
    url = environment.get(_URL_VARIABLE, "")
    return _with_url(settings, url) if url else settings


def _with_url(settings: Settings, url: str) -> Settings:
    """Rails' merge of DATABASE_URL with database.yml: what the URL says wins, what it leaves out stays.

    Source: ActiveRecord 4.2.6, 4.2.11, 5.2.3 connection_handling.rb, connection_specification.rb.
    """
    parts = urlsplit(url)
    if parts.scheme != "mysql2":
        raise SettingsError(f"{_URL_VARIABLE}: the stand-in knows mysql2 only")
    options = {name: unquote(value) for name, _, value in (each.partition("=") for each in parts.query.split("&"))}
    return replace(
        settings,
        database_host=unquote(parts.hostname or "") or settings.database_host,
        database_port=parts.port or settings.database_port,
        database_user=unquote(parts.username or "") or settings.database_user,
        database_password=unquote(parts.password or "") or settings.database_password,
        database_name=unquote(parts.path.removeprefix("/")) or settings.database_name,
        database_tls=_tls(options, settings.generation),
    )


def _tls(options: Mapping[str, str], generation: int) -> DatabaseTls | None:
    """mysql2's ssl options. The name is verified by the client library's own option alone, which generation 1 lacks."""
    if not options.get("sslca"):
        return None
    file = options.get("default_file")
    verify_name = generation > 1 and file is not None and _client_option(Path(file), _VERIFY_NAME) == "1"
    return DatabaseTls(options["sslca"], verify_name, options.get("sslcert"), options.get("sslkey"))


def _client_option(file: Path, name: str) -> str | None:
    """An option of the group [client]; None where there is no such file: the client library does not mind."""
    parser = ConfigParser(allow_no_value=True)
    parser.read(file)
    return parser.get("client", name, fallback=None)


def _generation_1(environment: Mapping[str, str]) -> Settings:
    def value(name: str) -> str:
        return as_yaml(name, environment.get(name, ""))

    return Settings(
        generation=1,
        database_host=value("MARIADB_SERVICE_HOST") or "localhost",
        database_port=3306,
        database_user=value("MARIADB_USER"),
        database_password=value("MARIADB_PASSWORD"),
        database_name=value("MARIADB_DATABASE"),
        secret_key_base=value("PORTUS_SECRET_KEY_BASE"),
        portus_password=value("PORTUS_PORTUS_PASSWORD"),
        key_path=Path(_GENERATION_1_KEY),
        release=release_of(1, environment),
    )


def _check_mail(options: Options) -> None:
    """The sender's address as config/initializers/mail.rb judges it at every start (lib/portus/mail.rb:86)."""
    for key in ("from", "reply_to"):
        address = options.text(f"email.{key}")
        if not _ADDRESS.fullmatch(address) and (key == "from" or address):
            raise SettingsError(f"Mail: bad config value for '{key}'. It is not a proper email...")


def _generation_2(environment: Mapping[str, str]) -> Settings:
    for parameter in ("HOST", "USERNAME", "PASSWORD", "DATABASE"):
        if environment.get(f"PORTUS_PRODUCTION_{parameter}") and not environment.get(f"PORTUS_DB_{parameter}"):
            raise SettingsError(f"PORTUS_PRODUCTION_{parameter} was renamed: set PORTUS_DB_{parameter}")
    for name in ("PORTUS_SECRET_KEY_BASE", "PORTUS_KEY_PATH", "PORTUS_PASSWORD"):
        if not environment.get(name):
            raise SettingsError(f"Environment variable `{name}` has not been set! It is mandatory in production")
    _check_mail(Options(environment, 2))
    if environment.get("PORTUS_DB_ADAPTER", "mysql2") != "mysql2":
        raise SettingsError("PORTUS_DB_ADAPTER: the stand-in knows mysql2 only")

    def value(name: str, default: str = "") -> str:
        return as_yaml(name, environment.get(name, "")) or default

    port = value("PORTUS_DB_PORT", "3306")
    if not port.isdigit():
        raise SettingsError("PORTUS_DB_PORT is not a number")
    return Settings(
        generation=2,
        database_host=value("PORTUS_DB_HOST", "localhost"),
        database_port=int(port),
        database_user=value("PORTUS_DB_USERNAME", "root"),
        database_password=value("PORTUS_DB_PASSWORD"),
        database_name=value("PORTUS_DB_DATABASE", "portus_production"),
        secret_key_base=value("PORTUS_SECRET_KEY_BASE"),
        portus_password=value("PORTUS_PASSWORD"),
        key_path=ROOT / environment["PORTUS_KEY_PATH"],
        release=release_of(2, environment),
    )
