"""Finds a page of rows: by their kinds and places, and by the text index; a page takes no longer than its time."""

import heapq
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from garrison.daemon.reports.kinds import kinds_of, parts_of
from garrison.daemon.reports.query import Cursor, Kind, Page, Query, Row, Sort
from garrison.daemon.reports.text_index import BLOCK_ROWS, SHORTEST, blocks, matches

PAGE_SECONDS = 0.12  # what a page may take; what is not searched by then comes with the next one
_FEW_ROWS = 20_000  # that are read one by one sooner than an index is asked
_MANY_KINDS = 50
_MOST_AT_ONCE = 2_048
_FETCHED_AT_ONCE = 512
_END = 2**62

Source = Callable[[int, int, int], list[int]]  # ids above, ids below, how many: ids in order
Chunk = tuple[list[int], int]  # rows, and the id up to which nothing else was found


@dataclass(slots=True)
class Search:
    """One query. block_rows: of the text index. seconds: what a page may take; None for as long as it needs."""

    connection: sqlite3.Connection
    query: Query
    seconds: float | None = PAGE_SECONDS
    block_rows: int = BLOCK_ROWS
    _ends: float = field(default=0.0, init=False)
    _needle: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Prepare the text as the rows hold it: as JSON in plain ASCII."""
        self._needle = json.dumps(self.query.text, ensure_ascii=True)[1:-1].lower()
        self._ends = time.monotonic() + (self.seconds if self.seconds is not None else float("inf"))

    @property
    def _is_newest_first(self) -> bool:
        return self.query.sort is not Sort.OLDEST

    @property
    def _order(self) -> str:
        return "DESC" if self._is_newest_first else "ASC"

    def page(self) -> Page:
        """Return the page."""
        kinds = kinds_of(self.connection, self.query)
        parts = parts_of(kinds, self.query.sort)
        at = Cursor.read(self.query.after) or Cursor()
        rows: list[Row] = []
        ends: list[Cursor] = []
        for number in range(at.part, len(parts)):
            started = at.row if number == at.part else 0
            for found, reached in self._part(parts[number], started):
                rows += found
                ends += [Cursor(number, row.id) for row in found]
                if len(rows) > self.query.limit:
                    last = self.query.limit - 1  # of this part of the order, or of an earlier one
                    return self._made(kinds, rows[: self.query.limit], ends[last], is_whole=True)
                if time.monotonic() > self._ends:
                    return self._made(kinds, rows, Cursor(number, reached), is_whole=False)
        return self._made(kinds, rows, None, is_whole=True)

    def _made(self, kinds: list[Kind], rows: list[Row], after: Cursor | None, is_whole: bool) -> Page:
        total: int | None = sum(kind.count for kind in kinds)
        is_exact = self.query.is_of_whole_hours
        if self.query.text or self.query.columns or not is_exact:
            is_first = not self.query.after
            if is_first and after is None:
                total, is_exact = len(rows), True
            elif self.query.text or self.query.columns:
                total, is_exact = self._estimate(kinds, rows, after) if is_first else None, False
        return Page(rows, str(after or ""), is_whole, total, is_exact)

    @staticmethod
    def _estimate(kinds: list[Kind], rows: list[Row], after: Cursor | None) -> int | None:
        """Return how many rows there may be in all, as there are in the part that was searched."""
        if after is None or after.part or not rows:
            return None
        first, last = min(kind.first for kind in kinds), max(kind.last for kind in kinds)
        searched = max(abs(last - after.row), 1) if after.row <= last else 1
        share = min(1.0, searched / max(last - first, 1))
        return max(len(rows), round(len(rows) / share))

    def _part(self, kinds: list[Kind], started: int) -> Iterator[tuple[list[Row], int]]:
        """Yield the rows of a part of the order, a few at a time, with the id that was reached."""
        keys = {kind.key for kind in kinds}
        for ids, reached in self._ids(kinds, started):
            yield [row for row in self._fetched(ids) if self._is_of(row, keys) and self.query.holds(row)], reached

    @staticmethod
    def _is_of(row: Row, keys: set[tuple[int, str, str, str]]) -> bool:
        return (row.owner, row.component, row.name, row.severity) in keys

    def _fetched(self, ids: list[int]) -> Iterator[Row]:
        for start in range(0, len(ids), _FETCHED_AT_ONCE):
            some = ids[start : start + _FETCHED_AT_ONCE]
            sql = (  # own words only
                "SELECT id, at, component, name, severity, owner, says, details FROM event"  # noqa: S608
                f" WHERE id IN ({', '.join('?' * len(some))}) {self._with_text} ORDER BY id {self._order}"
            )
            for row in self.connection.execute(sql, (*some, *self._text_values)):
                yield Row.of(row)

    @property
    def _with_text(self) -> str:
        return "AND (instr(lower(details), ?) OR instr(lower(says), ?))" if self.query.text else ""

    @property
    def _text_values(self) -> tuple[str, ...]:
        return (self._needle, _storable(self.query.text.lower())) if self.query.text else ()

    def _ids(self, kinds: list[Kind], started: int) -> Iterator[Chunk]:
        """Yield ids of rows that may be wanted, in order, each time with the id up to which all were named."""
        if not kinds:
            return
        low, high = min(kind.first for kind in kinds) - 1, max(kind.last for kind in kinds) + 1
        if started and self._is_newest_first:
            high = min(high, started)
        elif started:
            low = max(low, started)
        if self.query.text and sum(kind.count for kind in kinds) > _FEW_ROWS:
            yield from self._by_text(kinds, low, high)
        else:
            yield from self._chunks(self._by_kinds(kinds), low, high)

    def _chunks(self, sources: list[Source], low: int, high: int) -> Iterator[Chunk]:
        """Yield what the sources name between two ids, put together in order."""
        size = min(self.query.limit + 1, _MOST_AT_ONCE)
        pick = heapq.nlargest if self._is_newest_first else heapq.nsmallest
        while low + 1 < high:
            ids = pick(size, {id_ for source in sources for id_ in source(low, high, size)})
            if len(ids) < size:
                yield ids, low + 1 if self._is_newest_first else high - 1
                return
            yield ids, ids[-1]
            low, high = (low, ids[-1]) if self._is_newest_first else (ids[-1], high)
            size = min(2 * size, _MOST_AT_ONCE)

    def _by_kinds(self, kinds: list[Kind]) -> list[Source]:
        there: int = self.connection.execute("SELECT sum(count) FROM kind").fetchone()[0] or 0
        if len(kinds) > _MANY_KINDS and sum(kind.count for kind in kinds) * 2 > there:
            return [self._all]  # most rows are wanted: it is shorter to look at them all
        return [self._places(kind) for kind in kinds]

    def _places(self, kind: Kind) -> Source:
        sql = f"SELECT event FROM place WHERE kind = ? AND event > ? AND event < ? ORDER BY event {self._order} LIMIT ?"  # noqa: S608

        def places(low: int, high: int, size: int) -> list[int]:
            return [row[0] for row in self.connection.execute(sql, (kind.id, low, high, size))]

        return places

    def _all(self, low: int, high: int, size: int) -> list[int]:
        sql = f"SELECT id FROM event WHERE id > ? AND id < ? ORDER BY id {self._order} LIMIT ?"  # noqa: S608
        return [row[0] for row in self.connection.execute(sql, (low, high, size))]

    def _with(self, low: int, high: int, size: int) -> list[int]:
        sql = f"SELECT id FROM event WHERE id > ? AND id < ? {self._with_text} ORDER BY id {self._order} LIMIT ?"  # noqa: S608
        return [row[0] for row in self.connection.execute(sql, (low, high, *self._text_values, size))]

    def _by_text(self, kinds: list[Kind], low: int, high: int) -> Iterator[Chunk]:
        """Yield the rows that the index names, block by block; where there is none every row is looked at."""
        attached = {row[1] for row in self.connection.execute("PRAGMA database_list")}
        indexed = blocks(self.connection) if "search" in attached and len(self._needle) >= SHORTEST else set()
        text = self.query.text.lower()
        telling = [self._places(kind) for kind in kinds if text in kind.says.lower()]
        for block in self._blocks(low, high):
            start = block * self.block_rows
            bounds = max(low, start - 1), min(high, start + self.block_rows)
            if block in indexed:
                yield from self._chunks([self._of_block(block), *telling], *bounds)
            else:
                yield from self._chunks([self._with], *bounds)

    def _blocks(self, low: int, high: int) -> Iterable[int]:
        numbers = range((low + 1) // self.block_rows, (high - 1) // self.block_rows + 1)
        return reversed(numbers) if self._is_newest_first else numbers

    def _of_block(self, block: int) -> Source:
        def of_block(low: int, high: int, size: int) -> list[int]:
            return matches(self.connection, block, self._needle, (low, high), size, self._order)

        return of_block


def _storable(text: str) -> str:
    """Return a text that a database takes; sentences, unlike details, hold no undecodable bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def page_of(connection: sqlite3.Connection, query: Query) -> Page:
    """Return a page of rows."""
    return Search(connection, query).page()


def all_rows(connection: sqlite3.Connection, query: Query, at_once: int = 1000) -> Iterator[tuple[list[Row], str]]:
    """Yield all rows that a query wants, a few at a time, each time with the cursor of what follows."""
    after = query.after
    while True:
        page = Search(connection, replace(query, after=after, limit=at_once)).page()
        yield page.rows, page.after
        after = page.after
        if not after:
            return
