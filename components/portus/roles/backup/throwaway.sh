# A database for a drill: in a container that has the live one's image, with no network, for as long as the drill runs.
#
# Its files are encrypted with a key that is in memory alone, so that what a kill leaves on the disk can be read by
# nobody (MariaDB: "Data-at-Rest Encryption", its plugin file_key_management; the thread encrypts the system tablespace).
room="$work/drill" room_in_memory=/tmp/drill

sql_there() { mariadb --no-defaults --socket="$room_in_memory/socket" --batch --skip-column-names "$@" drill; }

# What this or an earlier drill left.
throw_away() {
    local left
    left=$(cat "$room_in_memory/process" 2> /dev/null) || left=
    if [ -n "$left" ] && [ "$(cat "/proc/$left/comm" 2> /dev/null)" = mariadbd ]; then
        kill -KILL "$left"
        while [ -e "/proc/$left/exe" ]; do sleep 0.1; done
    fi
    rm -rf "$room" "$room_in_memory"
}

start_throwaway() {
    local options user=()
    [ "$(id -u)" != 0 ] || user=(--user=root)  # which MariaDB wants to be told
    mkdir -p "$room/data" "$room_in_memory"
    printf '1;%s\n' "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" > "$room_in_memory/key"
    options=(
        "${user[@]}" --datadir="$room/data" --tmpdir="$room"
        --plugin-load-add=file_key_management --file-key-management-filename="$room_in_memory/key"
        --innodb-encrypt-tables=FORCE --innodb-encrypt-log=ON --innodb-encrypt-temporary-tables=ON
        --innodb-encryption-threads=1 --aria-encrypt-tables=ON --encrypt-tmp-files=ON
        --innodb-buffer-pool-size=16M --innodb-log-buffer-size=2M --innodb-log-file-size=16M
        --innodb-doublewrite=OFF --innodb-flush-log-at-trx-commit=0
    )
    mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db "${options[@]}" \
        > "$room_in_memory/log" 2>&1 9>&- || { cat "$room_in_memory/log" >&2; return 1; }
    mariadbd --no-defaults "${options[@]}" --skip-networking --skip-grant-tables --skip-log-bin \
        --socket="$room_in_memory/socket" --pid-file="$room_in_memory/pid" --performance-schema=OFF \
        --key-buffer-size=1M --aria-pagecache-buffer-size=1M --max-allowed-packet=1G \
        > "$room_in_memory/log" 2>&1 9>&- &
    local process=$!
    disown "$process"
    echo "$process" > "$room_in_memory/process"
    until mariadb-admin --no-defaults --socket="$room_in_memory/socket" --silent ping > /dev/null 2>&1; do
        kill -0 "$process" 2> /dev/null || { cat "$room_in_memory/log" >&2; return 1; }
        sleep 0.2
    done
    mariadb --no-defaults --socket="$room_in_memory/socket" --execute 'CREATE DATABASE drill CHARACTER SET utf8'
}
