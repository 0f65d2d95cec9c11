"""Keeps the journal within its limits: its oldest rows are cut off, a few at a time, so that nothing has to wait."""

import json
import os
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from garrison.base.clock import Clock
from garrison.daemon.reports.query import hour_of, moment_of
from garrison.daemon.seal import Sealed, link
from garrison.daemon.store import Store
from garrison.sdk import Event
from garrison.wire.manifest import SUITE

_AT_ONCE = 40  # rows: what takes a few thousandths of a second, also on a busy computer
_LOOK_EVERY_ROWS = 64
_LOOK_EVERY_SECONDS = 3600.0
_ALWAYS_KEPT = 1000  # rows, whatever they take
_MORE_THAN_NEEDED = 64  # the limit's share that is cut beyond it, so that it is not cut with every look
_PAGES_AT_ONCE = 32  # given back to the disk
COLUMNS = "id, at, component, name, severity, owner, says, details, chain"


class JournalCut(Event):
    """The oldest rows were removed. last: the newest of them, with its chain. broken: one that was changed, or 0."""

    says: ClassVar[str] = "{rows} rows were cut off the journal's old end, as its limits say ({total} so far)"
    rows: int
    total: int
    last: int
    chain: str
    broken: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the journal is kept."""

    days: int = 365
    mib: int = 256


class Cuttable(Protocol):
    """The journal, as far as it is cut."""

    store: Store
    clock: Clock
    sealed: Sealed

    def settle(self) -> None:
        """See that the seal is genuine."""
        ...

    def add(self, component: str, event: Event, owner: int) -> None:
        """Add a row."""
        ...

    def seal(self, sealed: Sealed) -> None:
        """Write a seal down, within a change."""
        ...


class Retention:
    """Cuts the journal. limits: how much is kept."""

    def __init__(self, journal: Cuttable) -> None:
        self._journal = journal
        self.limits = Limits()
        self._unlooked = _LOOK_EVERY_ROWS  # rows added since it was last looked at the limits: now is the time
        self._looked = journal.clock.monotonic()
        self._is_cutting = False
        self._is_too_large = False

    def keep(self, limits: Limits) -> None:
        """Keep no more than this from now on; what is too much by then goes a few rows at a time. Raises Failed."""
        self.limits = limits
        self.some()

    def look(self) -> None:
        """Cut a few rows when it is time to, or when a cut is under way. Called after each row. Raises Failed."""
        self._unlooked += 1
        is_late = self._journal.clock.monotonic() - self._looked >= _LOOK_EVERY_SECONDS
        if self._is_cutting or self._unlooked >= _LOOK_EVERY_ROWS or is_late:
            self.some()

    def all(self) -> None:
        """Cut all that is beyond the limits. Raises Failed."""
        while self.some():
            pass

    def some(self) -> bool:
        """Cut a few rows of those beyond the limits; return whether there are more. Raises Failed."""
        journal = self._journal
        self._unlooked, self._looked = 0, journal.clock.monotonic()
        goal = max(self._last_too_old(), self._last_too_many())
        rows = self._rows(goal)
        if rows:
            journal.settle()
            self._cut(rows)
        self._is_cutting = len(rows) == _AT_ONCE
        if not self._is_cutting:
            self._tell()
        return self._is_cutting

    def _rows(self, goal: int) -> list[sqlite3.Row]:
        return self._journal.store.read(
            f"SELECT {COLUMNS} FROM event WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",  # noqa: S608 # own words
            (self._journal.sealed.cut_event, goal, _AT_ONCE),
        ).fetchall()

    def _cut(self, rows: list[sqlite3.Row]) -> None:
        store, sealed = self._journal.store, self._journal.sealed
        chain, broken = sealed.cut_chain, sealed.cut_broken or strange(store, sealed.cut_event)
        for row in rows:
            if link(chain, tuple(row)[1:-1]) != row["chain"]:
                broken = broken or int(row["id"])
            chain = row["chain"]
        last = int(rows[-1]["id"])
        cut = sealed.with_cut(last, chain, sealed.cut + len(rows), broken)
        with store.all_or_nothing():
            store.write("DELETE FROM event WHERE id <= ?", (last,))
            store.write(
                "INSERT OR REPLACE INTO checkpoint (one, event, chain, cut, broken) VALUES (1, ?, ?, ?, ?)",
                (cut.cut_event, cut.cut_chain, cut.cut, cut.cut_broken),
            )
            self._journal.seal(cut)
        self._journal.sealed = cut
        store.shrink(_PAGES_AT_ONCE)

    def _tell(self) -> None:
        """Write down what was cut since that was last written down, by whichever process."""
        sealed = self._journal.sealed
        if sealed.cut:
            rows = sealed.cut - self._told()
            if rows > 0:
                told = JournalCut(
                    rows=rows,
                    total=sealed.cut,
                    last=sealed.cut_event,
                    chain=sealed.cut_chain.hex(),
                    broken=sealed.cut_broken,
                )
                self._journal.add(SUITE, told, os.geteuid())

    def _told(self) -> int:
        row = self._journal.store.read(
            "SELECT details FROM event WHERE id = (SELECT max(last) FROM kind WHERE component = ? AND name = ?)",
            (SUITE, JournalCut.__name__),
        ).fetchone()
        try:
            details: Any = json.loads(row["details"]) if row else {}
            return int(details.get("total", 0))
        except (ValueError, TypeError, AttributeError):  # somebody changed it
            return 0

    def _last_too_old(self) -> int:
        """Return the id of the last row of those that come before all that is young enough; 0 when there is none.

        Whole hours are kept.
        """
        store = self._journal.store
        hour = hour_of(self._journal.clock.now() - timedelta(days=self.limits.days))
        oldest = store.read("SELECT at FROM event ORDER BY id LIMIT 1").fetchone()
        if oldest is None or hour_of(moment_of(oldest["at"])) >= hour:
            return 0
        first = _one(store, "SELECT min(first) FROM tally WHERE hour >= ?", hour)
        return first - 1 if first else 0

    def _last_too_many(self) -> int:
        limit = self.limits.mib * 1024 * 1024
        used = self._journal.store.used_bytes()
        if used > limit:
            self._is_too_large = True
        elif used <= limit - limit // _MORE_THAN_NEEDED:
            self._is_too_large = False
        return self._journal.sealed.event - _ALWAYS_KEPT if self._is_too_large else 0


def _one(store: Store, sql: str, *values: int) -> int | None:
    row = store.read(sql, values).fetchone()
    return int(row[0]) if row and row[0] is not None else None


def strange(store: Store, cut: int) -> int:
    """Return the id of a row that stands where all were cut, 0 when there is none."""
    row = store.read("SELECT id FROM event WHERE id <= ? ORDER BY id LIMIT 1", (cut,)).fetchone()
    return (int(row["id"]) or -1) if row else 0
