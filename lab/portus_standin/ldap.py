"""Signing in by LDAP, which comes before the database and whose refusal is the end of it.

Sources: SUSE/Portus 2.4.3 lib/portus/ldap/*.rb, 2.2.0 lib/portus/ldap.rb; config/initializers/devise.rb.
"""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from ldap3 import NONE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .accounts import PORTUS_USER, Invalid, NewUser, create_user, find_user, locked
from .models import User
from .options import Options
from .registry_client import CA_BUNDLE
from .settings import ROOT

log = logging.getLogger(__name__)

PATCH = ROOT / "config/initializers/portus_stack_own_users.rb"
"""Where the patch `own_users` lies, if it does."""
_OWN_USERS = Path("/etc/portus-stack/own-users")
_INVALID_CREDENTIALS = 49
_ANYWHERE = "dc=com"
"""Where net-ldap looks when it is told no base."""
_START_TLS, _SIMPLE_TLS = "start_tls", "simple_tls"
_METHODS = {"start_tls": _START_TLS, "starttls": _START_TLS, "simple_tls": _SIMPLE_TLS}


@dataclass(frozen=True)
class Attempt:
    """Who signs in, and the parameter `account` of the request."""

    username: str
    password: str
    account: str = ""


class Refused(Exception):
    """LDAP does not let the user in; nothing else is asked."""


def skips(session: Session, attempt: Attempt, options: Options) -> bool:
    """Whether this attempt never goes to LDAP (lib/portus/ldap/configuration.rb:41, lib/portus/ldap.rb:100)."""
    if not options.enabled("ldap"):
        return True
    user = find_user(session, attempt.username)
    if PATCH.exists():
        own = {PORTUS_USER, *_OWN_USERS.read_text().lower().split()}
        skipping = {attempt.username.lower(), user.username.lower() if user else ""} & own != set()
    else:
        skipping = attempt.account == PORTUS_USER
    if options.generation == 1:
        return skipping or not (attempt.username and attempt.password)
    return skipping or bool(user and user.bot)


def sign_in(session: Session, attempt: Attempt, options: Options) -> User:
    """The user whom LDAP knows by these credentials, made when he is new. Raises Refused."""
    if not (attempt.username and attempt.password):
        raise Refused("Some parameters are missing")
    try:
        email = _ask(attempt, options)
    except LDAPException as error:
        if options.generation == 1:
            raise  # nobody catches it there: 500
        raise _refusal("{}", error) from error
    user = find_user(session, attempt.username) or _create(session, attempt, email)
    if locked(user, options.generation):
        raise Refused("Your account is locked.")
    if not user.enabled:
        raise Refused("Sorry, this account has been disabled.")
    return user


def _create(session: Session, attempt: Attempt, email: str | None) -> User:
    """The first sign-in: an ordinary user, an administrator when there is nobody yet; the password is kept too."""
    if email and session.scalar(select(User.id).where(User.email == email)):
        email = None
    others = select(func.count()).select_from(User).where(User.username != PORTUS_USER, User.bot.is_(False))
    admin = session.scalar(others) == 0
    try:
        new = NewUser(attempt.username, email or "", attempt.password, admin=admin, from_ldap=True)
        return create_user(session, new)
    except Invalid as error:
        raise Refused(",".join(error.sentences(error.errors))) from error


def _ask(attempt: Attempt, options: Options) -> str | None:
    """Find the user, bind as him, and guess his e-mail address. Raises Refused and LDAPException."""
    connection = _connection(options)
    try:
        found = _search(connection, attempt.username, options)
        if not found:
            raise _refusal("Could not find user '{}'", attempt.username)
        dn, attributes = found[0]
        if not connection.rebind(user=dn, password=attempt.password):
            code, message = connection.result["result"], connection.result["description"]
            text = "Invalid Credentials" if code == _INVALID_CREDENTIALS else message
            raise _refusal("{} (code {})", text, code)
    finally:
        connection.unbind()
    return _email(attempt.username, dn, attributes, options) if len(found) == 1 else None


def _refusal(text: str, *values: object) -> Refused:
    message = text.format(*values)
    log.error("[ldap] %s.", message)
    return Refused(message)


def _connection(options: Options) -> Connection:
    """A connection, encrypted as the options say, bound as `ldap.authentication` or as nobody."""
    old = options.text("ldap.method") if options.generation == 1 else ""
    method = _METHODS.get(old or options.text("ldap.encryption.method"), "")
    server = Server(
        options.text("ldap.hostname"),
        port=options.integer("ldap.port"),
        use_ssl=method == _SIMPLE_TLS,
        tls=_tls(options) if method else None,
        get_info=NONE,
        connect_timeout=options.integer("ldap.timeout"),
    )
    user, password = None, None
    if options.enabled("ldap.authentication"):
        user, password = options.text("ldap.authentication.bind_dn"), options.text("ldap.authentication.password")
    connection = Connection(server, user=user, password=password, raise_exceptions=False)
    connection.open()
    if method == _START_TLS:
        connection.start_tls()
    if not connection.bind():
        code, message = connection.result["result"], connection.result["description"]
        raise _refusal("{} (code {})", message, code)
    return connection


def _tls(options: Options) -> Tls:
    """Certificate and name are verified, by the image's authorities or by `ca_file`; generation 1 verifies nothing."""
    if options.generation == 1:
        return Tls(validate=ssl.CERT_NONE)
    ca_file = options.text("ldap.encryption.options.ca_file")
    return Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca_file or CA_BUNDLE)


def _search(connection: Connection, username: str, options: Options) -> list[tuple[str, dict[str, list[str]]]]:
    wanted = f"({options.text('ldap.uid')}={escape_filter_chars(username)})"
    if given := options.text("ldap.filter"):
        wanted = f"(&{wanted}{given if given.startswith('(') else f'({given})'})"
    attribute = options.text("ldap.guess_email.attr")
    connection.search(options.text("ldap.base") or _ANYWHERE, wanted, attributes=[attribute] if attribute else None)
    return [
        (entry["dn"], {name.lower(): [str(one) for one in values] for name, values in entry["attributes"].items()})
        for entry in connection.response or []
        if entry["type"] == "searchResEntry"
    ]


def _email(username: str, dn: str, attributes: dict[str, list[str]], options: Options) -> str | None:
    """By the attribute that the options name, or the user's name at the parts `dc` of his entry (login.rb:53)."""
    if not options.enabled("ldap.guess_email"):
        return None
    if attribute := options.text("ldap.guess_email.attr"):
        return next(iter(attributes.get(attribute.lower(), [])), None)
    parts = [part.split("=") for part in dn.split(",")]
    domain = ".".join(part[-1] for part in parts if part[0] == "dc")
    return f"{username}@{domain}" if domain else None
