# What is in the database now, `TABLE ROWS` a line. `foreign`: repositories that are not the smoke check's.
. "${0%/*}/library.sh"
counts sql
sql --execute "SELECT 'foreign', COUNT(*) FROM repositories JOIN namespaces ON namespaces.id = namespace_id
    WHERE namespaces.name NOT LIKE 'portus\\_stack\\_smoke\\_check%'"
