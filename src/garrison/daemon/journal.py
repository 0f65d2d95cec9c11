"""The journal: everything that happened, each row chained to the one before."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import Failed
from garrison.daemon.store import Store
from garrison.sdk import Event
from garrison.sdk.plain import to_plain

_START = b"\0" * 32


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
        self._connection = store.connection
        self._clock = clock
        row = self._connection.execute("SELECT chain FROM event ORDER BY id DESC LIMIT 1").fetchone()
        self._chain: bytes = row["chain"] if row else _START

    def append(self, component: str, event: Event, owner: int) -> None:
        """Add what happened. Raises Failed when the disk does not take it."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        details = json.dumps(to_plain(event), ensure_ascii=True, sort_keys=True)
        row = (at, component, type(event).__name__, event.severity.value, owner, event.says, details)
        chain = _link(self._chain, row)
        try:
            self._connection.execute(
                "INSERT INTO event (at, component, name, severity, owner, says, details, chain)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, chain),
            )
        except sqlite3.Error as error:
            raise Failed(f"The journal could not be written: {error}.", "Check the disk's free space.") from error
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
        return [_row(row) for row in self._connection.execute(sql, (*values, query.limit))]

    def first_broken(self) -> int | None:
        """Return the id of the first row whose chain does not hold; None when all do."""
        chain = _START
        for row in self._all():
            chain = _link(chain, tuple(row)[1:-1])
            if chain != row["chain"]:
                return int(row["id"])
        return None

    def _all(self) -> Iterator[sqlite3.Row]:
        yield from self._connection.execute(
            "SELECT id, at, component, name, severity, owner, says, details, chain FROM event ORDER BY id"
        )


def _link(previous: bytes, row: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(previous + json.dumps(row, ensure_ascii=True).encode("ascii")).digest()


def _row(row: sqlite3.Row) -> Row:
    return Row(
        row["id"], row["at"], row["component"], row["name"], row["severity"], row["owner"], row["says"],
        json.loads(row["details"]),
    )  # fmt: skip
