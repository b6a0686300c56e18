# One backup: the database first, the layers after it, so that what the dump names is there. Both snapshots have the same
# time, and the tag `complete` when both are whole; what an earlier run left unfinished is forgotten. With `--keep-all`
# no backup is: one that is about to be restored may be the oldest.
. "${0%/*}/library.sh"
step='opening the repository'
ended() {
    local code=$?
    [ "$code" = 0 ] || { report failed "$(now) $step"; say "failed while $step (exit code $code)"; }
}
trap ended EXIT
refuse_foreign
alone
at=$(date '+%F %T')

keep() { restic backup --quiet --host "$name" --time "$at" --tag unfinished "$@"; }

# From within, so that they can be put back wherever they are then. Uploads that are not done are no layers yet.
keep_layers() { (cd "$layers" && keep --exclude _uploads .); }

forget_unfinished() {
    local unfinished
    unfinished=$(ids unfinished "$@")
    [ -z "$unfinished" ] || restic forget --quiet $unfinished
}

step='forgetting what was left unfinished'
forget_unfinished
step='counting what is in the database'
counted=$(counts sql)
step='reading the database'
mariadb-dump --defaults-file="$here/database.cnf" --single-transaction --quick --hex-blob --routines \
    --default-character-set=utf8mb4 --ignore-table="$database.portus_stack_restore" "$database" |
    keep --stdin --stdin-filename portus.sql
counted_after=$(counts sql)  # the dump's own rows are between the two, whatever is pushed meanwhile
if [ -n "$layers" ]; then
    step='reading the layers'
    code=0
    keep_layers || code=$?
    if [ "$code" = 3 ]; then  # restic could not read all that it had listed
        say 'something was deleted meanwhile; reading once more'
        forget_unfinished --path "$layers"
        code=0
        keep_layers || code=$?
    fi
    [ "$code" = 0 ] || exit "$code"
fi
tags=(--set complete)
while read -r table rows; do tags+=(--set "$table=$rows"); done <<< "$counted"
while read -r table rows; do tags+=(--set "${table}_after=$rows"); done <<< "$counted_after"
restic tag --quiet --tag unfinished "${tags[@]}"
report succeeded "$(date --date="$at" '+%FT%TZ')"

step='forgetting the oldest backups'
keep_options=(--keep-within 1d)
for period in daily weekly monthly; do
    count="keep_$period"
    [ "${!count}" = 0 ] || keep_options+=("--keep-$period" "${!count}")
done
if [ "${1:-}" != --keep-all ]; then
    restic forget --quiet --host "$name" --tag complete --group-by host,paths "${keep_options[@]}" --prune
fi
step='verifying the repository'
if [ "$verify_percent" = 0 ]; then
    restic check --quiet
else
    restic check --quiet --read-data-subset "$verify_percent%"
fi
rm -f /tmp/report/failed
say "done: $at; $(tr '\n\t' ', ' <<< "$counted")"
