# Sets up what the two entry scripts need. Sourced, not run: POSIX sh.
#
# Before sourcing: here = the checkout. Call: prepare LOCKFILE NAME
# After it: $python is the interpreter to use. All talk goes to stderr.

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "garrison: $1"
    [ -z "${2:-}" ] || say "  $2"
    exit 3
}

# Python 3.11 or later, the newest that is on PATH.
find_python() {
    for candidate in "${GARRISON_PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        found=$(command -v "$candidate" 2>/dev/null) || continue
        if "$found" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            base_python=$found
            return 0
        fi
    done
    stop "setting up failed: no Python 3.11 or later was found." \
         "On Debian or Ubuntu: apt install python3. Or name one with GARRISON_PYTHON=/path/to/python3."
}

# The environment is ours to use when it is ours, complete, and made from this lock.
is_ready() {
    [ -O "$venv" ] && [ -x "$venv/bin/python" ] && cmp -s "$here/$1" "$venv/installed-$1" \
        && [ "$(cat "$venv/source" 2>/dev/null)" = "$here" ]
}

# In the checkout when we may write there, else in the cache of whoever calls.
choose_venv() {
    venv=$here/.venv
    if [ -e "$venv" ]; then
        [ -O "$venv" ] && [ -w "$venv" ] && return 0
    elif [ -w "$here" ] && [ -O "$here" ]; then
        return 0
    fi
    cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}
    [ "$cache" != /.cache ] || cache=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)/.cache
    venv=$cache/garrison/venv-$(printf '%s' "$here" | cksum | cut -d' ' -f1)
}

# One step of the set-up, its words kept and shown only when it fails.
step() {
    title=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        say "garrison: setting up failed at: $title"
        sed 's/^/  | /' "$log" | tail -n 15 >&2
        case $(cat "$log") in
            *"No space left"*) say "  The disk is full: free some space and run this again." ;;
            *"NewConnectionError"* | *"Temporary failure in name resolution"* | *"Could not fetch"* | *"No matching distribution"*)
                say "  The Python packages could not be fetched: check the connection to the internet, then run this again." ;;
            *"No module named"*venv*) say "  On Debian or Ubuntu: apt install python3" ;;
            *) say "  Mend what is said above, then run this again: nothing half-made is used." ;;
        esac
        rm -rf "$fresh" "$log"
        exit 3
    fi
}

install_packages() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$fresh/bin/python" --require-hashes -r "$here/$1" && return 0
        say "uv could not do it; trying pip"
    fi
    # pip's own wheel runs as it is, so that a Python without pip or ensurepip is enough.
    for wheel in "$here"/packaging/pip-*-py3-none-any.whl; do :; done
    "$fresh/bin/python" -I "$wheel/pip" install --quiet --no-input \
        --disable-pip-version-check --no-warn-script-location --only-binary :all: --require-hashes -r "$here/$1"
}

# The code is used where it stands; compiled files go beside the environment when the checkout can't take them.
link_source() {
    site=$("$fresh/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$here/src" >"$site/garrison-source.pth"
    printf '%s' "$here" >"$fresh/source"
    cp "$here/requirements.lock" "$fresh/installed-requirements.lock"
    cp "$here/$1" "$fresh/installed-$1" # the developers' lock holds the product's, version for version
}

make_venv() {
    find_python
    fresh=$venv.new.$$
    log=$venv.log.$$
    mkdir -p "$(dirname "$venv")" 2>/dev/null \
        || stop "setting up failed: $(dirname "$venv") cannot be made." "Set XDG_CACHE_HOME to a folder that can be written."
    trap 'rm -rf "$fresh" "$log"' EXIT INT TERM
    say "Setting up Garrison in $venv (once, about 30 MB to fetch) ..."
    step "making a Python environment with $base_python" "$base_python" -I -m venv --without-pip "$fresh"
    step "installing the Python packages of $1" install_packages "$1"
    step "pointing the environment at $here/src" link_source "$1"
    # Moved into place whole: a set-up that was killed half-way leaves nothing that looks ready.
    rm -rf "$venv"
    mv "$fresh" "$venv"
    rm -f "$log"
    trap - EXIT INT TERM
}

prepare() {
    choose_venv
    is_ready "$1" || make_venv "$1"
    python=$venv/bin/python
    case $venv in
        "$here"/*) pycache= ;;
        *) pycache=$venv/pycache ;;
    esac
}
