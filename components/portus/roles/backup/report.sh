# What became of backups, `KEY VALUE` a line.
cd /tmp/report
for key in *; do
    [ ! -f "$key" ] || printf '%s %s\n' "$key" "$(cat "$key")"
done
