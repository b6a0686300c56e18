# shellcheck shell=bash
# Functions of toolchain/env and its neighbours. Bash 3.2.

fail() {
    echo "toolchain: error: $*" >&2
    exit 1
}

# A command of the installer, run by the machine's own Python, which leaves no compiled files in the checkout.
run_installer() {  # run_installer COMMAND [ARGUMENT…]; $here is the toolchain's folder
    local python
    python=$(find_python)
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/..${PYTHONPATH:+:$PYTHONPATH}" "$python" -m toolchain.install "$@"
}

# The key of a note: a hash of the toolchain's sources, the lock files, and what the user asked for.
toolchain_key() {  # toolchain_key TOOLCHAIN_FOLDER
    {
        (cd "$1/.." && find toolchain lab/engine requirements.txt requirements-test.txt -type f ! -name '*.pyc' -print0 |
            LC_ALL=C sort -z | xargs -0 cat)
        echo "${TOOLCHAIN:-auto} ${PROVIDERS:-} ${test_packages:-} ${tools:-}"
        case ${PROVIDERS:-} in
            '' | official) ;;
            *) ls -lLd "$PROVIDERS"/resource-*/* "$PROVIDERS"/plugins/resource-*/* 2>/dev/null || true ;;
        esac
    } | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-16
}

# Whether a note is there and all that it speaks of still is.
note_holds() {  # note_holds NOTE
    [ -f "$1" ] && [ -O "$1" ] || return 1
    local word value
    while read -r word value; do
        if [ "$word" = check ] && [ ! -e "$value" ]; then return 1; fi
    done < "$1"
}

# A Python that can run the installer, installed with apt-get where there is none and we may.
find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v python3 >/dev/null; then
        echo "toolchain: installing python3 with apt-get" >&2
        { apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 install -y -qq --no-install-recommends python3 python3-venv \
                ca-certificates; } >/dev/null || fail "could not install python3 (see above)"
        find_python
        return
    fi
    fail "Python 3.10 or newer is needed (Debian: sudo apt-get install python3 python3-venv), then run this again"
}

# The state folder: readable by its owner only, with a passphrase made once.
prepare_state() {  # prepare_state STATE
    local state=$1 passphrase=$1/passphrase draft
    (umask 077 && mkdir -p "$state/backend") || fail "could not make the state folder $state"
    [ -O "$state" ] || fail "the state folder $state belongs to somebody else; set PORTUS_STACK_STATE to one of your own"
    chmod 700 "$state"
    [ -s "$passphrase" ] && return
    if ls "$state"/backend/.pulumi/stacks/*/*.json >/dev/null 2>&1; then
        fail "$state has stacks but its passphrase is gone: put the file $passphrase back from your backup"
    fi
    # ln is atomic: of two shells that start at once, both end up with the passphrase of one.
    draft=$(mktemp "$passphrase.XXXXXX") || fail "could not write into $state"
    head -c 32 /dev/urandom | base64 > "$draft"
    ln "$draft" "$passphrase" 2>/dev/null || true
    rm -f "$draft"
    [ -s "$passphrase" ] || fail "could not write $passphrase"
}

# A value for a shell, in single quotes.
quoted() {
    printf "'"
    printf '%s' "$1" | sed "s/'/'\\\\''/g"
    printf "'"
}

# The export lines of a note and a state folder.
print_exports() {  # print_exports NOTE STATE
    local word value name new_path=
    while read -r word value; do
        case $word in
            path) new_path=$new_path$value: ;;
            set) name=${value%% *} && echo "export $name=$(quoted "${value#* }")" ;;
        esac
    done < "$1"
    echo "export PATH=$(quoted "$new_path$(path_without_tools)")"
    echo "export PORTUS_STACK_STATE=$(quoted "$2")"
    echo "export PULUMI_BACKEND_URL=$(quoted "file://$2/backend")"
    echo "export PULUMI_CONFIG_PASSPHRASE_FILE=$(quoted "$2/passphrase")"
    if [ -n "${PULUMI_CONFIG_PASSPHRASE:-}" ]; then
        echo "toolchain: PULUMI_CONFIG_PASSPHRASE is set and goes before the passphrase file; unset it unless you mean it" >&2
    fi
}

# PATH without what an earlier eval put there.
path_without_tools() {
    local entry result= IFS=:
    for entry in $PATH; do
        case $entry in "$tools"/*) ;; *) result=$result${result:+:}$entry ;; esac
    done
    echo "$result"
}
