"""The rake tasks that operators run.

Sources: SUSE/Portus 2.4.3 lib/tasks/portus/{db,registry,user}.rake; Rails' db:* tasks; db/seeds.rb.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.orm import Session

from . import database, migrations, registries, releases
from .accounts import Invalid, NewUser, create_portus_user, create_user, find_user
from .models import User
from .options import Options
from .registries import RegistryFields, the_registry
from .settings import Settings, generation_of

#: From here on it is Rails 5 (db:check_protected_environments).
_CAREFUL = (2, 5)
_TASK = re.compile(r"([\w:]+)(?:\[(.*)\])?")


class TaskError(Exception):
    """A task failed; the message says why."""


def _create(settings: Settings, _: list[str]) -> None:
    database.create(settings)


def _load_schema(settings: Settings, _: list[str]) -> None:
    with database.engine_for(settings).connect() as connection:
        if settings.release >= _CAREFUL:
            migrations.refuse_unknown_environment(connection)
        migrations.load_schema(connection, settings.release)
        connection.commit()


def _seed(settings: Settings, _: list[str]) -> None:
    with database.transaction() as session:
        if session.scalar(select(func.count()).select_from(User)):
            raise TaskError("The DB is not empty! Only seed for kick-starting your DB")
        create_portus_user(session, settings.portus_password)


def _go_on(settings: Settings) -> None:
    """What the patch `first_start` does before the set-up looks at the database."""
    if not releases.mended("first_start"):
        return
    with database.engine_for(settings).connect() as connection:
        migrations.forget_unfinished(connection)


def _setup(settings: Settings, _: list[str]) -> None:
    _create(settings, [])
    _go_on(settings)
    for step in (_create, _load_schema, _seed):
        step(settings, [])


def _migrate(settings: Settings, _: list[str]) -> None:
    with database.engine_for(settings).connect() as connection:
        for version in migrations.migrate(connection, settings.release):
            print(f"== {version}: migrated")
        connection.commit()


def _status(settings: Settings, _: list[str]) -> None:
    with database.engine_for(settings).connect() as connection:
        if not inspect(connection).has_table("schema_migrations"):
            raise TaskError("Schema migrations table does not exist yet.")
        have = migrations.applied(connection)
    for migration in migrations.versions(settings.release):
        print(f"{'up' if migration.version in have else 'down':^8}  {migration.version}")


def _tables(connection: Connection) -> int:
    return len(inspect(connection).get_table_names())


def _configure(settings: Settings, _: list[str]) -> None:
    """Create what is missing; schema and first user for an empty database, migrations for one in use."""
    database.create(settings)
    _go_on(settings)
    with database.engine_for(settings).connect() as connection:
        in_use = _tables(connection) > 1
    steps: list[Callable[[Settings, list[str]], None]] = [_migrate] if in_use else [_load_schema, _seed]
    for step in steps:
        step(settings, [])


def _create_registry(settings: Settings, arguments: list[str]) -> None:
    name, hostname, use_ssl, *external = arguments
    fields = RegistryFields(name, hostname, use_ssl in ("T", "t", "true", "1"), external[0] if external else None)
    with database.transaction() as session:
        registries.create(session, fields, settings.portus_password, Options.of_process(generation_of()))


def _create_user(_: Settings, arguments: list[str]) -> None:
    username, email, password, admin = arguments
    with database.transaction() as session:
        if the_registry(session) is None:
            raise TaskError(
                "ERROR: There is no registry on the DB! Create it with portus:create_registry or as an administrator"
            )
        create_user(session, NewUser(username, email, password, admin=admin in ("true", "t", "1")))


def _make_admin(_: Settings, arguments: list[str]) -> None:
    with database.transaction() as session:
        _promote(session, arguments[0])


def _promote(session: Session, username: str) -> None:
    user = find_user(session, username)
    if user is None:
        raise TaskError(f"User {username} does not exist")
    user.admin = True


_TASKS: dict[str, tuple[Callable[[Settings, list[str]], None], range]] = {
    "db:create": (_create, range(0, 1)),
    "db:schema:load": (_load_schema, range(0, 1)),
    "db:seed": (_seed, range(0, 1)),
    "db:setup": (_setup, range(0, 1)),
    "db:migrate": (_migrate, range(0, 1)),
    "db:migrate:status": (_status, range(0, 1)),
    "portus:db:configure": (_configure, range(0, 1)),
    "portus:create_registry": (_create_registry, range(3, 5)),
    "portus:create_user": (_create_user, range(4, 5)),
    "portus:make_admin": (_make_admin, range(1, 2)),
}


def run(task: str, settings: Settings) -> None:
    """Run a task such as `db:migrate` or `portus:make_admin[name]`. Raises TaskError and sqlalchemy's errors."""
    parsed = _TASK.fullmatch(task)
    if parsed is None or parsed[1] not in _TASKS:
        raise TaskError(f"Don't know how to build task '{task}' (the stand-in has: {', '.join(_TASKS)})")
    function, counts = _TASKS[parsed[1]]
    arguments = [argument.strip() for argument in parsed[2].split(",")] if parsed[2] else []
    if len(arguments) not in counts:
        raise TaskError(f"{parsed[1]} takes {counts.start} to {counts.stop - 1} arguments, not {len(arguments)}")
    try:
        function(settings, arguments)
    except Invalid as error:
        raise TaskError(f"Validation failed: {error}") from error
    except migrations.MigrationError as error:
        raise TaskError(str(error)) from error
