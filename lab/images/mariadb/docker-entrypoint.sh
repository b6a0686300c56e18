#!/bin/bash
# Initialises an empty data folder once, then runs the server: the contract of the official image `mariadb`.
set -euo pipefail

readonly datadir=/var/lib/mysql
readonly socket=/run/mysqld/mysqld.sock
# There from the first to the last step of the initialisation: a data folder that still has it is not trusted.
readonly unfinished="$datadir/.initialisation-unfinished"
# A temporary server, for nobody else: without TLS, which clients from 11.4 on verify on the socket, too.
readonly alone=(--skip-networking --socket="$socket" --skip-ssl)

log() { printf '%s [Note] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*"; }
fail() { printf '%s [ERROR] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*" >&2; exit 1; }

# VARIABLE or, exclusively, VARIABLE_FILE; older MYSQL_* names are understood too.
setting() {
	local name=$1 default=${2-} alias="MYSQL_${1#MARIADB_}" value="" candidate file
	for candidate in "$name" "$alias"; do
		file="${candidate}_FILE"
		[ -z "${!candidate-}" ] || [ -z "${!file-}" ] || fail "both $candidate and $file are set: set one of them"
		if [ -z "$value" ] && [ -n "${!file-}" ]; then
			value=$(<"${!file}") || fail "$file: cannot read ${!file}"
		fi
		value=${value:-${!candidate-}}
		unset "$candidate" "$file"
	done
	printf -v "$name" '%s' "${value:-$default}"
}

# A value as the inside of an SQL string between single quotes.
quoted() { local value=${1//\\/\\\\}; printf '%s' "${value//\'/\\\'}"; }
# A value as the inside of an SQL name between backticks.
identifier() { printf '%s' "${1//\`/\`\`}"; }

sql() { mariadb --no-defaults --skip-ssl --protocol=socket --socket="$socket" --user=root --database=mysql --binary-mode --batch; }

wait_for_server() {
	local attempt
	for attempt in $(seq 120); do
		kill -0 "$1" 2>/dev/null || fail "the temporary server ended: its messages are above"
		if mariadb-admin --no-defaults --skip-ssl --socket="$socket" --user=root ping >/dev/null 2>&1; then return; fi
		sleep 0.25
	done
	fail "the temporary server did not answer within $((attempt / 4)) s"
}

accounts() {
	local root health
	root=$(quoted "$MARIADB_ROOT_PASSWORD")
	health=$(pwgen --secure 32 1)
	printf "[mariadb-client]\nuser=healthcheck\npassword=%s\nsocket=%s\nprotocol=socket\n" "$health" "$socket" >"$datadir/.my-healthcheck.cnf"
	chmod 0600 "$datadir/.my-healthcheck.cnf"
	echo "SET SESSION sql_log_bin = 0;"
	echo "DELETE FROM mysql.global_priv WHERE user = '' OR user IN ('root', 'mysql') AND host != 'localhost';"
	echo "DROP DATABASE IF EXISTS test; FLUSH PRIVILEGES;"
	echo "CREATE USER healthcheck@localhost IDENTIFIED BY '$health';"
	echo "CREATE USER healthcheck@'127.0.0.1' IDENTIFIED BY '$health';"
	echo "CREATE USER healthcheck@'::1' IDENTIFIED BY '$health';"
	if [ -n "$MARIADB_ROOT_HOST" ] && [ "$MARIADB_ROOT_HOST" != localhost ]; then
		echo "CREATE USER 'root'@'$(quoted "$MARIADB_ROOT_HOST")' IDENTIFIED BY '$root';"
		echo "GRANT ALL ON *.* TO 'root'@'$(quoted "$MARIADB_ROOT_HOST")' WITH GRANT OPTION;"
	fi
	if [ -n "$MARIADB_DATABASE" ]; then
		echo "CREATE DATABASE IF NOT EXISTS \`$(identifier "$MARIADB_DATABASE")\`;"
	fi
	if [ -n "$MARIADB_USER" ] && [ -n "$MARIADB_PASSWORD" ]; then
		echo "CREATE USER '$(quoted "$MARIADB_USER")'@'%' IDENTIFIED BY '$(quoted "$MARIADB_PASSWORD")';"
		if [ -n "$MARIADB_DATABASE" ]; then
			local schema
			schema=$(identifier "$MARIADB_DATABASE")
			schema=${schema//_/\\_}
			echo "GRANT ALL ON \`$schema\`.* TO '$(quoted "$MARIADB_USER")'@'%';"
		fi
	fi
}

run_initdb_files() {
	local file
	for file in /docker-entrypoint-initdb.d/*; do
		case "$file" in
			*.sh) log "running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
			*.sql) log "running $file"; sql_in_database <"$file" ;;
			*.sql.gz) log "running $file"; gunzip --stdout "$file" | sql_in_database ;;
			'/docker-entrypoint-initdb.d/*') ;;
			*) log "ignoring $file" ;;
		esac
	done
}

sql_in_database() {
	mariadb --no-defaults --skip-ssl --protocol=socket --socket="$socket" --user=root --database="${MARIADB_DATABASE:-mysql}" --binary-mode
}

read_settings() {
	setting MARIADB_ROOT_PASSWORD; setting MARIADB_ROOT_HOST '%'; setting MARIADB_DATABASE
	setting MARIADB_USER; setting MARIADB_PASSWORD; setting MARIADB_RANDOM_ROOT_PASSWORD; setting MARIADB_ALLOW_EMPTY_ROOT_PASSWORD
}

check_settings() {
	if [ -z "$MARIADB_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" ]; then
		fail "the database is not initialised and no password is given: set MARIADB_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD_FILE" \
			"(or MARIADB_RANDOM_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD)"
	fi
	if [ "$MARIADB_USER" = root ]; then
		fail "MARIADB_USER=root: root is always there; set MARIADB_ROOT_PASSWORD instead"
	fi
	if [ -n "$MARIADB_USER" ] && [ -z "$MARIADB_PASSWORD" ]; then
		fail "MARIADB_USER is set and MARIADB_PASSWORD is not"
	fi
	if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
		MARIADB_ROOT_PASSWORD=$(pwgen --secure 32 1) # not printed: the official image prints it
	fi
}

initialise() {
	check_settings
	if [ -e "$unfinished" ]; then
		log "an earlier initialisation was interrupted: starting again"
		find "$datadir" -mindepth 1 ! -path "$unfinished" -delete
	fi
	touch "$unfinished"
	log "initialising the database"
	mariadb-install-db --datadir="$datadir" --auth-root-authentication-method=normal --skip-test-db --cross-bootstrap \
		--default-time-zone=SYSTEM --skip-log-bin >/dev/null
	mariadbd "${@:2}" "${alone[@]}" --skip-log-bin --expire-logs-days=0 &
	local server=$!
	wait_for_server "$server"
	accounts | sql
	run_initdb_files
	echo "SET SESSION sql_log_bin = 0; ALTER USER root@localhost IDENTIFIED BY '$(quoted "$MARIADB_ROOT_PASSWORD")';" | sql
	kill -TERM "$server"
	wait "$server" || fail "the temporary server ended with an error: its messages are above"
	sync
	rm "$unfinished"
	log "initialisation finished"
}

# Whether the system tables are of an older release; `mariadb-upgrade` notes for which one it was run last.
needs_upgrade() {
	noted=$(cat "$datadir/mariadb_upgrade_info" 2>/dev/null || cat "$datadir/mysql_upgrade_info" 2>/dev/null || true)
	local release
	release=$(mariadbd --no-defaults --version)
	release=${release#*Ver }
	[ "$(minor "$noted")" != "$(minor "$release")" ] && printf '%s\n' "$(minor "$noted")" "$(minor "$release")" | sort --version-sort --check=quiet
}

# 10.11 of 10.11.6-MariaDB-1
minor() { cut --delimiter=. --fields=1,2 <<<"$1"; }

upgrade() {
	if [ "${MARIADB_AUTO_UPGRADE:-0}" = 0 ]; then
		log "the system tables need mariadb-upgrade, which MARIADB_AUTO_UPGRADE does not ask for"
		return
	fi
	log "upgrading the system tables, of ${noted:-an unknown release}"
	mariadbd "${@:2}" "${alone[@]}" --skip-grant-tables &
	local server=$!
	wait_for_server "$server"
	if [ "${MARIADB_DISABLE_UPGRADE_BACKUP:-0}" = 0 ]; then
		(umask 077; mariadb-dump --no-defaults --skip-ssl --socket="$socket" --user=root --skip-lock-tables --replace --databases mysql |
			gzip >"$datadir/system_mysql_backup_${noted:-unknown}.sql.gz")
	fi
	mariadb-upgrade --no-defaults --skip-ssl --socket="$socket" --user=root --upgrade-system-tables >/dev/null
	kill -TERM "$server"
	wait "$server" || fail "the temporary server ended with an error: its messages are above"
	log "upgrade finished"
}

if [ "${1:0:1}" = - ]; then set -- mariadbd "$@"; fi
if [ "$1" = mysqld ]; then set -- mariadbd "${@:2}"; fi
[ "$1" = mariadbd ] || exec "$@"
for argument in "$@"; do
	case "$argument" in --help | -'?' | --version | -V | --print-defaults) exec "$@" ;; esac
done
if [ "$(id --user)" = 0 ]; then
	find "$datadir" /run/mysqld \! -user mysql -exec chown mysql: '{}' +
	exec gosu mysql "$BASH_SOURCE" "$@"
fi
read_settings
if [ -e "$unfinished" ] || [ ! -d "$datadir/mysql" ]; then
	initialise "$@"
elif needs_upgrade; then
	upgrade "$@"
fi
exec "$@"
