"""Portus' own options: the leaves of its ``config.yml``, with the releases that know them and their types.

Source: SUSE/Portus ``config/config.yml`` at tags 2.1.1, 2.2.0, 2.3.7, 2.4.3 and branch v2.5. Portus looks up only
these; anything else is ignored in silence (issue SUSE/Portus#510), which is why PortusStack refuses it.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Type of an option's value."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    STRING = "string"


@dataclass(frozen=True)
class Option:
    """One leaf: dotted path, type, first and last minor release of Portus 2 that knows it, whether it is a secret."""

    path: str
    kind: Kind
    since: int = 1
    until: int | None = None
    secret: bool = False


def _options(kind: Kind, since: int, *paths: str) -> tuple[Option, ...]:
    return tuple(Option(path, kind, since) for path in paths)


_ALL = (
    *_options(
        Kind.BOOLEAN,
        1,
        *("email.smtp.enabled", "gravatar.enabled", "delete.enabled", "ldap.enabled", "ldap.authentication.enabled"),
        *("ldap.guess_email.enabled", "first_user_admin.enabled", "signup.enabled", "check_ssl_usage.enabled"),
        *("display_name.enabled", "user_permission.change_visibility.enabled"),
        *("user_permission.manage_team.enabled", "user_permission.manage_namespace.enabled"),
    ),
    *_options(
        Kind.BOOLEAN,
        3,
        *("oauth.google_oauth2.enabled", "oauth.open_id.enabled", "oauth.github.enabled", "oauth.gitlab.enabled"),
        *("oauth.bitbucket.enabled", "user_permission.create_team.enabled", "user_permission.create_namespace.enabled"),
        *("anonymous_browsing.enabled", "background.registry.enabled", "background.sync.enabled"),
    ),
    *_options(
        Kind.BOOLEAN,
        4,
        *("email.smtp.enable_starttls_auto", "delete.contributors", "delete.garbage_collector.enabled"),
        *(
            "oauth.local_login.enabled",
            "user_permission.create_webhook.enabled",
            "user_permission.manage_webhook.enabled",
        ),
    ),
    *_options(Kind.BOOLEAN, 5, "ldap.group_sync.enabled", "oauth.openid_connect.enabled"),
    *_options(
        Kind.INTEGER,
        1,
        "email.smtp.port",
        "ldap.port",
        "registry.jwt_expiration_time.value",
        "registry.catalog_page.value",
    ),
    *_options(
        Kind.INTEGER,
        3,
        *(
            "registry.timeout.value",
            "registry.read_timeout.value",
            "security.clair.health_port",
            "security.clair.timeout",
        ),
    ),
    *_options(
        Kind.INTEGER,
        4,
        *("delete.garbage_collector.older_than", "ldap.timeout", "pagination.per_page", "pagination.before_after"),
    ),
    *_options(Kind.INTEGER, 5, "delete.garbage_collector.keep_latest"),
    *_options(
        Kind.STRING,
        1,
        *(
            "email.from",
            "email.name",
            "email.reply_to",
            "email.smtp.address",
            "email.smtp.domain",
            "email.smtp.user_name",
        ),
        *(
            "ldap.hostname",
            "ldap.base",
            "ldap.filter",
            "ldap.uid",
            "ldap.authentication.bind_dn",
            "ldap.guess_email.attr",
        ),
        "machine_fqdn.value",
    ),
    *_options(
        Kind.STRING,
        3,
        *("ldap.encryption.method", "ldap.encryption.options.ca_file", "ldap.encryption.options.ssl_version"),
        *("oauth.google_oauth2.id", "oauth.google_oauth2.domain", "oauth.google_oauth2.options.hd"),
        *("oauth.open_id.identifier", "oauth.open_id.domain", "oauth.github.client_id", "oauth.github.organization"),
        *("oauth.github.team", "oauth.github.domain", "oauth.gitlab.application_id", "oauth.gitlab.group"),
        *("oauth.gitlab.domain", "oauth.gitlab.server", "oauth.bitbucket.key", "oauth.bitbucket.domain"),
        *("oauth.bitbucket.options.team", "security.clair.server", "security.zypper.server", "security.dummy.server"),
        "background.sync.strategy",
    ),
    *_options(
        Kind.STRING,
        4,
        *("email.smtp.ssl_tls", "email.smtp.openssl_verify_mode", "email.smtp.ca_path", "email.smtp.ca_file"),
        *("email.smtp.authentication", "delete.garbage_collector.tag", "user_permission.push_images.policy"),
    ),
    *_options(
        Kind.STRING,
        5,
        *("ldap.admin_base", "ldap.group_base", "ldap.group_sync.default_role"),
        *("oauth.openid_connect.issuer", "oauth.openid_connect.identifier"),
    ),
    Option("ldap.method", Kind.STRING, 1, until=3),
    Option("pagination.limit", Kind.INTEGER, 4, until=4),
    Option("email.smtp.password", Kind.STRING, 1, secret=True),
    Option("ldap.authentication.password", Kind.STRING, 1, secret=True),
    Option("oauth.google_oauth2.secret", Kind.STRING, 3, secret=True),
    Option("oauth.github.client_secret", Kind.STRING, 3, secret=True),
    Option("oauth.gitlab.secret", Kind.STRING, 3, secret=True),
    Option("oauth.bitbucket.secret", Kind.STRING, 3, secret=True),
    Option("oauth.openid_connect.secret", Kind.STRING, 5, secret=True),
)

OPTIONS: dict[str, Option] = {option.path: option for option in _ALL}
"""Every option by its dotted path."""

OWNED: dict[str, str] = {
    "machine_fqdn.value": "set hostnames.portus; it is the issuer of every token",
    "check_ssl_usage.enabled": "the edge always ends TLS",
    "first_user_admin.enabled": "bootstrap makes the administrator before anyone can reach Portus",
    "delete.enabled": "set registry.delete_enabled; the registry and Portus must agree",
}
"""Options that PortusStack sets itself, and what to use instead."""

CALLS_OUT: dict[str, tuple[str, str]] = {
    "email.smtp.enabled": ("email.smtp.port", "sends mail"),
    "ldap.enabled": ("ldap.port", "signs users in by LDAP"),
}
"""Options that make Portus open a connection to the outside, with the option that holds the port."""

FEATURES_CALLING_OUT: dict[str, str] = {
    "oauth.google_oauth2.enabled": "",
    "oauth.open_id.enabled": "oauth.open_id.identifier",
    "oauth.github.enabled": "",
    "oauth.gitlab.enabled": "oauth.gitlab.server",
    "oauth.bitbucket.enabled": "",
    "oauth.openid_connect.enabled": "oauth.openid_connect.issuer",
    "security.clair.server": "security.clair.server",
    "security.zypper.server": "security.zypper.server",
    "security.dummy.server": "security.dummy.server",
    "user_permission.create_webhook.enabled": "",
}
"""Further options that, when on, make Portus call an outside server, with the option that holds its address.

Without such an option, or while it is empty, the server is asked over HTTPS at its port.
"""

SAFE_DEFAULTS: dict[str, bool | int | str] = {
    "signup.enabled": False,
    "gravatar.enabled": False,
    "anonymous_browsing.enabled": False,
    "registry.jwt_expiration_time.value": 30,
    "user_permission.create_webhook.enabled": False,
    "user_permission.manage_webhook.enabled": False,
    "background.sync.strategy": "initial",
}
"""Where PortusStack's default differs from Portus'.

No stranger signs up or browses, no e-mail hash leaves, no user makes Portus call a URL, tokens (minutes) outlive the
push of a large layer (SUSE/Portus#510, #1338).
"""
