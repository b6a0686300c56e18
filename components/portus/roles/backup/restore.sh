# Puts a backup back: restore.sh DATABASE-SNAPSHOT [LAYERS-SNAPSHOT]. Nobody else uses database and layers meanwhile.
# It can be run again wherever it ended.
#
# Portus' hidden user keeps the password that this deployment gave it, and is remembered in a table of its own until the
# end: between two runs the database may hold somebody else's.
. "${0%/*}/library.sh"
alone
source_of_database=$1 source_of_layers=${2:-}

say 'reading the dump through, before anything is touched'
restic dump "$source_of_database" /portus.sql | tail -n 1 | grep -q '^-- Dump completed' ||
    { say 'the dump is not whole: choose another backup'; exit 1; }

tables() {
    sql --execute "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
        AND table_type = 'BASE TABLE' AND table_name <> 'portus_stack_restore'"
}

if [ -n "$(sql --execute "SHOW TABLES LIKE 'users'")" ]; then
    sql --execute "CREATE TABLE IF NOT EXISTS portus_stack_restore
        AS SELECT username, encrypted_password FROM users WHERE username = '$hidden_user'"
fi
say 'database'
{
    echo 'SET FOREIGN_KEY_CHECKS = 0;'
    tables | sed 's/.*/DROP TABLE `&`;/'
} | sql
restic dump "$source_of_database" /portus.sql | sql
if [ -n "$(sql --execute "SHOW TABLES LIKE 'portus_stack_restore'")" ]; then
    sql --execute "UPDATE users JOIN portus_stack_restore USING (username)
        SET users.encrypted_password = portus_stack_restore.encrypted_password"
fi

if [ -n "$source_of_layers" ]; then
    say 'layers'
    rm -rf "$layers/docker/registry/v2/repositories"  # what was pushed since; the layers themselves may stay
    restic restore --quiet --verify --target "$layers" "$source_of_layers"
fi
sql --execute 'DROP TABLE IF EXISTS portus_stack_restore'
say 'restored'
