"""A journal with something in it, for the tests of reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from garrison.base.clock import FakeClock
from garrison.daemon.journal import Journal
from garrison.daemon.store import Store
from garrison.sdk import Counted, Event, Severity, UntrustedText
from tests.daemon.parts import clock, store


class ThreatSeen(Event):
    says: ClassVar[str] = "{threat} was found in {path}"
    severity: ClassVar[Severity] = Severity.CRITICAL
    counts: ClassVar[tuple[Counted, ...]] = (Counted.THREATS,)
    threat: str
    path: UntrustedText


class ScanEnded(Event):
    says: ClassVar[str] = "A scan of {path} ended"
    counts: ClassVar[tuple[Counted, ...]] = (Counted.SCANS,)
    path: UntrustedText


@dataclass
class Filled:
    store: Store
    journal: Journal
    clock: FakeClock

    def add(self, event: Event, component: str = "scan", owner: int = 1001, hours: float = 1.0) -> None:
        self.journal.append(component, event, owner)
        self.clock.advance(timedelta(hours=hours))


@contextmanager
def filled(folder: Path, rows: int = 0) -> Iterator[Filled]:
    """rows: every tenth a threat of another account, the others scans, one an hour."""
    when = clock()
    with store(folder, when) as opened:
        made = Filled(opened, Journal(opened, when), when)
        for number in range(rows):
            if number % 10:
                made.add(ScanEnded(path=f"/srv/{number}.pdf"))
            else:
                made.add(ThreatSeen(threat="Eicar", path=f"/home/Ann/{number}"), "file-protection", 1002)
        yield made
