# Gives the repository of an earlier deployment this deployment's password, too. Its own comes as a line on standard input.
. "${0%/*}/library.sh"
read -r earlier
printf '%s' "$earlier" > /tmp/earlier-password
trap 'rm -f /tmp/earlier-password' EXIT
if ! restic cat config > /dev/null 2>&1; then
    RESTIC_PASSWORD_FILE=/tmp/earlier-password "$restic_program" ${ca:+--cacert "$ca"} key add --quiet \
        --new-password-file "$here/repository-password"
fi
restic cat config > /dev/null
report repository ours
report succeeded "$(times complete | tail -n 1)"
