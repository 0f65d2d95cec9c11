"""`garrison upgrade` as people run it, with real versions, each in an environment of its own.

Their dependencies are those that are installed here, but for one version with wheels of everything.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from garrison import __version__
from garrison.abilities.application.installing import install
from garrison.base.installed import Installed, SwitchState
from tests.abilities.application import wheels as made
from tests.cli.program import Program
from tests.cli.seeds import lend

_FIRST = "1.0"
_BREAKS = {
    "garrison/daemon/__main__.py": (
        "    os.umask(0o077)\n",
        "    os.umask(0o077)\n    if '.trial-' not in str(home.root):\n        raise SystemExit('broken')\n",
    )
}
_CRASHES = {
    "garrison/daemon/boot.py": (
        "    if boot.lasting:\n",
        "    if boot.lasting:\n        asyncio.get_running_loop().call_later(10.0, os.kill, os.getpid(), 9)\n",
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

    def __init__(self, folder: Path, databases: Path, environment: Path | None = None) -> None:
        self.folder = folder / "office"
        self._environment = environment
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        made.installer(self.wheels)
        made.surroundings(self.wheels)
        self.run("init", self.folder)
        self.program = Program(folder / "home")
        self.installed = Installed(self.program.home)
        lend(databases, self.program.home.root / "databases")
        trust = self.program.home.root / "databases" / "trust"
        trust.mkdir(mode=0o700)
        shutil.copy(self.folder / "public" / "metadata" / "root.json", trust)

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        command = [sys.executable, "-I", "-m", "garrison.office.publisher", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def release(self, version: str, changes: Mapping[str, tuple[str, str]] | None = None) -> None:
        made.garrison(self.wheels, version, changes)
        self.run("publish-application", self.folder, "--wheels", self.wheels, "--version", version)

    def release_installed(self, version: str, changes: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Publish a version that is installed here already; a suite has to run, or it is removed at the next start."""
        self.release(version, changes)
        place = self.installed.folder / version
        assert self._environment is not None
        lend(self._environment, place)
        (package,) = place.glob("lib/python3*/site-packages")
        about = {"garrison/__init__.py": (f'"{_FIRST}"', f'"{version}"')}
        for name, (old, new) in {**about, **(changes or {})}.items():
            content = (package / name).read_text()
            assert old in content, name
            (package / name).unlink()  # it has other names
            (package / name).write_text(content.replace(old, new))
        for said in (self.folder / "public" / "targets").glob("*.application.json"):
            if json.loads(said.read_bytes())["version"] == version:
                shutil.copy(said, place / "release.json")

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


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that is installed, as an upgrade installs it."""
    wheels, place = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    for wheel in (made.installer(wheels), made.surroundings(wheels), made.garrison(wheels, _FIRST)):
        assert wheel.parent == wheels
    asyncio.run(install(made.release_of(wheels, _FIRST), wheels, place))
    return place


@pytest.fixture
def office(tmp_path: Path, built_databases: Path, environment: Path) -> Iterator[Office]:
    found = Office(tmp_path, built_databases, environment)
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
    office.release_installed("1.0")
    told = office.upgrade()
    assert (told["version"], told["before"]) == ("1.0", __version__)
    assert office.running() == str(office.installed.python("1.0")) != before
    assert (office.installed.linked(), office.version()) == ("1.0", "1.0")
    assert office.await_events(1) == ["Upgraded"]
    assert "upgrades.returned" not in office.issues()
    assert office.upgrade()["is_begun"] is False, "there is nothing newer"
    assert office.program("upgrade", str(office.folder)).out.startswith("Garrison 1.0 is in use, and nothing newer")

    end_watcher(office)
    last = office.installed.last_switch()
    assert last is not None
    office.installed.note(replace(last, state=SwitchState.TRYING))  # as it is between the link and its note
    os.kill(office.program.daemon(), signal.SIGKILL)
    status = office.program("status", "--json")
    assert "had been interrupted; it is in use now." in status.errors
    assert office.running() == str(office.installed.python("1.0"))
    assert "upgrades.returned" not in {issue["id"] for issue in status.json["issues"]}
    office.installed.note(replace(last, state=SwitchState.TRYING))
    assert office.program("stop").code == 0
    assert office.installed.last_switch() == replace(last, state=SwitchState.WORKS, is_lasting=False)
    assert "suite.not-running" in office.issues(), "whoever ends the suite gets none"

    office.program("start", "--no-scan")
    office.release_installed("1.1", _BREAKS)
    error = office.upgrade(code=3)["error"]
    assert "Garrison 1.1 did not work" in error["text"]
    assert "Garrison 1.0 is back" in error["hint"]
    assert (office.installed.linked(), office.version()) == ("1.0", "1.0")
    assert office.running() == str(office.installed.python("1.0"))
    assert "1.1 does not work here, and 1.0 is in use" in office.issues()["upgrades.returned"]
    assert office.await_events(2)[0] == "UpgradeReturned"

    office.release_installed("1.2", _MISSES)
    error = office.upgrade(code=3)["error"]
    assert "Garrison 1.2 does not work here" in error["text"]
    assert office.running() == str(office.installed.python("1.0"))
    assert "1.2 does not work here" in office.issues()["upgrades.returned"]


def test_a_version_that_crashes_again_and_again_gives_way(office: Office) -> None:
    office.program("start", "--no-scan")
    before = office.running()
    office.release_installed("1.0", _CRASHES)
    assert office.upgrade()["version"] == "1.0"
    awaited(office.installed.linked, lambda version: version == "")
    awaited(office.running, lambda python: python == before)
    assert office.version() == __version__
    assert office.await_events(2)[0] == "UpgradeReturned"
    assert "crashed 2 times" in office.issues()["upgrades.returned"]


def end_watcher(office: Office) -> None:
    """End whoever watches over a change, and who waits for it, as a power cut does."""
    for process in (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal()):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"garrison.cli.switching" in words and os.fsencode(office.program.home.root) in words:
                os.kill(int(process.name), signal.SIGKILL)
    awaited(office.installed.is_switching, lambda is_switching: not is_switching)


def test_what_an_ended_watcher_left_is_finished_by_the_next_command(office: Office) -> None:
    office.program("start", "--no-scan")
    before, suite = office.running(), office.program.daemon()
    office.release_installed("1.0")
    with office.program.start("upgrade", str(office.folder)) as command:
        awaited(lambda: not Path(f"/proc/{suite}").exists(), bool)
        command.kill()
        end_watcher(office)
    last = office.installed.last_switch()
    assert last is not None
    assert (last.state, last.is_lasting, office.installed.linked()) == (SwitchState.TRYING, True, "")
    assert office.version() == __version__
    assert office.installed.last_switch() == last, "to look at the version changes nothing"
    told = office.program("status", "--json")
    assert f"had been interrupted; Garrison {__version__} is in use." in told.errors
    assert "suite.not-running" not in {issue["id"] for issue in told.json["issues"]}
    assert office.running() == before
    assert office.program("status").errors == "", "it is said once"
    assert "The change was interrupted" in office.issues()["upgrades.returned"]
    assert office.await_events(1) == ["UpgradeReturned"]


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
    office.release_installed("1.0", _NEW_FORM)
    assert "did not work" in office.upgrade(code=3)["error"]["text"]
    assert (settings / "version").read_text().strip() == "1"
    assert office.program("settings", "get", "upgrades.sources", "--json").json["value"] == ["/srv/mine"]
