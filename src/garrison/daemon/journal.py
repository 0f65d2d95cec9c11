"""The journal: everything that happened, each row chained to the one before.

It keeps within limits of age and size by having its oldest rows cut off. A checkpoint then holds the chain of the last
row that was cut, and a row of the journal (JournalCut) says the same, so that nobody can cut without its being found.
"""

import asyncio
import hashlib
import json
import os
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from garrison.base.clock import Clock
from garrison.daemon.shortened import shortened
from garrison.daemon.store import Store
from garrison.sdk import Event
from garrison.sdk.plain import to_plain
from garrison.wire.manifest import SUITE

_START = b"\0" * 32
_AT_ONCE = 1000  # rows looked at before others have their turn
_LOOK_EVERY_ROWS = 64
_LOOK_EVERY_SECONDS = 3600.0
_ALWAYS_KEPT = 1000  # rows, whatever they take
_MORE_THAN_NEEDED = 64  # the limit's share that is cut beyond it, so that it is not cut with every look
_ROW_BYTES = 200  # that a row takes beside its texts


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


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. at: ISO 8601."""

    id: int
    at: str
    component: str
    name: str
    severity: str
    owner: int
    says: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, newest first. owner: None for everybody's."""

    owner: int | None = None
    component: str = ""
    severity: str = ""
    text: str = ""
    since: datetime | None = None
    before: int = 0  # only rows older than the one of this id
    limit: int = 100


class Journal:
    """Appends and reads rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # Not the chain of the last row that is there: what follows must not hide that one is missing.
        self._chain: bytes = self._head()["chain"]
        self._limits = Limits()
        self._unlooked = _LOOK_EVERY_ROWS  # rows added since it was last looked at its limits: now is the time
        self._looked = clock.monotonic()

    def append(self, component: str, event: Event, owner: int) -> None:
        """Add what happened. Raises Failed when the disk does not take it."""
        self._chain = self._add(component, event, owner)
        self._unlooked += 1
        is_late = self._clock.monotonic() - self._looked >= _LOOK_EVERY_SECONDS
        if self._unlooked >= _LOOK_EVERY_ROWS or is_late:
            self.cut()

    def _add(self, component: str, event: Event, owner: int) -> bytes:
        at = self._clock.now().isoformat(timespec="milliseconds")
        details = shortened(to_plain(event))
        row = (at, component, type(event).__name__, event.severity.value, owner, event.says, details)
        chain = _link(self._chain, row)
        self._store.write(
            "INSERT INTO event (at, component, name, severity, owner, says, details, chain)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, chain),
        )
        return chain

    def keep(self, limits: Limits) -> None:
        """Keep no more than this from now on. Raises Failed."""
        self._limits = limits
        self.cut()

    def cut(self) -> None:
        """Remove the oldest rows that are beyond the limits. Raises Failed."""
        self._unlooked, self._looked = 0, self._clock.monotonic()
        last = max(self._last_too_old(), self._last_too_many())
        if not last:
            return
        with self._store.all_or_nothing():
            before = self._checkpoint()
            chain, broken = self._chain_through(last, before)
            rows: int = self._one("SELECT count(*) FROM event WHERE id <= ?", last)
            total = before["cut"] + rows
            # Written before the others go, so that no id is ever given twice.
            told = JournalCut(rows=rows, total=total, last=last, chain=chain.hex(), broken=broken)
            head = self._add(SUITE, told, os.geteuid())
            self._store.write("DELETE FROM event WHERE id <= ?", (last,))
            self._store.write(
                "INSERT OR REPLACE INTO checkpoint (one, event, chain, cut, broken) VALUES (1, ?, ?, ?, ?)",
                (last, chain, total, broken),
            )
        self._chain = head
        self._store.shrink()

    def _last_too_old(self) -> int:
        """Return the id of the last row of those that come before all that is young enough; 0 when there is none."""
        oldest = (self._clock.now() - timedelta(days=self._limits.days)).isoformat(timespec="milliseconds")
        # By id, not by the times' index: old rows are few here, and stand in front.
        first = self._one("SELECT id FROM event WHERE +at >= ? ORDER BY id LIMIT 1", oldest)
        return self._one("SELECT max(id) FROM event WHERE id < ?", first) if first else 0

    def _last_too_many(self) -> int:
        limit = self._limits.mib * 1024 * 1024
        excess = self._store.used_bytes() - limit
        if excess <= 0:
            return 0
        last, excess = 0, excess + limit // _MORE_THAN_NEEDED
        rows = self._store.read(
            "SELECT id, length(details) + length(says) AS size FROM event"
            " WHERE id <= (SELECT max(id) FROM event) - ? ORDER BY id",
            (_ALWAYS_KEPT,),
        )
        for row in rows:
            last, excess = int(row["id"]), excess - row["size"] - _ROW_BYTES
            if excess <= 0:
                break
        rows.close()
        return last

    def _one(self, sql: str, value: Any) -> int:
        """Return the one number that a query gives, 0 when it gives none."""
        row = self._store.read(sql, (value,)).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def _chain_through(self, last: int, before: Any) -> tuple[bytes, int]:
        """Return the chain of a row, and the first broken one up to it (0 when there is none)."""
        chain, at, broken = before["chain"], before["event"], before["broken"] or self._strange(before)
        while at < last:
            for row in self._after(at):
                if row["id"] > last:
                    break
                at = int(row["id"])
                if _link(chain, tuple(row)[1:-1]) != row["chain"]:
                    broken = broken or at
                chain = row["chain"]
        return chain, broken

    def _strange(self, checkpoint: Any) -> int:
        """Return the id of a row that stands where all were cut, 0 when there is none."""
        row = self._store.read(
            "SELECT id FROM event WHERE id <= ? ORDER BY id LIMIT 1", (checkpoint["event"],)
        ).fetchone()
        return (int(row["id"]) or -1) if row else 0

    def rows(self, query: Query) -> list[Row]:
        """Return the rows a query asks for, newest first."""
        where, values = ["1"], []
        for column, value in (("owner", query.owner), ("component", query.component), ("severity", query.severity)):
            if value not in {None, ""}:
                where.append(f"{column} = ?")
                values.append(value)
        if query.since is not None:
            where.append("at >= ?")
            values.append(query.since.isoformat(timespec="milliseconds"))
        if query.before:
            where.append("id < ?")
            values.append(query.before)
        if query.text:
            where.append("instr(lower(details), lower(?))")
            values.append(json.dumps(query.text, ensure_ascii=True)[1:-1])
        sql = f"SELECT * FROM event WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"  # noqa: S608 # own words only
        return [_row(row) for row in self._store.read(sql, (*values, query.limit))]

    async def first_broken(self) -> int | None:
        """Return the id of the first row that does not follow from the one before; None when all do.

        Where rows are missing that is the one after them, or at the end the newest that was written.
        """
        start = self._checkpoint()
        if strange := start["broken"] or self._strange(start):
            return int(strange)
        chain, last, told = start["chain"], int(start["event"]), _NOTHING_CUT
        while rows := self._after(last):
            for row in rows:
                chain, last = _link(chain, tuple(row)[1:-1]), int(row["id"])
                if chain != row["chain"]:
                    return last
                told = _told(row) or told
            if len(rows) == _AT_ONCE:
                await asyncio.sleep(0)
                now = self._checkpoint()
                if now["event"] > last:  # it was cut meanwhile
                    chain, last = now["chain"], int(now["event"])
        head, end = self._head(), self._checkpoint()
        if chain != head["chain"]:
            return int(head["event"])
        said = (end["cut"], end["event"], end["chain"].hex(), end["broken"])
        return None if told == said else int(end["event"] + 1)

    def cut_rows(self) -> int:
        """Return how many rows were cut off in all."""
        return int(self._checkpoint()["cut"])

    def _checkpoint(self) -> Any:
        row = self._store.read("SELECT event, chain, cut, broken FROM checkpoint").fetchone()
        return row or {"event": 0, "chain": _START, "cut": 0, "broken": 0}

    def _after(self, last: int) -> list[sqlite3.Row]:
        return self._store.read(
            "SELECT id, at, component, name, severity, owner, says, details, chain FROM event"
            " WHERE id > ? ORDER BY id LIMIT ?",
            (last, _AT_ONCE),
        ).fetchall()

    def _head(self) -> Any:
        row = self._store.read("SELECT event, chain FROM head").fetchone()
        return row or {"event": 0, "chain": _START}


_NOTHING_CUT = (0, 0, _START.hex(), 0)


def _told(row: sqlite3.Row) -> tuple[int, int, str, int] | None:
    """Return what a row says of a cut, None when it does not."""
    if (row["component"], row["name"]) != (SUITE, JournalCut.__name__):
        return None
    details = json.loads(row["details"])
    return details["total"], details["last"], details["chain"], details["broken"]


def _link(previous: bytes, row: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(previous + json.dumps(row, ensure_ascii=True).encode("ascii")).digest()


def _row(row: sqlite3.Row) -> Row:
    return Row(
        row["id"], row["at"], row["component"], row["name"], row["severity"], row["owner"], row["says"],
        json.loads(row["details"]),
    )  # fmt: skip
