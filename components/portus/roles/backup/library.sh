# What the other scripts share: settings, programs, one at a time, and the report.
set -euo pipefail
shopt -s inherit_errexit
umask 077
here=/etc/portus-stack
# shellcheck source=/dev/null
. "$here/backup.conf"

mkdir -p "$work/tmp" "$work/cache" /tmp/report
export RESTIC_REPOSITORY="$repository" RESTIC_PASSWORD_FILE="$here/repository-password" RESTIC_CACHE_DIR="$work/cache"
export TMPDIR="$work/tmp"  # for restic's packs, which are encrypted by then; /tmp is memory

restic() { "$restic_program" ${ca:+--cacert "$ca"} "$@"; }
sql() { mariadb --defaults-file="$here/database.cnf" --batch --skip-column-names "$@" "$database"; }
say() { echo "backup: $*" >&2; }
now() { date '+%FT%TZ'; }

# Rows of Portus' tables, `TABLE ROWS` a line: counts ASK, of the database that the function ASK asks.
counts() {
    local table
    for table in users teams namespaces repositories tags; do
        "$1" --execute "SELECT '$table', COUNT(*) FROM $table"
    done
}

# One word of what became of backups, for `make status`: report KEY VALUE.
report() { printf '%s' "$2" > "/tmp/report/$1"; }

# An earlier deployment's repository is left alone until its recovery kit comes.
refuse_foreign() {
    [ "$(cat /tmp/report/repository 2> /dev/null)" != foreign ] ||
        { say 'the repository belongs to another deployment'; exit 1; }
}

# Backup, drill and restore never run at the same time. Whoever has the lock is the only user of the repository, so what a
# process that was killed left locked there is free.
alone() {
    exec 9> /tmp/lock
    flock --nonblock 9 || { say 'waiting for another one to end'; flock 9; }
    restic unlock --quiet --remove-all
}

# Ids of the snapshots with a tag, one a line; further options choose among them.
ids() { restic snapshots --json --host "$name" --tag "$@" | grep -o '"short_id":"[0-9a-f]*"' | cut -d '"' -f 4 || true; }

# Times of the snapshots with a tag, one a line, in RFC 3339.
times() { restic snapshots --json --host "$name" --tag "$1" | grep -o '"time":"[^"]*"' | cut -d '"' -f 4 | sort || true; }
