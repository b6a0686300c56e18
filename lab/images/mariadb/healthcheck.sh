#!/bin/bash
# healthcheck.sh [--connect] [--innodb_initialized]: every named check has to pass. Options as in the official image; the
# account is the one that the first start made (.my-healthcheck.cnf in the data folder).
set -u

readonly defaults=/var/lib/mysql/.my-healthcheck.cnf

query() { mariadb --defaults-file="$defaults" --skip-column-names --batch --execute "$1"; }

# The server is there for others: the one that initialises the data, or upgrades it, has no network. It is asked by the
# socket, and by TCP only where nobody may ask it there; an answer that refuses the account is an answer.
connect() {
	local said
	case "$(query 'SELECT @@skip_networking' 2>/dev/null)" in 0) return 0 ;; 1) return 1 ;; esac
	said=$(mariadb --defaults-file="$defaults" --protocol=tcp --host=127.0.0.1 --skip-ssl-verify-server-cert \
		--skip-column-names --batch --execute 'SELECT 1' 2>&1) && return
	case "$said" in *"ERROR 1045"*) return 0 ;; esac
	echo "healthcheck: $said" >&2
	return 1
}

innodb_initialized() {
	[ "$(query "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT', 'ENABLED')")" = 1 ]
}

[ $# -gt 0 ] || { echo "healthcheck: no check named" >&2; exit 1; }
for check in "$@"; do
	case "$check" in
		--connect) connect || exit 1 ;;
		--innodb_initialized) innodb_initialized || { echo "healthcheck: innodb is not ready" >&2; exit 1; } ;;
		*) echo "healthcheck: unknown check $check" >&2; exit 1 ;;
	esac
done
