"""Where in a long journal a text stands: an index of three letters at a time, made in the background.

It is kept beside the journal, in blocks of rows that are full: adding an event costs nothing, a block goes with the
rows that are cut off, and a lost index is made again. It only says where to look: every row is compared with the text.
Source: the trigram tokenizer of SQLite's FTS5, section 4.3.4.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from garrison.daemon.reports.connecting import as_address

BLOCK_ROWS = 32_768
SHORTEST = 3  # characters
_FILE = "search.sqlite3"
_MOST_PARTS = 16  # of a long text that are looked up
_BLOCK = "block_"


def index_path(journal: Path) -> Path:
    """Return where the index of a journal is."""
    return journal.with_name(_FILE)


def blocks(connection: sqlite3.Connection, schema: str = "search") -> set[int]:
    """Return the numbers of the blocks that are indexed: block n holds the rows from n * BLOCK_ROWS on."""
    found = connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND sql LIKE '%fts5%'")  # noqa: S608
    return {int(name.removeprefix(_BLOCK)) for (name,) in found}


def matches(
    connection: sqlite3.Connection, block: int, text: str, bounds: tuple[int, int], size: int, order: str
) -> list[int]:
    """Return the ids of rows of a block, above the first bound and below the second, that may hold a text."""
    name = f"{_BLOCK}{block}"
    where = f"{name} MATCH ? AND rowid > ? AND rowid < ?"
    sql = f"SELECT rowid FROM search.{name} WHERE {where} ORDER BY rowid {order} LIMIT ?"  # noqa: S608 # own words
    return [row[0] for row in connection.execute(sql, (_expression(text), *bounds, size))]


def _expression(text: str) -> str:
    starts = range(len(text) - SHORTEST + 1)
    step = max(1, -(-len(starts) // _MOST_PARTS))
    parts = dict.fromkeys(text[start : start + SHORTEST] for start in starts[::step])
    return " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)


class TextIndex:
    """Makes and forgets blocks. Its methods may take seconds, and are called in a thread."""

    def __init__(self, journal: Path, block_rows: int = BLOCK_ROWS) -> None:
        self._journal = journal
        self._path = index_path(journal)
        self._rows = block_rows

    def keep_up(self) -> int:
        """Index the newest full block that is not, forget those whose rows are gone; return how many were missing."""
        try:
            with contextlib.closing(self._open()) as connection:
                return self._keep_up(connection)
        except sqlite3.DatabaseError:  # damaged: it is only an index
            self._path.unlink(missing_ok=True)
            return 0

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, uri=True)
        try:
            self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("ATTACH ? AS journal", (as_address(self._journal),))
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep_up(self, connection: sqlite3.Connection) -> int:
        oldest, newest = connection.execute("SELECT min(id), max(id) FROM journal.event").fetchone()
        if oldest is None:
            return 0
        there = blocks(connection, "main")
        for block in there - set(range(max(oldest, 0) // self._rows, newest // self._rows)):
            connection.execute(f"DROP TABLE {_BLOCK}{block}")
        missing = [block for block in self._full(oldest, newest) if block not in there]
        for block in missing[:1]:  # the newest
            self._add(connection, block)
        return len(missing)

    def _full(self, oldest: int, newest: int) -> Iterator[int]:
        yield from reversed(range(max(oldest, 0) // self._rows, newest // self._rows))

    def _add(self, connection: sqlite3.Connection, block: int) -> None:
        name, start = f"{_BLOCK}{block}", block * self._rows
        connection.execute("BEGIN")
        with connection:
            connection.execute(
                f"CREATE VIRTUAL TABLE {name} USING"
                " fts5(details, content='', detail='none', columnsize=0, tokenize='trigram')"
            )
            connection.execute(
                f"INSERT INTO {name} (rowid, details)"  # noqa: S608 # own words
                " SELECT id, details FROM journal.event WHERE id >= ? AND id < ?",
                (start, start + self._rows),
            )
            connection.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")  # noqa: S608
