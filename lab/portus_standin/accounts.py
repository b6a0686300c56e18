"""Users, their passwords and application tokens, personal namespaces, and the lock after failed attempts.

Sources: SUSE/Portus app/models/{user,application_token,namespace,team}.rb, config/initializers/devise.rb.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

import bcrypt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .models import Activity, ApplicationToken, Namespace, Registry, Role, Team, TeamUser, User, Visibility, now

PORTUS_USER = "portus"
MAX_APPLICATION_TOKENS = 5
MAX_FAILED_ATTEMPTS = 10
_UNLOCK_AFTER = {1: timedelta(hours=5), 2: timedelta(minutes=10)}
_PASSWORD_LENGTH = range(8, 129)
#: bcrypt reads no more of a password.
_BCRYPT_BYTES = 72
_BCRYPT_COST = 10
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NAMESPACE_NAME = re.compile(r"[a-z0-9]+(?:[._\\-][a-z0-9]+)*")

Errors = dict[str, list[str]]


@dataclass(frozen=True)
class NewUser:
    """What is given for a user."""

    username: str
    email: str
    password: str
    admin: bool = False
    bot: bool = False
    from_ldap: bool = False
    """E-mail address and password are as they come, "" for none (user.rb:56: not validated while LDAP is on)."""


class Invalid(Exception):
    """A record that Portus would not save: messages by field."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(self.sentences(errors)))
        self.errors = errors

    @staticmethod
    def sentences(errors: Errors) -> list[str]:
        """The messages as users see them."""
        return [
            message if field == "base" else f"{field.replace('_', ' ').capitalize()} {message}"
            for field, messages in errors.items()
            for message in messages
        ]


def hash_password(password: str) -> str:
    """A bcrypt hash; like Ruby's bcrypt it looks at the first 72 bytes only."""
    return bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(_BCRYPT_COST)).decode()


def password_matches(user: User, password: str) -> bool:
    """Whether this is the user's password."""
    return bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], user.encrypted_password.encode())


def password_errors(password: str) -> list[str]:
    """What is wrong with a password."""
    if not password:
        return ["can't be blank"]
    if len(password) < _PASSWORD_LENGTH.start:
        return [f"is too short (minimum is {_PASSWORD_LENGTH.start} characters)"]
    if len(password) >= _PASSWORD_LENGTH.stop:
        return [f"is too long (maximum is {_PASSWORD_LENGTH.stop - 1} characters)"]
    return []


def find_user(session: Session, username: str) -> User | None:
    """The user of that name."""
    return session.scalar(select(User).where(User.username == username))


def any_user(session: Session) -> bool:
    """Whether anybody but the hidden user exists."""
    return session.scalar(select(func.count()).select_from(User).where(User.username != PORTUS_USER)) != 0


def admins(session: Session) -> list[User]:
    """Enabled administrators without the hidden one."""
    query = select(User).where(User.username != PORTUS_USER, User.enabled.is_(True), User.admin.is_(True))
    return list(session.scalars(query))


def _user_errors(session: Session, new: NewUser) -> Errors:
    errors: Errors = {}
    about_name: list[str] = []
    if not new.username:
        about_name.append("can't be blank")
    elif (other := find_user(session, new.username)) and other.username == new.username:
        # Of a name in other letters only the database's index knows, and the request fails inside.
        about_name.append("has already been taken")
    if as_namespace_name(new.username) is None:
        about_name.append(f"'{new.username}' cannot be transformed into a valid namespace name")
    if about_name:
        errors["username"] = about_name
    if new.from_ldap:
        return errors
    if not new.email:
        errors["email"] = ["can't be blank"]
    elif not _EMAIL.fullmatch(new.email):
        errors["email"] = ["is invalid"]
    elif session.scalar(select(User).where(User.email == new.email)):
        errors["email"] = ["has already been taken"]
    if found := password_errors(new.password):
        errors["password"] = found
    return errors


def create_user(session: Session, new: NewUser) -> User:
    """Create a user, with a personal namespace if there is a registry and it is no bot. Raises Invalid."""
    new = replace(new, email=new.email.strip().lower())
    if errors := _user_errors(session, new):
        raise Invalid(errors)
    hashed = hash_password(new.password)
    user = User(username=new.username, email=new.email or None, encrypted_password=hashed, admin=new.admin)
    if new.bot:
        user.bot = True
    session.add(user)
    session.flush()
    if not new.bot:
        give_personal_namespace(session, user)
    return user


def as_namespace_name(username: str) -> str | None:
    """A user name as a namespace's, None when there is no way (Namespace.make_valid, namespace.rb:97).

    By a slip in Portus' pattern (namespace.rb:113) `-` is no character of it, but the range from backslash to `_` is.
    """
    name = username.lower()
    kept = [place for place, letter in enumerate(name) if re.match(r"[a-z0-9]", letter)]
    if not kept:
        return None
    name = re.sub(r"[^a-z0-9.\\-_]", "_", name[kept[0] : kept[-1] + 1])
    name = re.sub(r"[._\\-]{2,}", "_", name)[:256]
    return name if valid_namespace_name(name) else None


def namespace_name_for(session: Session, username: str) -> str:
    """A free namespace name for a user; as_namespace_name has one."""
    name = as_namespace_name(username) or ""
    candidate, number = name, 0
    while session.scalar(select(Namespace).where(Namespace.name == candidate)):
        candidate, number = f"{name}{number}", number + 1
    return candidate


def valid_namespace_name(name: str) -> bool:
    """Whether the name can be a namespace's."""
    return bool(_NAMESPACE_NAME.fullmatch(name))


def give_personal_namespace(session: Session, user: User) -> None:
    """Create the user's private namespace and hidden team, once there is a registry."""
    registry = session.scalar(select(Registry))
    if registry is None or user.namespace_id is not None:
        return
    name, team_name, number = namespace_name_for(session, user.username), user.username, 0
    while session.scalar(select(Team).where(Team.name == team_name)):
        team_name, number = f"{user.username}{number}", number + 1
    team = Team(name=team_name, hidden=True, memberships=[TeamUser(user=user, role=Role.owner)])
    description = f"This personal namespace belongs to {user.username}."
    namespace = Namespace(name=name, team=team, home=registry, visibility=Visibility.private, description=description)
    session.add_all([team, namespace])
    session.flush()
    user.namespace_id = namespace.id


def sync_portus_user(session: Session, password: str) -> None:
    """Set the hidden user's password to what the environment says now (since 2.3.4, initializers/portus_user.rb)."""
    user = find_user(session, PORTUS_USER)
    if user and not password_matches(user, password):
        user.encrypted_password = hash_password(password)


def create_portus_user(session: Session, password: str) -> None:
    """Create the hidden administrator that Portus is towards the registry. Raises Invalid for a bad password."""
    create_user(session, NewUser(PORTUS_USER, "portus@portus.com", password, admin=True))


def create_application_token(
    session: Session, user: User, application: str, actor: User
) -> tuple[ApplicationToken, str]:
    """A new token and its plain text, which is kept nowhere. Raises Invalid."""
    errors: Errors = {}
    if any(token.application == application for token in user.tokens):
        errors["application"] = ["has already been taken"]
    if len(user.tokens) >= MAX_APPLICATION_TOKENS:
        errors["base"] = [f"Users cannot have more than {MAX_APPLICATION_TOKENS} application tokens"]
    if errors:
        raise Invalid(errors)
    plain = secrets.token_urlsafe(15)
    salt = bcrypt.gensalt(_BCRYPT_COST)
    hashed = bcrypt.hashpw(plain.encode(), salt).decode()
    token = ApplicationToken(application=application, token_salt=salt.decode(), token_hash=hashed)
    user.tokens.append(token)
    session.flush()
    session.add(
        Activity(
            trackable_id=token.id,
            trackable_type="ApplicationToken",
            owner_id=actor.id,
            key="application_token.create",
            parameters={"application": application},
        )
    )
    return token, plain


def application_token_matches(user: User, plain: str) -> bool:
    """Whether this is one of the user's application tokens."""
    given = plain.encode()[:_BCRYPT_BYTES]
    return any(
        hmac.compare_digest(bcrypt.hashpw(given, token.token_salt.encode()), token.token_hash.encode())
        for token in user.tokens
    )


def user_of_application_token(session: Session, username: str, plain: str) -> User | None:
    """The user whose application token this is, enabled or not."""
    user = find_user(session, username)
    return user if user and application_token_matches(user, plain) else None


def may_sign_in(user: User, generation: int) -> bool:
    """Whether a known user gets in: enabled and not locked (Devise's active_for_authentication?)."""
    return user.enabled and not locked(user, generation)


def locked(user: User, generation: int) -> bool:
    """Whether the user is locked now; a lock ends by itself."""
    return user.locked_at is not None and user.locked_at > now() - _UNLOCK_AFTER[generation]


def authenticate(session: Session, username: str, password: str, generation: int) -> User | str:
    """The user of these credentials, or the message why not. Counts failures: the tenth locks the user."""
    user = find_user(session, username)
    if user is None:
        return "Invalid username or password."
    if user.locked_at is not None and not locked(user, generation):
        user.locked_at, user.failed_attempts = None, 0
    if locked(user, generation):
        return "Your account is locked."
    if not password_matches(user, password):
        user.failed_attempts += 1
        if user.failed_attempts >= MAX_FAILED_ATTEMPTS:
            user.locked_at = now()
            return "Your account is locked."
        return "Invalid username or password."
    if not user.enabled:
        return "Sorry, this account has been disabled."
    user.failed_attempts = 0
    user.last_sign_in_at, user.current_sign_in_at = user.current_sign_in_at, now()
    user.sign_in_count += 1
    return user
