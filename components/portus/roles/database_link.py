"""How Portus reaches its database: over TLS, with the server's certificate and name verified.

Rails merges ``DATABASE_URL`` with ``database.yml`` (ActiveRecord 4.2.6, 4.2.11, 5.2.3 ``connection_handling.rb``,
``connection_specification.rb``); what the URL leaves out, stays: host, port, database, user and password. So the URL
holds neither a secret nor anything that is said twice. Its ``sslca`` makes the client encrypt (mysql2
``lib/mysql2/client.rb``). That the certificate carries the server's name is verified by the client library alone, by
its option ``ssl-verify-server-cert``: since connector 3.1.14 it takes no notice of mysql2's ``sslverify`` (seen).
Generation 1 has a library that knows no such option (MariaDB 10.0 ``sql-common/client.c``): it verifies the CA only.
"""

import pulumi

from ..certificates import Certificates
from ..naming import files_path, internal_name
from ..settings import Settings
from ..settings.model import DatabaseTls
from ..topology import OUTSIDE, File, Link
from . import database

_URL_VARIABLE = "DATABASE_URL"
_CA = files_path("database-ca.crt")
_CLIENT = files_path("database-client.cnf")
_CERTIFICATE, _KEY = files_path("database-client.crt"), files_path("database-client.key")
_CLIENT_OPTIONS = """\
[client]
ssl-verify-server-cert=1
"""
"""Connector 3.0 takes the bare word for a no."""


def _external_tls(settings: Settings) -> DatabaseTls | None:
    external = settings.database.external
    return external.tls if external else None


def _is_encrypted(settings: Settings) -> bool:
    return settings.database.external is None or _external_tls(settings) is not None


def link(settings: Settings, role: str) -> Link:
    """The link from ``role`` to the database."""
    external = settings.database.external
    return Link(
        role,
        OUTSIDE if external else "database",
        external.port if external else database.PORT,
        _is_encrypted(settings),
        "keeps its state",
        "mysql",
    )


def environment(settings: Settings) -> dict[str, str]:
    """What makes Rails encrypt; nothing where an external database is reached without TLS."""
    if not _is_encrypted(settings):
        return {}
    parameters = {"sslca": _CA, "default_file": _CLIENT}
    tls = _external_tls(settings)
    if tls and tls.client:
        parameters |= {"sslcert": _CERTIFICATE, "sslkey": _KEY}
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return {_URL_VARIABLE: f"mysql2:///?{query}"}


def client_options(settings: Settings) -> tuple[str, ...]:
    """What MariaDB's own client needs to reach the database as Portus does: lines of an option file, but no password.

    Its ``ssl-verify-server-cert`` verifies the name, too.
    """
    external = settings.database.external
    options = {
        "host": external.host if external else internal_name(settings.name, "database"),
        "port": external.port if external else database.PORT,
        "user": external.username if external else database.USERNAME,
    }
    if _is_encrypted(settings):
        options |= {"ssl-ca": _CA, "ssl-verify-server-cert": 1}
    tls = _external_tls(settings)
    if tls and tls.client:
        options |= {"ssl-cert": _CERTIFICATE, "ssl-key": _KEY}
    return tuple(f"{name}={value}" for name, value in options.items())


def files(settings: Settings, certificates: Certificates, mode: str) -> tuple[File, ...]:
    """The CA, what the client library is told, and Portus' own certificate where the server asks for one.

    ``mode`` is for what is secret.
    """
    if not _is_encrypted(settings):
        return ()
    tls = _external_tls(settings)
    authority: pulumi.Output[str] = tls.ca_certificate_pem if tls else certificates.internal_ca_pem
    found = [File(_CA, authority, holds="database CA" if tls else "CA certificate"), File(_CLIENT, _CLIENT_OPTIONS)]
    if tls and tls.client:
        found += [
            File(_CERTIFICATE, tls.client.certificate_pem, holds="database client certificate"),
            File(_KEY, tls.client.private_key_pem, mode, secret=True, holds="database client key"),
        ]
    return tuple(found)
