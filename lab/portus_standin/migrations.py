"""The schema's versions, how a database gets them, and the first user.

The version numbers are those of SUSE/Portus db/migrate at 2.2.0, 2.4.3 and v2.5; what they do is what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.orm import Session

from .models import Base, SchemaMigration, User


@dataclass(frozen=True)
class Migration:
    """One version: the statements that bring a database to it, and those that lead back (for the older schema)."""

    version: str
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()


#: Last version of 2.2.0; the schema as it was then is one step here.
GENERATION_1 = Migration("20160927141850")
GENERATION_2 = (
    Migration(
        "20171213093923",
        ("ALTER TABLE registry_events ADD COLUMN status INT DEFAULT 0, ADD COLUMN data TEXT DEFAULT NULL",),
        ("ALTER TABLE registry_events DROP COLUMN status, DROP COLUMN data",),
    ),
    Migration(
        "20180612145708",
        ("ALTER TABLE users ADD COLUMN bot TINYINT(1) NOT NULL DEFAULT 0",),
        ("ALTER TABLE users DROP COLUMN bot",),
    ),
    Migration("20181213101302"),
)
#: v2.5's last; what its framework (Rails 5) adds to the schema is the note for which environment it was made.
RELEASE_2_5 = (Migration("20190314173309"),)
_METADATA = "ar_internal_metadata"
_WITH_METADATA = (2, 5)
_GENERATION_2 = (2, 3)

Release = tuple[int, int]


class MigrationError(Exception):
    """What Rails says when the schema is not what its migrations expect."""


def versions(release: Release) -> list[Migration]:
    """All versions of a release, oldest first."""
    return [
        GENERATION_1,
        *(GENERATION_2 if release >= _GENERATION_2 else ()),
        *(RELEASE_2_5 if release >= _WITH_METADATA else ()),
    ]


def applied(connection: Connection) -> set[str]:
    """Versions that the database has; none when it has no table of them."""
    if not inspect(connection).has_table("schema_migrations"):
        return set()
    return set(connection.scalars(select(SchemaMigration.version)))


def pending(connection: Connection, release: Release) -> list[Migration]:
    """Versions that the database lacks."""
    have = applied(connection)
    return [migration for migration in versions(release) if migration.version not in have]


def refuse_unknown_environment(connection: Connection) -> None:
    """Rails 5 loads no schema over one that an older Rails made, or that is production's.

    Raises MigrationError.
    """
    if not applied(connection):
        return
    if not inspect(connection).has_table(_METADATA):
        raise MigrationError("ActiveRecord::NoEnvironmentInSchemaError: Environment data not found in the schema.")
    raise MigrationError("ActiveRecord::ProtectedEnvironmentError: You are attempting to run a destructive action")


def never_used(connection: Connection) -> bool:
    """Whether there are tables, all of them Portus', and no row in any but those that count versions."""
    names, own = set(inspect(connection).get_table_names()), set(Base.metadata.tables)
    books = {SchemaMigration.__tablename__, _METADATA}
    if not names or names - own - books:
        return False
    quoted = (connection.dialect.identifier_preparer.quote(name) for name in sorted(names - books))
    return not any(connection.execute(text(f"SELECT 1 FROM {name} LIMIT 1")).first() for name in quoted)


def forget_unfinished(connection: Connection) -> None:
    """Drop the tables of a start that was interrupted, where they never held anything (patch `first_start`)."""
    if not never_used(connection):
        return
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
    for name in inspect(connection).get_table_names():
        connection.execute(text(f"DROP TABLE {connection.dialect.identifier_preparer.quote(name)}"))
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
    connection.commit()


def load_schema(connection: Connection, release: Release) -> None:
    """Make all tables anew. Like Rails' schema:load it drops tables that are there: for empty databases only."""
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
    Base.metadata.drop_all(connection)
    Base.metadata.create_all(connection)
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
    if release < _GENERATION_2:
        for migration in reversed(GENERATION_2):
            _execute(connection, migration.down)
    _note_environment(connection, release)
    # The table that says "ready" is filled last.
    _record(connection, versions(release))


def migrate(connection: Connection, release: Release) -> list[str]:
    """Bring the database to the release's last version and return the versions that were applied.

    Raises MigrationError over tables without versions, as a start leaves them that was killed while it made the schema.
    """
    missing = pending(connection, release)
    if GENERATION_1 in missing:
        if inspect(connection).has_table(User.__tablename__):
            SchemaMigration.__table__.create(connection, checkfirst=True)  # type: ignore[attr-defined]
            connection.commit()
            raise MigrationError(f"Mysql2::Error: Table '{User.__tablename__}' already exists: CREATE TABLE `users`")
        load_schema(connection, release)
        return [migration.version for migration in missing]
    for migration in missing:
        _execute(connection, migration.up)
        _record(connection, [migration])
    _note_environment(connection, release)
    return [migration.version for migration in missing]


def _note_environment(connection: Connection, release: Release) -> None:
    if release < _WITH_METADATA:
        return
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {_METADATA} (`key` VARCHAR(190) PRIMARY KEY, value TEXT)"))
    connection.execute(text(f"REPLACE INTO {_METADATA} VALUES ('environment', 'production')"))


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(text(statement))


def _record(connection: Connection, done: list[Migration]) -> None:
    with Session(connection) as session:
        session.add_all(SchemaMigration(version=migration.version) for migration in done)
        session.commit()
