"""What the contract tests of the stand-in set: names, passwords, environment, registry configuration."""

from __future__ import annotations

FQDN = "portus.test"
REGISTRY_NAME = "registry:5000"
PUBLIC_REGISTRY_NAME = "registry.portus.test"
PROVIDER_NAME = "login.portus.test"
HIDDEN_PASSWORD = "hidden-pass-1"
DATABASE_PASSWORD = "database-pass-1"
ROOT_PASSWORD = "root-pass-1"


def generation_1_environment() -> dict[str, str | None]:
    """The announcement's variables."""
    return {
        "MARIADB_SERVICE_HOST": "database",
        "MARIADB_USER": "portus",
        "MARIADB_PASSWORD": DATABASE_PASSWORD,
        "MARIADB_DATABASE": "portus",
        "PORTUS_SECRET_KEY_BASE": "secret-key-base-1",
        "PORTUS_PORTUS_PASSWORD": HIDDEN_PASSWORD,
        "PORTUS_MACHINE_FQDN_VALUE": FQDN,
    }


def generation_2_environment() -> dict[str, str | None]:
    """Secrets from files where the image reads them, TLS by Puma's variables."""
    return {
        "PORTUS_DB_HOST": "database",
        "PORTUS_DB_USERNAME": "portus",
        "PORTUS_DB_DATABASE": "portus",
        "PORTUS_DB_PASSWORD_FILE": "/secrets/database_password",
        "PORTUS_PASSWORD_FILE": "/secrets/portus_password",
        "PORTUS_SECRET_KEY_BASE_FILE": "/secrets/secret_key_base",
        "PORTUS_KEY_PATH": "/secrets/portus.key",
        "PORTUS_MACHINE_FQDN_VALUE": FQDN,
        "PORTUS_PUMA_TLS_KEY": "/secrets/tls.key",
        "PORTUS_PUMA_TLS_CERT": "/secrets/tls.crt",
        "PORTUS_SIGNUP_ENABLED": "false",
    }


def registry_configuration(realm: str, events: str, webhook_secret: str) -> str:
    """One configuration for both majors: rootcertbundle for 2, jwks for 3. The secret goes with every notification."""
    return f"""version: 0.1
storage: {{filesystem: {{rootdirectory: /var/lib/registry}}, delete: {{enabled: true}}}}
http: {{addr: ":5000", tls: {{certificate: /trust/tls.crt, key: /trust/tls.key}}}}
auth:
  token:
    realm: {realm}
    service: {REGISTRY_NAME}
    issuer: {FQDN}
    rootcertbundle: /trust/token.crt
    jwks: /trust/jwks.json
notifications:
  endpoints:
    - name: portus
      url: "{events}"
      headers: {{Authorization: ["Bearer {webhook_secret}"]}}
      timeout: 5s
      threshold: 5
      backoff: 1s
"""
