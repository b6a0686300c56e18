"""The one registry record: creating it with the reachability check, changing it, and what comes into being with it.

Sources: SUSE/Portus app/services/registries/*.rb, app/models/registry.rb, config/initializers/registry.rb.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .accounts import Errors, Invalid, give_personal_namespace
from .models import Namespace, Registry, Repository, Role, Team, TeamUser, User, Visibility
from .options import Options
from .registry_client import RegistryClient, RegistryError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegistryFields:
    """What is given for a registry."""

    name: str
    hostname: str
    use_ssl: bool
    external_hostname: str | None = None
    hostname_given: bool = True
    """For a change: whether the host name was in the request, or is what the record has."""


def the_registry(session: Session) -> Registry | None:
    """The registry, if there is one."""
    return session.scalar(select(Registry).order_by(Registry.id))


def client_of(registry: Registry, portus_password: str, options: Options) -> RegistryClient:
    """A client for the registry."""
    return RegistryClient(registry.hostname, registry.use_ssl, portus_password, options)


def unreachable_message(fields: RegistryFields, portus_password: str, options: Options) -> str:
    """Why the registry cannot be reached, empty when it can."""
    try:
        reachable = RegistryClient(fields.hostname, fields.use_ssl, portus_password, options).reachable()
    except RegistryError as error:
        return str(error)
    return "" if reachable else "Error: registry does not implement v2 of the API."


def field_errors(session: Session, fields: RegistryFields, but: Registry | None = None) -> Errors:
    """What is wrong with the fields themselves."""
    errors: Errors = {}
    for name, value, column in (("name", fields.name, Registry.name), ("hostname", fields.hostname, Registry.hostname)):
        other = session.scalar(select(Registry).where(column == value))
        if not value:
            errors[name] = ["can't be blank"]
        elif other is not None and other is not but:
            errors[name] = ["has already been taken"]
    return errors


def create(
    session: Session, fields: RegistryFields, portus_password: str, options: Options, *, force: bool = False
) -> Registry:
    """Create the record, the public global namespace and everybody's personal namespace. Raises Invalid."""
    errors = field_errors(session, fields)
    if not errors and the_registry(session) is not None:
        errors["uniqueness"] = ["You can only create one registry"]
    if not errors and not force and (message := unreachable_message(fields, portus_password, options)):
        log.info("Registry not reachable: %s: %s", fields.hostname, message)
        errors["hostname"] = [message]
    if errors:
        raise Invalid(errors)
    registry = Registry(
        name=fields.name,
        hostname=fields.hostname,
        use_ssl=fields.use_ssl,
        external_hostname=fields.external_hostname or None,
    )
    session.add(registry)
    session.flush()
    _create_namespaces(session, registry)
    session.execute(update(Namespace).values(registry_id=registry.id))
    return registry


def _create_namespaces(session: Session, registry: Registry) -> None:
    owners = session.scalars(select(User).where(User.admin.is_(True))).all()
    team = Team(
        name=f"portus_global_team_{registry.id}",
        hidden=True,
        memberships=[TeamUser(user=user, role=Role.owner) for user in owners],
    )
    session.add(
        Namespace(
            name=f"portus_global_namespace_{registry.id}",
            home=registry,
            team=team,
            is_global=True,
            visibility=Visibility.public,
            description=f"The global namespace for the registry {registry.name}.",
        )
    )
    session.flush()
    for user in session.scalars(select(User)).all():
        give_personal_namespace(session, user)


def change(
    session: Session, registry: Registry, fields: RegistryFields, portus_password: str, options: Options
) -> None:
    """Change the record; while there is a repository the hostname must not even be given. Raises Invalid."""
    errors = field_errors(session, fields, registry)
    if not errors and fields.hostname_given and session.scalar(select(Repository.id).limit(1)) is not None:
        errors["hostname"] = ["Registry is not empty, cannot change hostname"]
    if not errors and (message := unreachable_message(fields, portus_password, options)):
        errors["hostname"] = [message]
    if errors:
        raise Invalid(errors)
    registry.name, registry.hostname, registry.use_ssl = fields.name, fields.hostname, fields.use_ssl
    registry.external_hostname = fields.external_hostname or None
