# A drill: whether the newest backup can be put back. Its dump goes into a throw-away database, whose rows are counted;
# every manifest that Portus names there, and what these name in turn, is looked for among the layers; manifests and some
# layers, drawn at random, are read and compared with their names, which are their SHA-256. Prints `TABLE BACKUP RESTORED`
# a line. The live database and the registry's layers are not touched.
. "${0%/*}/library.sh"
. "${0%/*}/throwaway.sh"
export LC_ALL=C GOMEMLIMIT="$drill_heap"
step='opening the repository' problem='' snapshot='-' at=$(now)
blobs=/docker/registry/v2/blobs/sha256

# What is told afterwards: tell succeeded|failed WORDS. It outlives the container, so that its age is known.
tell() {
    local line="$1 $at $snapshot $2"
    report drilled "$line"
    printf '%s' "$line" > "$work/drilled"
}

ended() {
    local code=$?
    cd /
    throw_away
    [ "$code" != 0 ] || return 0
    problem=${problem:-failed while $step (exit code $code)}
    say "$problem"
    tell failed "$problem"
}

wrong() { problem=$1; exit 1; }

next_step() { step=$1; say "$1"; }

# Whole backups' snapshots of a path, as restic's JSON, one a line, the newest first.
whole() {
    restic snapshots --json --host "$name" --tag complete --path "$1" | sed 's/^\[//; s/},{/}\n{/g' | sort --reverse
}

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

# The newest backup of which all parts are there.
choose() {
    local dumps of_layers=''
    dumps=$(whole /portus.sql)
    [ -z "$layers" ] || of_layers=$(whole "$layers")
    while read -r dump; do
        made_at=$(field time <<< "$dump")
        source_of_layers=$(sed -n "/\"time\":\"$made_at\"/p" <<< "$of_layers" | field short_id)
        if [ -n "$made_at" ] && { [ -z "$layers" ] || [ -n "$source_of_layers" ]; }; then
            snapshot=$(field short_id <<< "$dump")
            return
        fi
    done <<< "$dumps"
    wrong 'there is no whole backup'
}

# The number of a tag of the dump's snapshot, such as users=4.
told() { grep -o "\"$1=[0-9]*\"" <<< "$dump" | tr -dc 0-9 || true; }

compare_counts() {
    local table rows before after differing='' restored
    restored=$(counts sql_there)
    while read -r table rows; do
        before=$(told "$table") after=$(told "${table}_after")
        after=${after:-$before}
        printf '%s\t%s\t%s\n' "$table" "$before" "$rows"
        # Whichever of the two is larger: something may have been deleted while the dump was made.
        ((before <= rows && rows <= after || after <= rows && rows <= before)) || differing+=" $table"
    done <<< "$restored"
    [ -z "$differing" ] || wrong "the dump holds other numbers of rows than were counted when it was made:$differing"
}

# `REPOSITORY DIGEST` of every manifest that Portus names.
named() {
    sql_there --execute "SELECT DISTINCT CONCAT(IF(namespaces.\`global\`, '', CONCAT(namespaces.name, '/')),
        repositories.name, ' ', SUBSTRING(tags.digest, 8)) FROM tags JOIN repositories ON repositories.id = repository_id
        JOIN namespaces ON namespaces.id = namespace_id WHERE tags.digest LIKE 'sha256:%'"
}

# For a message: how many lines a file has, and the first three of them.
some() { printf '%s: %s' "$(wc -l < "$1")" "$(head -n 3 "$1" | paste --serial --delimiters=, | sed 's/,/, /g')"; }

# Those whose name is a digest in the file `wanted`, many at a time: each call of restic reads its index anew.
restore_manifests() {
    local batch digest includes
    while mapfile -t -n 200 -u 3 batch && [ "${#batch[@]}" != 0 ]; do
        includes=()
        for digest in "${batch[@]}"; do includes+=(--include "$blobs/${digest:0:2}/$digest/data"); done
        restic restore --quiet --target "$room/read" "${includes[@]}" "$source_of_layers" > /dev/null
    done 3< wanted
}

# Digests in the manifests that were just read. What a manifest may name without its being there is left out: layers of
# others, and the subject of an attached one.
references() {
    find "read$blobs" -name data -exec sed -sznE '/"subject"|foreign|nondistributable/!p' {} + | tr ',{}' '\n' |
        sed -nE 's/.*"(digest|blobSum)"[[:space:]]*:[[:space:]]*"sha256:([0-9a-f]{64})".*/\2/p' | sort -u
}

# Manifests that Portus names, then those that these name: an index of several platforms has one for each.
read_manifests() {
    : > read-manifests; : > referenced
    cut -d ' ' -f 2 named | sort -u > wanted
    while [ -s wanted ]; do
        comm -23 wanted blobs > lost
        [ ! -s lost ] || wrong "manifests that Portus names are not in the backup, $(some lost)"
        restore_manifests
        (cd "read$blobs" && find . -name data -exec sha256sum {} +) | sed '\,^\([0-9a-f]*\)  \./../\1/data$,d' > differing
        [ ! -s differing ] || wrong "manifests are not what their names say, $(some differing)"
        references > found
        comm -23 found blobs > lost
        [ ! -s lost ] ||
            wrong "layers of Portus' images are not in the backup, $(some lost) (of $(users_of_lost))"
        sort -u -o referenced referenced found
        sort -u -o read-manifests read-manifests wanted
        rm -rf read
        comm -12 referenced manifests | comm -23 - read-manifests > wanted
    done
}

# The repositories whose manifests name the first digest in `lost`.
users_of_lost() {
    { grep -rl "$(head -n 1 lost)" read || true; } | sed -E 's,.*/([0-9a-f]{64})/data$,\1,' | grep -F -f - named |
        cut -d ' ' -f 1 | sort -u | paste --serial --delimiters=,
}

read_layers() {
    local digest found
    comm -23 referenced manifests | shuf -n "$drill_layers" > drawn
    while read -r digest; do
        found=$(restic dump "$source_of_layers" "$blobs/${digest:0:2}/$digest/data" < /dev/null | sha256sum)
        [ "${found%% *}" = "$digest" ] || wrong "the layer sha256:$digest is not what its name says"
    done < drawn
}

refuse_foreign
alone
trap ended EXIT
throw_away
choose
say "trying $snapshot of $made_at"
next_step 'starting a throw-away database'
start_throwaway
cd "$room"
next_step 'reading the dump'
restic dump "$snapshot" /portus.sql | sed "\$w $room/last-line" | sql_there
[[ $(cat last-line) == '-- Dump completed'* ]] || wrong 'the dump is not whole'
next_step 'counting rows'
compare_counts
if [ -z "$layers" ]; then
    tell succeeded 'database only'
    exit 0
fi
next_step 'looking for the manifests that Portus names'
named | sort -u > named
restic ls "$source_of_layers" > listed
sed -nE 's,^/docker/registry/v2/repositories/(.*)/_manifests/revisions/sha256/([0-9a-f]{64})/link$,\1 \2,p' listed |
    sort -u > revisions
cut -d ' ' -f 2 revisions | sort -u > manifests
sed -nE "s,^$blobs/../([0-9a-f]{64})/data\$,\\1,p" listed | sort -u > blobs
comm -23 named revisions > lost
[ ! -s lost ] || wrong "manifests that Portus names are not in the backup, $(some lost)"
next_step 'reading the manifests'
read_manifests
next_step "reading $drill_layers layers, drawn at random"
read_layers
say "manifests read: $(wc -l < read-manifests), layers: $(wc -l < drawn)"
tell succeeded "manifests read: $(wc -l < read-manifests), layers: $(wc -l < drawn)"
