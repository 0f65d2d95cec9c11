"""The process that puts a new version in the place of this one, watches over it, and returns when it does not work.

`python -m garrison.cli.switching HOME` does what HOME/versions/switch.json says. It belongs to the version of before,
and speaks to the new one by its command line only. The link `current` changes after the new version has shown that it
works: whenever this is ended before, the next command runs what ran before.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.base.files import explain
from garrison.base.installed import Installed, Switch, SwitchState
from garrison.base.paths import Home, choose_home
from garrison.base.text import printable
from garrison.cli import launch
from garrison.wire.client import Client

_SETTLING_SECONDS = 10.0
_COMMAND_SECONDS = 180.0
_WATCH_SECONDS = 600.0
_LOOK_SECONDS = 1.0
_CRASHES = 2
_OPERATIONS = ("upgrades.upgrade", "upgrades.check")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to watch, and how often to look."""

    watch_seconds: float = _WATCH_SECONDS
    look_seconds: float = _LOOK_SECONDS


class Switcher:
    """Changes the version in a home. sleep: waits for so many seconds."""

    def __init__(
        self, home: Home, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._home = home
        self._installed = Installed(home)
        self._patience = patience or Patience()
        self._sleep = sleep

    def run(self, switch: Switch) -> None:
        """Change the version, and watch over it."""
        self._await_answer()
        is_lasting = self._is_lasting()
        why = self._change(switch, is_lasting)
        if not why:
            self._note(replace(switch, state=SwitchState.WORKS))
            why = self._watch(switch) if is_lasting else ""
        if why:
            self._return(switch, why, is_lasting)
        self._installed.forget_kept()

    def _change(self, switch: Switch, is_lasting: bool) -> str:
        """Have the new version run, and then be the one that runs from now on; return why not."""
        new = str(self._installed.python(switch.version))
        try:
            launch.stop(self._home)
            self._installed.keep(self._home.root, switch.changes)
            why = self._came_up(new, switch.version, is_lasting)
            if not why:
                self._installed.link(switch.version)
        except GarrisonError as error:
            return error.text
        except OSError as error:
            return explain(error, "change the version").text
        return why

    def _came_up(self, python: str, version: str, is_lasting: bool) -> str:
        """Start a version; return what is wrong with it."""
        if is_lasting:
            why = self._ask(python, "start", "--no-scan", "--json")
            if why:
                return why
            with self._connected() as client:
                if client.greeting.get("garrison") != version:
                    return "Another version was started meanwhile."
        return self._ask(python, "self-test", "--json")

    def _watch(self, switch: Switch) -> str:
        """Look after the new version for a while; return why it cannot stay."""
        crashes = 0
        until = time.monotonic() + self._patience.watch_seconds
        while time.monotonic() < until:
            self._sleep(self._patience.look_seconds)
            if launch.is_locked(self._home):
                continue
            if not self._has_crashed():
                return ""  # somebody ended it
            crashes += 1
            if crashes == _CRASHES:
                return f"It crashed {crashes} times within minutes."
            why = self._ask(str(self._installed.python(switch.version)), "start", "--no-scan", "--json")
            if why:
                return why
        return ""

    def _has_crashed(self) -> bool:
        """Return whether the suite, which does not run any more, ended otherwise than when it is told to."""
        if self._home.socket.exists():
            return True
        with suppress(OSError):
            return b"Traceback" in (self._home.log.parent / "daemon.stderr").read_bytes()
        return False

    def _return(self, switch: Switch, why: str, is_lasting: bool) -> None:
        """Have the version of before run again; it tells of it once this is done."""
        self._note(switch)
        with suppress(GarrisonError):
            launch.stop(self._home)
        with suppress(GarrisonError):
            self._installed.link(switch.link)
        with suppress(OSError):  # what is not put back is refused by the version of before, with a sentence
            self._installed.put_back(self._home.root, switch.changes)
        if is_lasting:
            self._ask(switch.python, "start", "--no-scan", "--json")
        self._note(replace(switch, state=SwitchState.RETURNED, why=why))

    def _note(self, switch: Switch) -> None:
        with suppress(GarrisonError):  # a full disk: what runs is right all the same
            self._installed.note(switch)

    def _ask(self, python: str, *arguments: str) -> str:
        """Have a version's command line do something; return what is wrong, "" when it did it."""
        is_chosen = choose_home(self._home.is_system).root == self._home.root
        environment = os.environ if is_chosen else {**os.environ, "GARRISON_HOME": str(self._home.root)}
        system = ["--system"] if self._home.is_system else []
        try:
            done = subprocess.run(
                [python, "-X", "utf8", "-I", "-m", "garrison.cli", *system, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd="/",
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except OSError as error:
            return f"It could not be started: {(error.strerror or '').lower()}."
        except subprocess.TimeoutExpired:
            return "It did not answer in time."
        if done.returncode == 0:
            return ""
        return _why(done.stdout) or f"Its command “{arguments[0]}” ended with {done.returncode}."

    def _connected(self) -> Client:
        return Client(self._home.socket, timeout_seconds=_SETTLING_SECONDS)

    def _is_lasting(self) -> bool:
        try:
            with self._connected() as client:
                issues = client.call("suite.status", {})["result"]["issues"]
        except (GarrisonError, KeyError, TypeError):
            return False
        return not any(issue["id"] == "suite.not-running" for issue in issues)

    def _await_answer(self) -> None:
        """Wait until whoever asked for this has been answered: the suite is ended next."""
        until = time.monotonic() + _SETTLING_SECONDS
        while time.monotonic() < until:
            try:
                with self._connected() as client:
                    jobs = client.call("suite.jobs", {})["result"]
            except (GarrisonError, KeyError, TypeError):
                return
            if not any(job["operation"] in _OPERATIONS and job["state"] == "running" for job in jobs):
                return
            self._sleep(0.1)


def _told(out: bytes) -> dict[str, Any]:
    try:
        told = json.loads(out)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _why(out: bytes) -> str:
    told = _told(out)
    error = told.get("error")
    text = error.get("text") if isinstance(error, dict) else told.get("why")
    return printable(str(text or ""))[:300]


def main() -> int:
    """Take the lock, go on in the background, and change the version; return the exit code."""
    home = Home(Path(sys.argv[1]))
    installed = Installed(home)
    switch = installed.last_switch()
    if switch is None or switch.state is not SwitchState.TRYING or installed.lock() is None:
        return 3
    if os.fork():
        return 0
    os.setsid()
    Switcher(home).run(switch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
