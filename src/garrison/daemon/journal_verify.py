"""Says what of the journal is not as it was written, and from which row on."""

import asyncio
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from garrison.daemon.journal import Journal, read_sealed
from garrison.daemon.journal_cut import COLUMNS, strange
from garrison.daemon.seal import Sealed, link
from garrison.sdk import Text

_AT_ONCE = 400  # rows looked at before others have their turn
_MOST = 20  # problems that are told


class Wrong(StrEnum):
    """What may be wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    END = "end"
    CUT = "cut"
    SEAL = "seal"
    KEY = "key"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. last: of the rows that it concerns."""

    wrong: Wrong
    row: int
    last: int

    def text(self) -> Text:
        """Return it in words."""
        row, last = self.row, self.last
        texts = {
            Wrong.CHANGED: Text("Row {row} was changed, or one was put in its place.", row=row),
            Wrong.MISSING: Text("Rows from {row} to {last} are missing.", row=row, last=last),
            Wrong.ADDED: Text(
                "Row {row} is none of the journal's own: it stands before its beginning or behind its end.", row=row
            ),
            Wrong.END: Text("The journal's end, row {row}, is not the one that was written last.", row=row),
            Wrong.CUT: Text("Row {row} had been changed before the journal's limits cut it off.", row=row),
            Wrong.SEAL: Text(
                "The seal on the journal's end, row {row}, is not genuine: the end or the beginning was forged.",
                row=row,
            ),
            Wrong.KEY: Text(
                "The journal's end, row {row}, is sealed with another key than the one beside it.", row=row
            ),
            Wrong.BEFORE: Text("A seal that was not genuine was found before; row {row} tells of it.", row=row),
        }
        return texts[self.wrong]


@dataclass(slots=True)
class Verifying:
    """One look at a journal. heads: chains that are looked for on the way, and the rows that bear them."""

    journal: Journal
    heads: dict[bytes, int]
    problems: list[Problem]
    rows: int = 0

    @classmethod
    def of(cls, journal: Journal, *heads: bytes) -> "Verifying":
        """Return it for a journal."""
        return cls(journal, dict.fromkeys(heads, 0), [])

    async def run(self) -> list[Problem]:
        """Return what is wrong, in the order of the rows; others have their turn meanwhile. Raises Failed."""
        if self.journal.is_unsealed:
            self.journal.settle()
        store = self.journal.store
        start, _, _ = read_sealed(store)
        if found := strange(store, start.cut_event):
            self._add(Wrong.ADDED, found)
        if start.cut_broken:
            self._add(Wrong.CUT, start.cut_broken)
        chain, last = await self._links(start)
        self._at_the_end(chain, last)
        if start.broken:
            self._add(Wrong.BEFORE, start.broken)
        return self.problems

    async def _links(self, start: Sealed) -> tuple[bytes, int]:
        chain, last = start.cut_chain, start.cut_event
        while rows := self._after(last):
            for row in rows:
                chain, last = self._link(chain, last, row)
            if len(rows) < _AT_ONCE:
                break
            await asyncio.sleep(0)
            now = self.journal.sealed
            if now.cut_event > last:  # it was cut meanwhile
                chain, last = now.cut_chain, now.cut_event
        return chain, last

    def _link(self, chain: bytes, last: int, row: sqlite3.Row) -> tuple[bytes, int]:
        here = int(row["id"])
        self.rows += 1
        if here != last + 1:
            self._add(Wrong.MISSING, last + 1, here - 1)
        elif link(chain, tuple(row)[1:-1]) != row["chain"]:
            self._add(Wrong.CHANGED, here)
        if row["chain"] in self.heads:
            self.heads[row["chain"]] = here
        return row["chain"], here

    def _at_the_end(self, chain: bytes, last: int) -> None:
        sealed, mac, key = read_sealed(self.journal.store)
        if last < sealed.event:
            self._add(Wrong.MISSING, last + 1, sealed.event)
        elif last > sealed.event:
            self._add(Wrong.ADDED, sealed.event + 1)
        elif chain != sealed.chain:
            self._add(Wrong.END, sealed.event)
        if (mac or last) and not self.journal.key.is_genuine(sealed, mac):
            self._add(Wrong.SEAL if key == self.journal.key.name else Wrong.KEY, sealed.event)

    def _add(self, wrong: Wrong, row: int, last: int = 0) -> None:
        if len(self.problems) < _MOST:
            self.problems.append(Problem(wrong, row, last or row))

    def _after(self, last: int) -> list[sqlite3.Row]:
        return self.journal.store.read(
            f"SELECT {COLUMNS} FROM event WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 # own words
            (last, _AT_ONCE),
        ).fetchall()


async def first_broken(journal: Journal) -> int | None:
    """Return the row of the first problem, None when there is none. Raises Failed."""
    problems = await Verifying.of(journal).run()
    return problems[0].row if problems else None
