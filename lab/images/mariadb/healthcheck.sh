#!/bin/bash
# healthcheck.sh [--connect] [--innodb_initialized]: every named check has to pass. Options as in the official image; the
# account is the one that the first start made (.my-healthcheck.cnf in the data folder).
set -u

readonly defaults=/var/lib/mysql/.my-healthcheck.cnf

query() { mariadb --defaults-file="$defaults" --skip-column-names --batch --execute "$1"; }

# The server answers over TCP: the one that initialises the data does not, so it cannot pass for the real one. An answer
# that refuses the account is an answer.
connect() {
	local said
	said=$(mariadb --defaults-file="$defaults" --protocol=tcp --host=127.0.0.1 --skip-column-names --batch \
		--execute 'SELECT 1' 2>&1) && return
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
