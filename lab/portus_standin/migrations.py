"""The schema's versions, how a database gets them, and the first user.

The version numbers are those of SUSE/Portus db/migrate at 2.2.0 and 2.4.3; what they do is what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.orm import Session

from .models import Base, SchemaMigration


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


def versions(generation: int) -> list[Migration]:
    """All versions of a generation, oldest first."""
    return [GENERATION_1, *(GENERATION_2 if generation > 1 else ())]


def applied(connection: Connection) -> set[str]:
    """Versions that the database has; none when it has no table of them."""
    if not inspect(connection).has_table("schema_migrations"):
        return set()
    return set(connection.scalars(select(SchemaMigration.version)))


def pending(connection: Connection, generation: int) -> list[Migration]:
    """Versions that the database lacks."""
    have = applied(connection)
    return [migration for migration in versions(generation) if migration.version not in have]


def load_schema(connection: Connection, generation: int) -> None:
    """Make all tables anew. Like Rails' schema:load it drops tables that are there: for empty databases only."""
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
    Base.metadata.drop_all(connection)
    Base.metadata.create_all(connection)
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
    if generation == 1:
        for migration in reversed(GENERATION_2):
            _execute(connection, migration.down)
    # The table that says "ready" is filled last.
    _record(connection, versions(generation))


def migrate(connection: Connection, generation: int) -> list[str]:
    """Bring the database to the generation's last version and return the versions that were applied."""
    missing = pending(connection, generation)
    if GENERATION_1 in missing:
        load_schema(connection, generation)
    else:
        for migration in missing:
            _execute(connection, migration.up)
            _record(connection, [migration])
    return [migration.version for migration in missing]


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(text(statement))


def _record(connection: Connection, done: list[Migration]) -> None:
    with Session(connection) as session:
        session.add_all(SchemaMigration(version=migration.version) for migration in done)
        session.commit()
