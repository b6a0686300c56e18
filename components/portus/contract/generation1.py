"""Generation 1: images 2.0 to 2.2, Apache and Passenger, the contract of the announcement.

Sources: the announcement; openSUSE/docker-containers branches portus-2.1 and portus-2.2,
``derived_images/portus/docker`` (``Dockerfile``, ``init``, ``database.yml``, ``secrets.yml``, ``apache.conf``,
sudoers).
"""

from .model import Contract, Paths, Variables

CONTRACT = Contract(
    generation=1,
    port=443,
    variables=Variables(
        # 2.1 passes the name without _VALUE to Apache, 2.2 the one with it.
        fqdn=("PORTUS_MACHINE_FQDN_VALUE", "PORTUS_MACHINE_FQDN"),
        database_host="MARIADB_SERVICE_HOST",
        database_port="",  # database.yml has no port: always 3306
        database_username="MARIADB_USER",
        database_name="MARIADB_DATABASE",
        database_password="MARIADB_PASSWORD",
        portus_password="PORTUS_PORTUS_PASSWORD",
        session_key="PORTUS_SECRET_KEY_BASE",
        token_key_path="",  # fixed: /secrets/portus.key, the TLS key
        tls_certificate_path="",
        tls_key_path="",
        local_config_path="",
    ),
    paths=Paths(
        tls_certificate="/certificates/portus-ca.crt",  # the leaf, despite its name
        tls_key="/secrets/portus.key",
        token_key="/secrets/portus.key",
        trusted_ca="/certificates/portus-stack.crt",
        local_config="/srv/Portus/config/config-local.yml",
    ),
    fixed={},
    secret_files=False,
    probe_path="/users/sign_in",  # there is no /api/v1/_ping before 2.3
    # sudo starts Apache and update-ca-certificates as root, so setuid has to work.
    capabilities=(
        *("CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL"),
        *("CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"),
    ),
    new_privileges=True,
    file_mode="0444",  # read by wwwrun (portus.key at every token), but owned by root
)

START_SCRIPT = """\
#!/bin/bash
# Gives Portus its secrets from files, migrates a database that is set up (/init never does), then starts Portus.
set -euo pipefail
{exports}
export {names}
state="$(SKIP_MIGRATION=1 portusctl exec rails r /check_db.rb | grep DB || true)"
if [ "$state" = DB_READY ]; then
  SKIP_MIGRATION=1 portusctl rake db:migrate
fi
exec /init
"""
"""Generation 1 reads secrets from its environment only; set here, they stay out of Docker's metadata."""
