"""A bare machine, one command, and a first real scan; as root and as an ordinary account."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suite import EICAR
from tests.system.bare import Bare

_WALK = r"""
cp -r /repository "$HOME/a copy"
cd "$HOME/a copy"
mkdir -p "$HOME/Documents"
ends_with() {
    wanted=$1
    shift
    code=0
    "$@" || code=$?
    [ "$code" = "$wanted" ] || { echo "$* ended with $code, not with $wanted"; exit 9; }
}
ends_with 0 ./garrison start
cp /bad.com "$HOME/Documents"
ends_with 101 ./garrison scan --action quarantine "$HOME/Documents/bad.com"
ends_with 0 ./garrison quarantine list
id=$(./garrison quarantine list --json | sed -n 's/.*"id": "\(.*\)".*/\1/p')
ends_with 0 ./garrison quarantine restore "$id"
ends_with 102 ./garrison scan --action report "$HOME/Documents"
./garrison status --json >"$HOME/status.json" || true
ends_with 0 ./garrison stop
ends_with 0 ./garrison uninstall --yes --keep-nothing
[ ! -e .venv ] || { echo ".venv is left"; exit 9; }
[ ! -e "$HOME/.local/state/garrison" ] || { echo "state is left"; exit 9; }
echo "END OF THE WALK"
"""


@pytest.fixture
def bare() -> Iterator[Bare]:
    folder = Path(tempfile.mkdtemp(prefix="garrison-bare-"))
    bare = Bare(folder)
    (bare.changes / "bad.com").write_bytes(EICAR)
    yield bare
    shutil.rmtree(folder)


def _check(said: str) -> None:
    assert "Setting up Garrison in" in said
    assert "Threat: EICAR-Test-File in" in said
    assert "END OF THE WALK" in said


def test_root(bare: Bare) -> None:
    _check(bare.run(f"export HOME=/root\n{_WALK}"))
    assert json.loads((bare.changes / "root" / "status.json").read_text())["colour"] in {"yellow", "green", "red"}


def test_an_ordinary_account(bare: Bare) -> None:
    walk = bare.changes / "walk"
    walk.write_text(f"set -eu\n{_WALK}")
    said = bare.run(
        "/usr/sbin/useradd -m anna; exec setpriv --reuid anna --regid anna --init-groups env HOME=/home/anna sh /walk"
    )
    _check(said)


def test_a_python_without_its_library_is_told_of(bare: Bare) -> None:
    said = bare.run("rm -r /usr/lib/python3.11/venv; cd /repository; ./garrison start || echo code $?")
    assert "/usr/bin/python3 has no module venv" in said
    assert "apt install python3" in said
    assert "code 3" in said
