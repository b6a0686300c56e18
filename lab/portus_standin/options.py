"""Portus' own options: environment over config-local.yml over defaults, with the casts of its configuration gem.

Sources: SUSE/Portus config/config.yml at 2.2.0 and 2.4.3; mssola/cconfig lib/cconfig.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from .releases import release_of

Value = str | int | bool

_LOCAL_CONFIGURATION = "/srv/Portus/config/config-local.yml"
#: The providers since 2.3, `openid_connect` since 2.5, which has no `domain`: what each is told beside `enabled`.
_SINCE_2_5 = "openid_connect"
_OAUTH = {
    "google_oauth2": "id secret domain options.hd",
    "open_id": "identifier domain",
    "openid_connect": "issuer identifier secret",
    "github": "client_id client_secret organization team domain",
    "gitlab": "application_id secret group domain server",
    "bitbucket": "key secret domain options.team",
}
#: Defaults of both generations: option -> (2.2.0, 2.4.3). Any other variable is ignored, as in Portus.
_DEFAULTS: Mapping[str, tuple[Value, Value]] = {
    "machine_fqdn.value": ("portus.test.lan", "portus.test.lan"),
    "registry.jwt_expiration_time.value": (5, 15),
    "registry.catalog_page.value": (100, 100),
    "registry.timeout.value": (2, 2),
    "registry.read_timeout.value": (120, 120),
    "first_user_admin.enabled": (True, True),
    "signup.enabled": (True, True),
    "check_ssl_usage.enabled": (True, True),
    "anonymous_browsing.enabled": (False, True),
    "delete.enabled": (False, True),
    "delete.contributors": (False, False),
    "user_permission.push_images.policy": ("allow-teams", "allow-teams"),
    "user_permission.create_namespace.enabled": (True, True),
    "user_permission.create_team.enabled": (True, True),
    "user_permission.manage_namespace.enabled": (True, True),
    "user_permission.manage_team.enabled": (True, True),
    "user_permission.change_visibility.enabled": (True, True),
    "background.registry.enabled": (True, True),
    "background.sync.enabled": (True, True),
    "background.sync.strategy": ("initial", "initial"),
    "display_name.enabled": (False, False),
    "email.from": ("portus@example.com", "portus@example.com"),
    "email.reply_to": ("", ""),
    "ldap.enabled": (False, False),
    "ldap.hostname": ("ldap_hostname", "ldap_hostname"),
    "ldap.port": (389, 389),
    "ldap.timeout": (5, 5),
    "ldap.method": ("plain", ""),
    "ldap.encryption.method": ("", ""),
    "ldap.encryption.options.ca_file": ("", ""),
    "ldap.base": ("", ""),
    "ldap.filter": ("", ""),
    "ldap.uid": ("uid", "uid"),
    "ldap.authentication.enabled": (False, False),
    "ldap.authentication.bind_dn": ("", ""),
    "ldap.authentication.password": ("", ""),
    "ldap.guess_email.enabled": (False, False),
    "ldap.guess_email.attr": ("", ""),
    "oauth.local_login.enabled": (True, True),
    **{f"oauth.{provider}.enabled": (False, False) for provider in _OAUTH},
    **{f"oauth.{provider}.{name}": ("", "") for provider, names in _OAUTH.items() for name in names.split()},
}


def cast(text: str) -> Value:
    """A variable's text as the gem reads it: true/false in any case, what Ruby's Integer() takes, else the text itself.

    Source: cconfig 1.2.1 lib/cconfig/hash_utils.rb:131; values that came from a file are no exception.
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = text.strip()
    try:
        if number.lstrip("+-")[:1] == "0" and number.lstrip("+-")[1:2].isdigit():
            return int(number, 8)
        return int(number, 0)
    except ValueError:
        return text


class Options:
    """The options of one process."""

    def __init__(self, environment: Mapping[str, str], generation: int) -> None:
        self._environment = environment
        self.generation = generation
        self.release = release_of(generation, environment)
        self._local = _read_local(environment.get("PORTUS_LOCAL_CONFIG_PATH", _LOCAL_CONFIGURATION))

    @classmethod
    def of_process(cls, generation: int) -> Options:
        """The options of this process."""
        return cls(os.environ, generation)

    def value(self, option: str) -> Value:
        """The value of a known option, for example ``registry.timeout.value``. Raises KeyError for an unknown one."""
        default = _DEFAULTS[option][self.generation - 1]
        variable = "PORTUS_" + option.replace(".", "_").upper()
        if variable in self._environment:
            return cast(self._environment[variable])
        return self._local.get(option, default)

    def enabled(self, feature: str) -> bool:
        """Whether a feature is on: since cconfig 1.2 exactly true counts, before it whatever is not false."""
        value = self.value(f"{feature}.enabled")
        return value is True if self.generation > 1 else value is not False

    def known_providers(self) -> list[str]:
        """The OAuth providers that this release knows, in the order of their buttons."""
        return [name for name in _OAUTH if self.generation > 1 and (name != _SINCE_2_5 or self.release >= (2, 5))]

    def providers(self) -> list[str]:
        """Those that are on."""
        return [name for name in self.known_providers() if self.enabled(f"oauth.{name}")]

    def integer(self, option: str) -> int:
        """The option as a number. Raises ValueError."""
        return int(self.value(option))

    def text(self, option: str) -> str:
        """The option as text."""
        return str(self.value(option))


def _read_local(path: str) -> dict[str, Value]:
    if not Path(path).is_file():
        return {}
    return dict(_flatten(yaml.safe_load(Path(path).read_text()) or {}))


def _flatten(tree: Mapping[str, object], prefix: str = "") -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            found += _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, (str, int, bool)):
            found.append((prefix + str(key), value))
    return found
