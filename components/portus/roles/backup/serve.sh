# Opens the repository, or makes it, and backs up whenever the schedule says so.
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

listed() { [[ ,$1, == *,$2,* ]]; }

due() {
    local minute hour day month weekday
    read -r minute hour day month weekday < <(date '+%-M %-H %-d %-m %w')
    listed "$minutes" "$minute" && listed "$hours" "$hour" && listed "$months" "$month" || return 1
    if [ "$both_days" = yes ]; then
        listed "$days" "$day" && listed "$weekdays" "$weekday"
    else
        listed "$days" "$day" || listed "$weekdays" "$weekday"
    fi
}

until open_repository; do
    sleep 10 & wait $!
done
[ "$(cat /tmp/report/repository)" = foreign ] || report succeeded "$(times complete | tail -n 1)"
touch /tmp/ready
say "ready; $(now)"
while :; do
    sleep $((60 - 10#$(date +%S))) & wait $!
    due || continue
    bash "${0%/*}/backup.sh" & wait $! || say 'this backup failed; the next one is made by the schedule'
done
