"""The shape of a Portus image's contract."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Variables:
    """Names of environment variables; ``fqdn`` may need several, "" means that the image knows none."""

    fqdn: tuple[str, ...]
    database_host: str
    database_port: str
    database_username: str
    database_name: str
    database_password: str
    portus_password: str
    session_key: str
    token_key_path: str
    tls_certificate_path: str
    tls_key_path: str
    local_config_path: str


@dataclass(frozen=True)
class Paths:
    """Absolute paths that the image reads: its TLS pair, the token key, CAs to trust, its local configuration."""

    tls_certificate: str
    tls_key: str
    token_key: str
    trusted_ca: str
    local_config: str


@dataclass(frozen=True)
class Contract:
    """One generation of the Portus image.

    ``secret_files``: whether the three secret variables take the path of a file (a ``_FILE`` variable) or the secret
    itself. ``probe_path`` answers 200 to 399 over HTTPS on ``port`` when Portus is ready. ``file_mode``: what the
    image's user can read.
    """

    generation: int
    port: int
    variables: Variables
    paths: Paths
    fixed: Mapping[str, str]
    secret_files: bool
    probe_path: str
    capabilities: tuple[str, ...]
    new_privileges: bool
    file_mode: str
