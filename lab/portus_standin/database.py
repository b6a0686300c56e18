"""The connection to MariaDB and the state that the image's start script asks for."""

from __future__ import annotations

import enum
import functools
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from sqlalchemy import URL, Engine, create_engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from . import migrations
from .settings import DatabaseTls, Settings, read

_UNKNOWN_DATABASE = 1049
_CONNECT_TIMEOUT_SECONDS = 5


class State(enum.Enum):
    """What bin/check_db.rb prints (SUSE/Portus 2.4.3 lib/portus/db.rb; generation 1: docker/check_db.rb)."""

    ready = "DB_READY"
    empty = "DB_EMPTY"
    missing = "DB_MISSING"
    down = "DB_DOWN"
    unknown = "DB_UNKNOWN"


def engine_for(settings: Settings, *, with_database: bool = True) -> Engine:
    """An engine for the settings; without the database's name for creating it."""
    url = URL.create(
        "mysql+pymysql",
        username=settings.database_user,
        password=settings.database_password,
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name if with_database else None,
        query={"charset": "utf8"},
    )
    # mysql2 encrypts where it is told to; PyMySQL would wherever it can.
    tls = {"ssl": _context(settings.database_tls)} if settings.database_tls else {"ssl_disabled": True}
    arguments: dict[str, object] = {"connect_timeout": _CONNECT_TIMEOUT_SECONDS, **tls}
    return create_engine(url, pool_pre_ping=True, pool_recycle=600, connect_args=arguments)


def _context(tls: DatabaseTls) -> ssl.SSLContext:
    """What the client library does: the CA is verified always, the name when it was told to. Raises OSError."""
    context = ssl.create_default_context(cafile=tls.ca)
    context.check_hostname = tls.verify_name
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


@functools.lru_cache(maxsize=1)
def engine() -> Engine:
    """This process' engine."""
    return engine_for(read())


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end and rolls back on an error."""
    with Session(engine()) as session:
        yield session
        session.commit()


def state(settings: Settings) -> State:
    """The database's state. A wrong password reads as down, as in Portus."""
    try:
        with engine_for(settings).connect() as connection:
            if not inspect(connection).has_table("schema_migrations"):
                return State.empty
            # Generation 1 does not look for pending migrations.
            pending = settings.generation > 1 and migrations.pending(connection, settings.release)
            return State.empty if pending else State.ready
    except DBAPIError as error:
        cause = error.orig
        if isinstance(cause, pymysql.MySQLError) and cause.args and cause.args[0] == _UNKNOWN_DATABASE:
            return State.missing
        return State.down
    except OSError:  # no certificate where one should be
        return State.down


def create(settings: Settings) -> None:
    """Create the database itself, which needs the right to. One that exists is left as it is."""
    name = settings.database_name.replace("`", "``")
    with engine_for(settings, with_database=False).connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8 COLLATE utf8_unicode_ci")
