"""The journal: everything that happened, each row chained to the one before."""

import asyncio
import hashlib
import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from garrison.base.clock import Clock
from garrison.daemon.store import Store
from garrison.sdk import Event
from garrison.sdk.plain import to_plain

_START = b"\0" * 32
_AT_ONCE = 1000  # rows looked at before others have their turn


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
    limit: int = 100


class Journal:
    """Appends and reads rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # Not the chain of the last row that is there: what follows must not hide that one is missing.
        self._chain: bytes = self._head()["chain"]

    def append(self, component: str, event: Event, owner: int) -> None:
        """Add what happened. Raises Failed when the disk does not take it."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        details = json.dumps(to_plain(event), ensure_ascii=True, sort_keys=True)
        row = (at, component, type(event).__name__, event.severity.value, owner, event.says, details)
        chain = _link(self._chain, row)
        self._store.write(
            "INSERT INTO event (at, component, name, severity, owner, says, details, chain)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, chain),
        )
        self._chain = chain

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
        if query.text:
            where.append("instr(lower(details), lower(?))")
            values.append(json.dumps(query.text, ensure_ascii=True)[1:-1])
        sql = f"SELECT * FROM event WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"  # noqa: S608 # own words only
        return [_row(row) for row in self._store.read(sql, (*values, query.limit))]

    async def first_broken(self) -> int | None:
        """Return the id of the first row that does not follow from the one before; None when all do.

        Where rows are missing that is the one after them, or at the end the newest that was written.
        """
        chain, last = _START, -(2**63)  # the lowest id there can be
        while rows := self._after(last):
            for row in rows:
                chain, last = _link(chain, tuple(row)[1:-1]), int(row["id"])
                if chain != row["chain"]:
                    return last
            if len(rows) == _AT_ONCE:
                await asyncio.sleep(0)
        head = self._head()
        return None if chain == head["chain"] else int(head["event"])

    def _after(self, last: int) -> list[sqlite3.Row]:
        return self._store.read(
            "SELECT id, at, component, name, severity, owner, says, details, chain FROM event"
            " WHERE id > ? ORDER BY id LIMIT ?",
            (last, _AT_ONCE),
        ).fetchall()

    def _head(self) -> Any:
        row = self._store.read("SELECT event, chain FROM head").fetchone()
        return row or {"event": 0, "chain": _START}


def _link(previous: bytes, row: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(previous + json.dumps(row, ensure_ascii=True).encode("ascii")).digest()


def _row(row: sqlite3.Row) -> Row:
    return Row(
        row["id"], row["at"], row["component"], row["name"], row["severity"], row["owner"], row["says"],
        json.loads(row["details"]),
    )  # fmt: skip
