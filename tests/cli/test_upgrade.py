"""`garrison upgrade` as people run it, with real versions, each in an environment of its own.

Their dependencies are those that are installed here, but for one version with wheels of everything.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from garrison import __version__
from garrison.base.installed import Installed
from tests.abilities.application import wheels as made
from tests.cli.program import Program

_BREAKS = {
    "garrison/daemon/__main__.py": (
        "    os.umask(0o077)\n",
        "    os.umask(0o077)\n    if '.trial-' not in str(home.root):\n        raise SystemExit('broken')\n",
    )
}
_CRASHES = {
    "garrison/daemon/boot.py": (
        "    if boot.lasting:\n",
        "    if boot.lasting:\n        asyncio.get_running_loop().call_later(6.0, os.kill, os.getpid(), 9)\n",
    )
}
_MISSES = {"garrison/components/self_test/component.py": ('"ANTIVIRUS-TEST-FILE!$H+H*"', '"HARMLESS"')}

# It gives the settings a form that no version before knows, and then does not find the test file.
_NEW_FORM = {
    "garrison/base/paths.py": (
        "        if found is None:\n",
        (
            "        if name == 'settings':\n            write_atomically(marker, b'2\\n')\n"
            "            write_atomically(path / 'settings.json', b'of another form')\n            found = version\n"
            "        if found is None:\n"
        ),
    ),
    "garrison/components/self_test/component.py": (
        "passed = _NAME in names",
        'passed = _NAME in names and ".trial-" in str(self._file)',
    ),
}


class Office:
    """A publisher, and one computer that trusts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "office"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        made.installer(self.wheels)
        made.surroundings(self.wheels)
        self.run("init", self.folder)
        self.program = Program(folder / "home")
        self.installed = Installed(self.program.home)
        trust = self.program.home.root / "databases" / "trust"
        trust.mkdir(parents=True, mode=0o700)
        for path in (self.program.home.root, trust.parent):
            path.chmod(0o700)
        shutil.copy(self.folder / "public" / "metadata" / "root.json", trust)

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        command = [sys.executable, "-I", "-m", "garrison.office.publisher", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def release(self, version: str, changes: Mapping[str, tuple[str, str]] | None = None) -> None:
        made.garrison(self.wheels, version, changes)
        self.run("publish-application", self.folder, "--wheels", self.wheels, "--version", version)

    def upgrade(self, code: int = 0) -> dict[str, Any]:
        """Upgrade, and return what was said."""
        outcome = self.program("upgrade", str(self.folder), "--json")
        assert outcome.code == code, outcome.out + outcome.errors
        told: dict[str, Any] = outcome.json
        return told

    def running(self) -> str:
        """Return the interpreter of the suite."""
        words = Path(f"/proc/{self.program.daemon()}/cmdline").read_bytes().split(b"\0")
        return os.fsdecode(words[0])

    def version(self) -> str:
        return self.program("--version").out.split()[-1]

    def issues(self) -> dict[str, str]:
        told = self.program("status", "--json").json
        return {issue["id"]: issue["text"] for issue in told["issues"]}

    def events(self) -> list[str]:
        return [row["name"] for row in self.program("journal", "--component", "upgrades", "--json").json]

    def await_events(self, count: int) -> list[str]:
        found: list[str] = awaited(self.events, lambda found: len(found) >= count)
        return found


def awaited(look: Callable[[], Any], is_it: Callable[[Any], bool]) -> Any:
    until = time.monotonic() + 60
    while not is_it(found := look()):
        assert time.monotonic() < until, found
        time.sleep(0.2)
    return found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    found = Office(tmp_path)
    yield found
    end_watching(found)
    found.program.end()


def end_watching(office: Office) -> None:
    """End the suite as it is told to, so that whoever watches over it ends too."""
    office.program("stop")
    awaited(office.installed.is_switching, lambda is_switching: not is_switching)


def test_a_version_that_works_takes_over_and_one_that_does_not_come_up_gives_way_again(office: Office) -> None:
    office.program("start", "--no-scan")
    before = office.running()
    office.release("1.0")
    told = office.upgrade()
    assert (told["version"], told["before"]) == ("1.0", __version__)
    assert office.running() == str(office.installed.python("1.0")) != before
    assert (office.installed.linked(), office.version()) == ("1.0", "1.0")
    assert office.await_events(1) == ["Upgraded"]
    assert "upgrades.returned" not in office.issues()
    assert office.upgrade()["is_begun"] is False, "there is nothing newer"
    assert office.program("upgrade", str(office.folder)).out.startswith("Garrison 1.0 is in use, and nothing newer")

    end_watching(office)
    office.program("start", "--no-scan")
    office.release("1.1", _BREAKS)
    error = office.upgrade(code=3)["error"]
    assert "Garrison 1.1 did not work" in error["text"]
    assert "Garrison 1.0 is back" in error["hint"]
    assert (office.installed.linked(), office.version()) == ("1.0", "1.0")
    assert office.running() == str(office.installed.python("1.0"))
    assert "1.1 does not work here, and 1.0 is in use" in office.issues()["upgrades.returned"]
    assert office.await_events(2)[0] == "UpgradeReturned"

    office.release("1.2", _MISSES)
    error = office.upgrade(code=3)["error"]
    assert "Garrison 1.2 does not work here" in error["text"]
    assert office.running() == str(office.installed.python("1.0"))
    assert "1.2 does not work here" in office.issues()["upgrades.returned"]


def test_a_version_that_crashes_again_and_again_gives_way(office: Office) -> None:
    office.program("start", "--no-scan")
    before = office.running()
    office.release("1.0", _CRASHES)
    assert office.upgrade()["version"] == "1.0"
    awaited(office.installed.linked, lambda version: version == "")
    awaited(office.running, lambda python: python == before)
    assert office.version() == __version__
    assert office.await_events(2)[0] == "UpgradeReturned"
    assert "crashed 2 times" in office.issues()["upgrades.returned"]


def test_without_a_suite_in_the_background_none_is_left_behind(office: Office) -> None:
    office.release("1.0")
    assert office.upgrade()["version"] == "1.0"
    assert office.version() == "1.0"
    assert not office.installed.is_switching(), "there is nothing to watch over"
    office.release("1.1", _BREAKS)
    assert "Garrison 1.1 did not work" in office.upgrade(code=3)["error"]["text"]
    assert office.version() == "1.0"
    assert "suite.not-running" in office.issues()

    python = office.installed.python("1.0")
    target = python.readlink()
    python.unlink()
    assert office.version() == __version__, "what is gone is passed over"
    python.symlink_to("/nowhere/python3")
    assert office.version() == __version__
    python.unlink()
    python.symlink_to(target)
    assert office.version() == "1.0"
    assert office.program("uninstall", "--keep-nothing", "--yes").code == 0
    assert not office.program.home.root.exists()


def test_what_a_new_version_changes_in_the_form_of_state_is_put_back(office: Office) -> None:
    office.program("start", "--no-scan")
    settings = office.program.home.root / "settings"
    office.program("settings", "set", "upgrades.sources", "/srv/mine")
    office.release("1.0", _NEW_FORM)
    assert "did not work" in office.upgrade(code=3)["error"]["text"]
    assert (settings / "version").read_text().strip() == "1"
    assert office.program("settings", "get", "upgrades.sources", "--json").json["value"] == ["/srv/mine"]
