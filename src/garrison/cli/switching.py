"""The process that puts a new version in the place of this one, watches over it, and returns when it does not work.

`python -m garrison.cli.switching HOME LOCK` does what HOME/versions/switch.json says; LOCK is a descriptor that it
inherits. It belongs to the version of before, and speaks to the new one by its command line only. The link `current`
changes after the new version has shown that it works: whenever this is ended before, the next command runs what ran
before. That command also brings to an end what was begun (`finish`).
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
_TRIES = 3
_OPERATIONS = ("upgrades.upgrade", "upgrades.check")
_ENDING = ("stop", "uninstall")
_INTERRUPTED = "The change was interrupted."


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
        switch = replace(switch, is_lasting=self._is_lasting())
        self._note(switch)
        why = self._change(switch)
        if not why:
            self._note(replace(switch, state=SwitchState.WORKS))
            why = self._watch(switch) if switch.is_lasting else ""
        if why:
            self._return(switch, why)
        self._installed.forget_kept()

    def finish(self, switch: Switch) -> Switch:
        """Bring a change to its end whose watcher was ended; return what came of it."""
        why = switch.why or _INTERRUPTED
        if self._installed.linked() == switch.version and not switch.why:  # it had shown that it works
            why = self._trouble(switch)
        if not why:
            settled = replace(switch, state=SwitchState.WORKS)
            self._note(settled)
        elif switch.is_lasting is None:  # nothing had been ended yet
            settled = replace(switch, state=SwitchState.INTERRUPTED, why=why)
            self._note(settled)
        else:
            state = SwitchState.INTERRUPTED if why == _INTERRUPTED else SwitchState.RETURNED
            settled = self._return(switch, why, state)
        self._installed.forget_kept()
        return settled

    def _trouble(self, switch: Switch) -> str:
        try:
            return self._came_up(str(self._installed.python(switch.version)), switch.version, bool(switch.is_lasting))
        except GarrisonError as error:
            return error.text

    def _change(self, switch: Switch) -> str:
        """Have the new version run, and then be the one that runs from now on; return why not."""
        new = str(self._installed.python(switch.version))
        try:
            launch.stop(self._home)
            self._installed.keep(self._home.root, switch.changes)
            why = self._came_up(new, switch.version, bool(switch.is_lasting))
            if not why:
                self._installed.link(switch.version)
        except GarrisonError as error:
            return error.text
        except OSError as error:
            return explain(error, "change the version").text
        return why

    def _came_up(self, python: str, version: str, is_lasting: bool) -> str:
        """Start a version; return what is wrong with it."""
        why = self._started(python, version) if is_lasting else ""
        return why or self._ask(python, "self-test", "--json")

    def _started(self, python: str, version: str) -> str:
        """Have a version's suite run in the background; return what is wrong with that."""
        why = self._ask(python, "start", "--no-scan", "--json")
        if why:
            return why
        with self._connected() as client:
            is_it = client.greeting.get("garrison") == version
        return "" if is_it else "Another version was started meanwhile."

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

    def _return(self, switch: Switch, why: str, state: SwitchState = SwitchState.RETURNED) -> Switch:
        """Have the version of before run again, which tells of it once this is done; return what came of the change."""
        self._note(replace(switch, why="" if state is SwitchState.INTERRUPTED else why))
        with suppress(GarrisonError):
            launch.stop(self._home)
        with suppress(GarrisonError):
            self._installed.link(switch.link)
        with suppress(OSError):  # what is not put back is refused by the version of before, with a sentence
            self._installed.put_back(self._home.root, switch.changes)
        if switch.is_lasting:
            self._start_before(switch)
        settled = replace(switch, state=state, why=why)
        self._note(settled)
        return settled

    def _start_before(self, switch: Switch) -> None:
        """Start the version of before; what the other one's watcher had just begun may come up meanwhile."""
        for _ in range(_TRIES):
            with suppress(GarrisonError):
                if not self._started(switch.python, switch.before):
                    return
                launch.stop(self._home)

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


def finish(home: Home, command: str = "") -> Switch | None:
    """Bring a change of version to its end whose watcher was ended; return what came of it, None when there was none.

    command: what is run next; one that ends the suite has none started before.
    """
    installed = Installed(home)
    if _open(installed) is None:
        return None
    try:
        descriptor = installed.lock()
    except GarrisonError:  # it belongs to another account, whose commands will do it
        return None
    if descriptor is None:
        return None
    try:
        switch = _open(installed)  # whoever had the lock may just have finished
        if switch is None:
            return None
        if command in _ENDING and switch.is_lasting:
            switch = replace(switch, is_lasting=False)
        return Switcher(home).finish(switch)
    finally:
        os.close(descriptor)


def _open(installed: Installed) -> Switch | None:
    switch = installed.last_switch()
    return switch if switch is not None and switch.state is SwitchState.TRYING else None


def finished(switch: Switch) -> str:
    """Return the sentence about a change that was brought to its end later."""
    if switch.state is SwitchState.WORKS:
        return f"The change to Garrison {switch.version} had been interrupted; it is in use now."
    return f"The change to Garrison {switch.version} had been interrupted; Garrison {switch.before} is in use."


def main() -> int:
    """Go on in the background with the lock that was inherited, and change the version; return the exit code."""
    home = Home(Path(sys.argv[1]))
    os.set_inheritable(int(sys.argv[2]), False)
    switch = _open(Installed(home))
    if switch is None:
        return 3
    if os.fork():
        return 0
    os.setsid()
    Switcher(home).run(switch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
