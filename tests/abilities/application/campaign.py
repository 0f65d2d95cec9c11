"""Kills whoever fetches, installs, tries and changes to a new version, at random moments, again and again.

After each kill the next command runs one of the two versions, whole and working, brings the change to its end, and
starts again a suite in the background that the change had ended; and a start leaves nothing half made.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from garrison import __version__
from garrison.base.installed import SwitchState
from tests.cli.seeds import made_databases
from tests.cli.test_upgrade import Office, awaited, end_watching

_NEW = "1.0"
_VICTIMS = ("suite", "watcher", "everything")
_PATIENCE_SECONDS = 150
_CHANGING = 0.4  # of the time of an upgrade, the change itself takes


def campaign(seed: int, times: int) -> None:
    """Kill that often. Raises AssertionError when what has to hold does not; says what was left at the end."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="garrison-campaign-") as name:
        place = Path(name).resolve()
        office = Office(place, made_databases(place / "first"))
        try:
            office.release(_NEW)
            began = time.monotonic()
            office.upgrade()
            longest = time.monotonic() - began
            left: Counter[str] = Counter()
            for _ in range(times):
                had_suite = _begin_anew(office, chance)
                victim = chance.choice(_VICTIMS)
                _upgrade_and_kill(office, victim, chance.uniform(0, longest))
                left[f"{victim} killed, {_check(office, had_suite and _is_due(office, victim))}"] += 1
        finally:
            end_watching(office)
            office.program.end()
    for what, count in sorted(left.items()):
        print(f"  {what}: {count}")  # noqa: T201


def _begin_anew(office: Office, chance: random.Random) -> bool:
    """Have the computer be as before; at times with wheels, the version, or a suite in the background: return that."""
    end_watching(office)
    office.installed.link("")
    if chance.random() < 0.7:
        shutil.rmtree(office.installed.folder / _NEW, ignore_errors=True)
    if chance.random() < 0.5:
        shutil.rmtree(office.installed.folder / "wheels", ignore_errors=True)
    (office.installed.folder / "switch.json").unlink(missing_ok=True)
    has_suite = chance.random() < 0.5
    if has_suite:
        office.program("start", "--no-scan")
    return has_suite


def _upgrade_and_kill(office: Office, victim: str, seconds: float) -> None:
    command = office.program.start("upgrade", str(office.folder))
    if victim == "watcher":  # who comes late
        awaited(lambda: command.poll() is not None or _processes(office, victim), bool)
        seconds *= _CHANGING
    with contextlib.suppress(subprocess.TimeoutExpired):
        command.wait(seconds)
    for process in _processes(office, victim):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    command.communicate(timeout=_PATIENCE_SECONDS)


def _processes(office: Office, victim: str) -> list[int]:
    """Return processes that work on this home, and on no other."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        about = {"suite": b"garrison.daemon", "watcher": b"garrison.cli.switching"}.get(victim)
        is_here = any(os.fsencode(office.program.home.root) in word for word in words)
        if is_here and (about is None or about in words):
            found.append(int(entry.name))
    return found


def _is_due(office: Office, victim: str) -> bool:
    """Return whether a suite that ran in the background has to run again: unless it was itself what was killed."""
    last = office.installed.last_switch()
    return victim == "watcher" or (last is not None and last.state is SwitchState.TRYING and last.is_lasting is True)


def _check(office: Office, is_suite_due: bool) -> str:
    """Look at what was left; return which version runs."""
    awaited(
        lambda: office.installed.is_switching() and _state(office) is SwitchState.TRYING, lambda is_open: not is_open
    )
    version = office.version()
    assert version in {__version__, _NEW}
    assert (office.installed.linked() == _NEW) == (version == _NEW)
    for installed in office.installed.all():
        subprocess.run([office.installed.python(installed), "-I", "-c", "import garrison.daemon.boot"], check=True)
    tested = office.program("self-test", "--json")
    assert tested.code == 0, tested.out + tested.errors
    assert _state(office) is not SwitchState.TRYING, "the next command brings it to its end"
    version = office.version()
    assert (office.installed.linked() == _NEW) == (version == _NEW)
    if is_suite_due:
        awaited(office.issues, lambda issues: "suite.not-running" not in issues)
    awaited(office.installed.is_switching, lambda is_switching: not is_switching or version == _NEW)
    awaited(lambda: _left_after_a_start(office), lambda left: not left)
    return f"{version} runs, {_state(office) or 'not begun'}"


def _state(office: Office) -> SwitchState | None:
    last = office.installed.last_switch()
    return None if last is None else last.state


def _left_after_a_start(office: Office) -> list[str]:
    end_watching(office)
    office.program("self-test")
    return [path.name for path in office.installed.folder.glob(".*") if path.is_dir()]
