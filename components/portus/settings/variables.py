"""Which environment variables are PortusStack's own: what they would change is decided by its arguments.

Distribution reads every setting of its configuration, ``auth`` too, from ``REGISTRY_…`` rather than from its file
(distribution ``configuration/parser.go`` at v2.8.3); Portus reads its options from ``PORTUS_…`` the same way.
"""

import re

_REGISTRY = "it would replace what PortusStack writes into the registry's configuration, authentication among it"
_PORTUS = "it would replace what PortusStack tells Portus; options of Portus belong to portus.settings"
_DATABASE = "it would change how MariaDB is set up and who gets in; database.external is for a database of your own"
_OWN = "PortusStack does"
_TAKEN: dict[str, str] = {
    r"REGISTRY_(?:AUTH|CONFIGURATION|HEALTH|HTTP|LOG|LOGLEVEL|NOTIFICATIONS|STORAGE|VERSION)(?:_.*)?": _REGISTRY,
    r"PORTUS_(?!(?:DB_POOL|DB_TIMEOUT|FORCE_DIGEST_UPDATE|HEALTH_QUIET)$).*|CCONFIG_.*|SECRET_KEY_BASE": _PORTUS,
    r"RA(?:CK|ILS)_ENV|RAILS_RELATIVE_URL_ROOT|SKIP_MIGRATION": _PORTUS,
    r"(?:MARIADB|MYSQL)_(?!(?:DISABLE_UPGRADE_BACKUP|INITDB_SKIP_TZINFO)$).*": _DATABASE,
    "DATABASE_URL|GOMEMLIMIT|OTEL_TRACES_EXPORTER|RAILS_SERVE_STATIC_FILES|SSL_CERT_DIR": _OWN,
}
"""Names → why not. What is left out has to do with performance only."""


def variable_problem(name: str) -> str:
    """Why ``name`` may not be set from outside; "" when it may."""
    for pattern, why in _TAKEN.items():
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return f"must not set {name}: {why}"
    return ""
