# shellcheck shell=sh disable=SC3067,SC2034,SC2154 # test -O; variables that come from and go to the scripts
# Sets up what the two entry scripts need. Sourced, not run. POSIX sh, and `test -O`, which every sh of Linux has.
#
# Before sourcing: here = the checkout. Call: prepare LOCKFILE
# After it: $python is the interpreter to use. All talk goes to stderr.

line_break='
'

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "garrison: setting up failed: $1"
    [ -z "${2:-}" ] || say "  $2"
    exit 3
}

prepare() {
    lock=$1
    case $here in
        *"$line_break"*) stop "the path of this checkout has a line break in it." "Move it to another folder." ;;
    esac
    choose_venv
    is_ready || set_up
    python=$venv/bin/python
    case $venv in
        "$here"/*) pycache= ;;
        *) pycache=$venv/pycache ;; # compiled files go beside the environment where the checkout is not ours to fill
    esac
}

# In the checkout when it is ours and can be written, else in the cache of whoever calls: what another account could
# have made or changed is never run.
choose_venv() {
    venv=$here/.venv
    if [ -O "$here/" ]; then
        if is_ready; then return 0; fi # also in a checkout that is read-only now
        if [ -w "$here/" ] && { [ -O "$venv" ] || [ ! -e "$venv" ]; }; then return 0; fi
    fi
    choose_cache
    venv=$cache/garrison/venv-$(printf '%s' "$here" | cksum | cut -d' ' -f1)
}

choose_cache() {
    for cache in "${XDG_CACHE_HOME:-}" "${HOME:-}/.cache" "$(account_home)/.cache"; do
        case $cache in
            /.cache | [!/]* | "") continue ;;
        esac
        if [ -O "$cache" ] || { [ ! -e "$cache" ] && [ -O "${cache%/*}/" ]; }; then return 0; fi
    done
    stop "neither $here nor a cache folder is ours to write to." \
        "Set XDG_CACHE_HOME to a folder that belongs to you."
}

account_home() { getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6; }

# The environment is used when it is complete, made from this lock for this checkout, ours, and nobody else may write.
is_ready() {
    [ -O "$venv/" ] && [ -x "$venv/bin/python" ] && [ -r "$venv/source" ] && [ -r "$venv/installed-$lock" ] || return 1
    IFS= read -r source <"$venv/source" || : # it has no line break
    [ "$source" = "$here" ] || return 1
    [ "$(cat "$here/$lock")" = "$(cat "$venv/installed-$lock")" ] || return 1
    case $(stat -L -c %A "$venv" "$venv/bin" "$venv/lib" 2>&1) in
        *d????w* | *d???????w* | *stat:*) return 1 ;;
    esac
}

set_up() {
    mask=$(umask)
    umask 022
    fresh=$venv.new.$$
    trap clean_up EXIT
    trap 'say "garrison: cancelled; nothing half-made is used."; exit 4' INT
    trap 'exit 143' TERM HUP
    find_python
    take_turn
    if ! is_ready; then # else another set-up has done it meanwhile
        make_venv
    fi
    rm -f "$venv.lock"
    exec 9>&-
    trap - EXIT INT TERM HUP
    umask "$mask"
}

clean_up() { rm -rf "$fresh"; }

# Python 3.11 or later with all of its library: python3 if it will do, else the newest on PATH.
find_python() {
    lacks=
    if [ -n "${GARRISON_PYTHON:-}" ]; then
        set -- "$GARRISON_PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11
    fi
    for candidate; do
        found=$(command -v "$candidate" 2>/dev/null) || continue
        # The file itself, not a link that an upgrade points elsewhere: a dangling link is noticed, and set up anew.
        base_python=$("$found" -I -c '
import os, sys
if sys.version_info < (3, 11):
    sys.exit(1)
try:
    import asyncio, bz2, ctypes, lzma, sqlite3, ssl, venv, zlib
except ImportError as error:
    print("lacks", error.name)
    sys.exit(1)
print(os.path.realpath(sys._base_executable))' 2>/dev/null) && return 0  # wrappers complain there, of locales and such
        case $base_python in
            "lacks "*) lacks="${lacks:- $found has no module ${base_python#lacks }.}" ;;
        esac
    done
    if [ -n "${GARRISON_PYTHON:-}" ]; then
        stop "GARRISON_PYTHON=$GARRISON_PYTHON is no complete Python 3.11 or later.$lacks"
    fi
    stop "no complete Python 3.11 or later was found.$lacks" \
        "On Debian or Ubuntu: apt install python3. Or name one with GARRISON_PYTHON=/path/to/python3."
}

# One set-up at a time: the lock is the kernel's, so it ends with whoever holds it, however that ends.
take_turn() {
    folder=${venv%/*}
    why=$(mkdir -p "$folder" 2>&1 && umask 077 && { : >>"$venv.lock"; } 2>&1) \
        || stop "$folder cannot be written (${why##*: })." "Set XDG_CACHE_HOME to a folder that belongs to you."
    [ -O "$folder/" ] || stop "$folder belongs to another account."
    exec 9>>"$venv.lock"
    "$base_python" -I -c '
import fcntl, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another set-up of Garrison is under way; waiting for it ...", file=sys.stderr, flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    sys.exit(1)  # a file system without locks' || return 0
    for left in "$venv".new.[0-9]* "$venv".old.[0-9]*; do # by a set-up that was killed
        rm -rf "$left"
    done
}

make_venv() {
    case $lock in
        requirements.lock) size=35 ;;
        *) size=164 ;;
    esac
    say "Setting up Garrison in $venv (once, about $size MB to fetch):"
    renewed=
    [ ! -e "$venv" ] || renewed=yes
    step "making a Python environment with $base_python" "$base_python" -I -m venv --without-pip "$fresh"
    step "fetching and installing the packages of $lock" install_packages
    step "pointing the environment at $here/src" link_source
    step "trying it" "$fresh/bin/python" -I -B -c "import garrison.daemon.boot, garrison.cli.main"
    step "moving it into place" put_in_place
    [ -z "$renewed" ] || say "A Garrison that runs already goes on with the old packages until: garrison restart"
}

# One step, its words kept and shown only when it fails.
step() {
    title=$1
    shift
    say "  $title ..."
    if said=$(own_surroundings && "$@" 2>&1 </dev/null); then return 0; fi
    say "garrison: setting up failed at: $title"
    printf '%s\n' "$said" | tail -n 8 | cut -c 1-300 | sed 's/^/  | /' >&2
    case $said in
        *"No space left"* | *"Errno 28"* | *"Disk quota"*) say "  The disk is full: free some space and run this again." ;;
        *NewConnectionError* | *"name resolution"* | *"error sending request"* | *"Could not fetch"* | *ConnectTimeout* \
            | *"Network is unreachable"* | *"Connection refused"* | *ReadTimeout* | *ProxyError* | *SSLError*)
            say "  The packages could not be fetched: check the connection to the internet, then run this again." ;;
        *"No matching distribution"*)
            say "  The package index was not reached, or it has no package for this Python ($base_python)." \
                "Another can be named with GARRISON_PYTHON=/path/to/python3." ;;
        *) say "  Mend what is said above, then run this again: nothing half-made is used." ;;
    esac
    exit 3
}

# What a caller's folder or settings for other work would change is left out of the set-up.
own_surroundings() {
    [ -O "${HOME:-/nowhere}" ] || HOME=$(account_home) # root's caches are never in another account's home
    export HOME
    [ -O "${XDG_CACHE_HOME:-/nowhere}" ] || unset XDG_CACHE_HOME
    unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PIP_REQUIREMENT PIP_EDITABLE PIP_DRY_RUN
    cd /
}

install_packages() {
    if command -v uv >/dev/null 2>&1; then
        # The system's certificates, as pip uses them: an office's own authority may stand between.
        UV_NATIVE_TLS=1 UV_SYSTEM_CERTS=1 uv pip install --quiet --link-mode copy --only-binary :all: --python "$fresh/bin/python" \
            --require-hashes -r "$here/$lock" && return 0
        say "uv could not do it; trying pip"
    fi
    # pip's own wheel runs as it is, so that a Python without pip or ensurepip is enough.
    for wheel in "$here"/packaging/pip-*-py3-none-any.whl; do :; done
    "$fresh/bin/python" -I "$wheel/pip" install --quiet --no-input --no-user --disable-pip-version-check \
        --no-warn-script-location --only-binary :all: --require-hashes -r "$here/$lock"
}

# The code is used where it stands. The line that says where is plain ASCII, so that any path works in any locale.
link_source() {
    "$fresh/bin/python" -I -c '
import os, pathlib, sys, sysconfig
here, fresh, venv = map(os.fsencode, sys.argv[1:])
site = pathlib.Path(sysconfig.get_path("purelib"))
line = "import os, sys; sys.path.append(os.fsdecode({!r}))\n".format(here + b"/src")
(site / "garrison-source.pth").write_text(line, "ascii")
for path in [pathlib.Path(sys.prefix, "pyvenv.cfg"), *pathlib.Path(sys.prefix, "bin").iterdir()]:
    content = b"" if path.is_symlink() else path.read_bytes()
    if fresh in content and b"\0" not in content:  # scripts name their interpreter by its path
        path.write_bytes(content.replace(fresh, venv))
' "$here" "$fresh" "$venv" || return 1
    printf '%s' "$here" >"$fresh/source" || return 1
    cp "$here/requirements.lock" "$fresh/installed-requirements.lock" || return 1
    cp "$here/$lock" "$fresh/installed-$lock" # the developers' lock holds the product's, version for version
}

# Moved whole, last of all: a set-up that was killed half-way leaves nothing that looks ready.
put_in_place() {
    if [ -e "$venv" ] || [ -L "$venv" ]; then
        mv "$venv" "$venv.old.$$" || return 1
    fi
    mv "$fresh" "$venv" && rm -rf "$venv.old.$$"
}
