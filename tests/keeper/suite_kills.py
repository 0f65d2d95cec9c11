"""Kill -9 of a real suite's daemon, and of what keeps its gate alive, while four programs open files.

The daemon, also together with the keeper: nothing passes meanwhile, and both come back. Keeper and gates at once:
everybody passes until there is a gate again, which is measured. Daemon and gate: the gate that waits goes on.
Afterwards it is told, and what was missed is scanned.
"""

import contextlib
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.wire.guarding import Arm
from tests.components.file_protection.volumes import garrison, told, until, volume
from tests.engine.samples import EICAR
from tests.gate.live import Live, is_denied
from tests.keeper.openers import STUCK_SECONDS, Figures, openers
from tests.suite import RunningSuite

# By what is killed, for how long the test virus may be opened. Without keeper and gates nobody is left who holds what
# the kernel asks through: both have to be started, and the workers.
BACK_SECONDS = {"daemon": 0.0, "daemon and keeper": 0.0, "daemon and gate": 1.0, "keeper and gates": 3.0}
KILLED = tuple(BACK_SECONDS)


class Guard(Live):
    """The guard of a suite that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts = []
        self._socket = None
        self._buffer = b""
        self.connect()


def run(seed: int, times: int, kinds: tuple[str, ...] = KILLED, slack: float = 1.0) -> dict[str, Figures]:
    """Do it, and return the figures by what was killed. slack: as the campaign has it."""
    chance = random.Random(seed)
    figures = {kind: Figures() for kind in kinds}
    with tempfile.TemporaryDirectory() as name, volume(Path(name) / "volume") as disk, _suite(disk) as suite:
        evil = disk / "evil"
        evil.write_bytes(EICAR)
        for number in range(times):
            kind = kinds[number % len(kinds)]
            stop = Path(name) / f"stop{number}"
            with openers(disk, stop) as running:
                time.sleep(chance.uniform(0.2, 1.0))
                _round(suite, evil, kind, figures[kind], slack)
                stop.touch()
                for opener in running:
                    longest, count = json.loads(opener.communicate(timeout=30)[0])
                    figures[kind].stuck_seconds = max(figures[kind].stuck_seconds, longest)
                    figures[kind].opens += count
            assert figures[kind].stuck_seconds <= STUCK_SECONDS * slack, f"{figures[kind]} ({kind})"
    return figures


@contextlib.contextmanager
def _suite(disk: Path) -> Iterator[RunningSuite]:
    suite = RunningSuite(Home(disk / "home"))
    try:
        started = garrison(suite, "start", "file-protection")
        assert started.returncode == 0, started
        suite.call("suite.settings-set", name="file-protection.action", values=["block"])
        said = garrison(suite, "file-protection", "watch", str(disk))
        assert "blocking" in said.stdout, said
        yield suite
    finally:
        assert garrison(suite, "stop").returncode == 0


def _round(suite: RunningSuite, evil: Path, kind: str, figures: Figures, slack: float) -> None:
    guard = Guard(suite.home.root / "guard")
    until(lambda: is_denied(evil))
    before = [len(told(suite, event)) for event in ("ProtectionGap", "GapScanned")]
    first = daemon_of(suite)
    keepers, gates = guard.processes("garrison.keeper"), guard.processes("garrison.gate")
    assert all((first, keepers, gates))
    victims = {
        "daemon": [first],
        "daemon and keeper": [first, *keepers],
        "daemon and gate": [first, guard.gate()],
        "keeper and gates": [*keepers, *gates],
    }[kind]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    began = last = time.monotonic()
    while time.monotonic() - last < 1.0:  # it stays so
        if not is_denied(evil):
            last = time.monotonic()
        assert last - began < 20, f"protection did not come back ({kind})"
        time.sleep(0.005)
    figures.back_seconds = max(figures.back_seconds, last - began)
    assert last - began <= BACK_SECONDS[kind] * slack + 0.01, f"{last - began:.2f} s without protection ({kind})"
    until(lambda: daemon_of(suite) not in {0, *((first,) if first in victims else ())}, 30)
    until(lambda: suite.call("file-protection.list")[0]["how"] == "blocking", 30)
    if "gate" in kind:
        for event, count in zip(("ProtectionGap", "GapScanned"), before, strict=True):
            until(lambda event=event, count=count: len(told(suite, event)) > count, 60)  # type: ignore[misc]
    guard.connect()
    guard.order(Arm()).close()


def daemon_of(suite: RunningSuite) -> int:
    """Return the daemon's process, 0 when there is none."""
    try:
        with suite.connected() as client:
            return int(client.greeting["process"])
    except GarrisonError:
        return 0
