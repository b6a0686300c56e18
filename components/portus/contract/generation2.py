"""Generation 2: images 2.3 and later, Puma.

Sources: openSUSE/docker-containers branches portus-2.3 to portus-2.5, ``derived_images/portus`` (``Dockerfile``,
``init``); SUSE/Portus 2.4.3 ``config/puma.rb``, ``config/database.yml``, ``config/secrets.yml``,
``config/initializers/environment_check.rb``, ``lib/tasks/portus/db.rake``.
"""

import re

from ..naming import files_path
from .model import Contract, Paths, Variables

CONTRACT = Contract(
    generation=2,
    port=3000,
    variables=Variables(
        fqdn=("PORTUS_MACHINE_FQDN_VALUE",),
        database_host="PORTUS_DB_HOST",
        database_port="PORTUS_DB_PORT",
        database_username="PORTUS_DB_USERNAME",
        database_name="PORTUS_DB_DATABASE",
        database_password="PORTUS_DB_PASSWORD_FILE",
        portus_password="PORTUS_PASSWORD_FILE",
        session_key="PORTUS_SECRET_KEY_BASE_FILE",
        token_key_path="PORTUS_KEY_PATH",
        tls_certificate_path="PORTUS_PUMA_TLS_CERT",
        tls_key_path="PORTUS_PUMA_TLS_KEY",
        local_config_path="PORTUS_LOCAL_CONFIG_PATH",
    ),
    paths=Paths(
        tls_certificate=files_path("portus.crt"),
        tls_key=files_path("portus.key"),
        token_key=files_path("token.key"),
        trusted_ca="/certificates/portus-stack.crt",
        local_config=files_path("config-local.yml"),
    ),
    fixed={
        "PORTUS_DB_ADAPTER": "mysql2",
        "PORTUS_LOG_LEVEL": "info",  # debug prints every secret (init: printenv)
        "RAILS_SERVE_STATIC_FILES": "true",
    },
    secret_files=True,
    probe_path="/api/v1/_ping",
    # update-ca-certificates rewrites the trust store as root.
    capabilities=("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"),
    new_privileges=False,
    file_mode="0400",
)

BACKGROUND = {"PORTUS_BACKGROUND": "true"}
"""Turns the image into the background process; any value that is not empty would."""

OPTION_FILES: dict[str, str] = {
    "email.smtp.password": "PORTUS_EMAIL_SMTP_PASSWORD_FILE",
    "ldap.authentication.password": "PORTUS_LDAP_AUTHENTICATION_PASSWORD_FILE",
}
"""Secret options that must come as files.

/init exports them empty otherwise, and that beats the local configuration (SUSE/Portus#1746).
"""


START_SCRIPT = """\
#!/bin/bash
# Starts Portus. First it brings the tables of an older release up to date, where /init does not do that itself.
set -euo pipefail

# A command of Portus as /init would run it; in a shell of its own, as /init reads the secrets from their files too.
portus() (
  for name in PORTUS_DB_PASSWORD PORTUS_PASSWORD PORTUS_SECRET_KEY_BASE; do
    file="${name}_FILE"
    export "$name=$(<"${!file}")"
    unset "$file"
  done
  export RACK_ENV=production RAILS_ENV=production CCONFIG_PREFIX=PORTUS
  gems=(/srv/Portus/vendor/bundle/ruby/*)
  if [ -z "${PORTUS_GEM_GLOBAL-}" ]; then export GEM_PATH="${gems[0]}"; fi
  vendor=""
  if grep -q -e 'exec --vendor' /init; then vendor=--vendor; fi
  cd /srv/Portus
  exec portusctl exec $vendor "$@"
)

# Up to 2.4 /init migrates (portus:db:configure). From 2.5 on it takes old tables for none, and what it does then fails
# for ever. Where there are no tables, or no database answers, it knows what to do.
migrate() {
  local status log cause
  status="$(portus rake db:migrate:status 2>&1)" || return 0
  grep -q -E '^ *up ' <<<"$status" && grep -q -E '^ *down ' <<<"$status" || return 0
  echo "portus-stack: these are the tables of an older release, now rake db:migrate"
  log="$(mktemp)"
  if portus rake db:migrate 2>&1 | tee "$log"; then return; fi
  cause="$(grep -E '^[A-Za-z0-9:]+: ' "$log" | grep -v -m 1 -E 'An error has occurred|== ' || tail -n 1 "$log")"
  echo "portus-stack: rake db:migrate failed, and is tried again: $cause"
  exit 1
}

if ! grep -q portus:db:configure /init; then migrate; fi
exec /bin/bash /init
"""
"""Before the web application alone: the background process starts when that is ready."""


def entrypoint(tag: str) -> tuple[str, ...]:
    """() for the image's own; 2.5, ``latest`` and ``head`` have an ``/init`` that cannot be executed (#2200)."""
    return ("/bin/bash", "/init") if re.match(r"2\.5|latest|head", tag) else ()
