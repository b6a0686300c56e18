# Opens the repository, or makes it, and backs up and drills whenever the schedules say so.
. "${0%/*}/library.sh"
trap 'exit 0' TERM INT

open_repository() {
    local answer
    if answer=$(restic cat config 2>&1 > /dev/null); then
        report repository ours
    elif [[ $answer == *'wrong password'* ]]; then
        report repository foreign
        say 'the repository has another password: it belongs to an earlier deployment, which `restore --kit FILE` takes over'
    elif [[ $answer == *'Is there a repository at'* || $answer == *'repository does not exist'* ]]; then
        restic init --quiet && report repository ours
    else
        say "the repository cannot be opened: $answer"
        return 1
    fi
}

# Since when WHAT (backup, drill) has waited by a schedule with this longest pause, for those who tell what is overdue.
report_waiting() {
    local what=$1 pause="${1}_pause" file="$work/$1-waiting"
    if [ -z "${!pause}" ]; then
        rm -f "$file"
        return
    fi
    [ "$(cat "$file" 2> /dev/null)" = "${!pause}" ] || printf '%s' "${!pause}" > "$file"
    report "${what}_pause" "${!pause}"
    report "${what}_waiting" "$(date --reference="$file" '+%FT%TZ')"
}

listed() { [[ ,${!1}, == *,$2,* ]]; }

# Whether WHAT (backup, drill) is due in the minute of a MOMENT, seconds since 1970.
due() {
    local what=$1 now_fields minute hour day month weekday both_days="${1}_both_days"
    printf -v now_fields '%(%-M %-H %-d %-m %w)T' "$2"
    read -r minute hour day month weekday <<< "$now_fields"
    listed "${what}_minutes" "$minute" && listed "${what}_hours" "$hour" && listed "${what}_months" "$month" || return 1
    if [ "${!both_days}" = yes ]; then
        listed "${what}_days" "$day" && listed "${what}_weekdays" "$weekday"
    else
        listed "${what}_days" "$day" || listed "${what}_weekdays" "$weekday"
    fi
}

# What became due since the last look, up to a MINUTE, counted since 1970: sets backup and drill to yes or no. Minutes that
# passed while one of the two ran are looked at, too, so that a long backup lets no drill out; after more than a day, or
# a clock that was set back, it begins anew.
look() {
    backup=no drill=no
    ((looked_at >= $1 - 1440 && looked_at <= $1)) || looked_at=$(($1 - 1))
    while ((looked_at < $1)); do
        looked_at=$((looked_at + 1))
        ! due backup $((looked_at * 60)) || backup=yes
        ! due drill $((looked_at * 60)) || drill=yes
    done
}

until open_repository; do
    sleep 10 & wait $!
done
[ "$(cat /tmp/report/repository)" = foreign ] || report succeeded "$(times complete | tail -n 1)"
report_waiting backup
report_waiting drill
rm -rf "$work/drill"  # of one that was killed
[ ! -f "$work/drilled" ] || cp "$work/drilled" /tmp/report/drilled
touch /tmp/ready
say "ready; $(now)"
looked_at=$((EPOCHSECONDS / 60))
while :; do
    sleep $((60 - EPOCHSECONDS % 60)) & wait $!
    look $((EPOCHSECONDS / 60))
    if [ "$backup" = yes ]; then
        bash "${0%/*}/backup.sh" & wait $! || say 'this backup failed; the next one is made by the schedule'
    fi
    if [ "$drill" = yes ] && [ -s /tmp/report/succeeded ]; then
        bash "${0%/*}/drill.sh" & wait $! || say 'this drill failed; the next one comes by the schedule'
    fi
done
