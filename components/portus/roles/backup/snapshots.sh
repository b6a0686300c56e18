# The snapshots of whole backups, as restic's JSON.
. "${0%/*}/library.sh"
restic snapshots --json --host "$name" --tag complete --no-lock
