"""Where the System Watcher's tests take place: a store, a quarantine, and what undoes."""

import asyncio
import os
from pathlib import Path

from garrison.abilities.quarantine import Quarantine
from garrison.abilities.rewinding import Outcome, Rewinding
from garrison.base.clock import SystemClock
from garrison.base.paths import Home
from garrison.wire.watching import Alarm, Deed
from tests.gate.volumes import Watcher

COUNT = 24
MOST_TOUCHED = 3


class Stage:
    """A store, a quarantine, and what undoes."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.home.prepare()
        self.quarantine = Quarantine(self.home, SystemClock())
        self.rewinding = Rewinding(self.home, self.quarantine)
        self.store = str(self.rewinding.folder)

    def undo(self, alarm: Alarm, really: bool = True) -> Outcome:
        return asyncio.run(self.rewinding.undo(alarm, really))

    def deeds(self) -> list[Deed]:
        return list(self.rewinding.deeds(lambda _: True))


def differing(made: dict[str, bytes]) -> list[str]:
    """Return which documents have gone or hold something else now."""
    return [path for path, content in made.items() if not os.path.exists(path) or Path(path).read_bytes() != content]


def alarm_of(watcher: Watcher) -> Alarm:
    """Wait for an alarm."""
    told = watcher.wait_for("Alarm")
    assert told is not None
    del told["fact"]
    return Alarm.from_plain(told)
