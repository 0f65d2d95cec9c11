"""The daemon's database: opened, brought up to date by numbered migrations, set aside when damaged."""

import contextlib
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable

_FILE = "journal.sqlite3"
_TROUBLE = (sqlite3.Error, UnicodeError, OverflowError)  # the latter two: values that no database holds
_LONGEST_LOG_PAGES = 8000
_HINT = "Check the disk's free space, and who owns the file."


class Store:
    """One SQLite database. set_aside: where a damaged one was moved to, "" when it was sound."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Open it. Raises Unavailable when a newer Garrison wrote it, Failed when the disk is full."""
        self.set_aside = ""
        self.path = folder / _FILE
        try:
            self.connection = self._open()
        except sqlite3.OperationalError as error:
            raise Failed("The journal {path} cannot be opened: {error}.", _HINT, path=self.path, error=error) from error
        except sqlite3.DatabaseError:
            self._put_aside(clock)
            self.connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=5.0)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new one
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            _check(connection)
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self.path.chmod(0o600)
        return connection

    @staticmethod
    def _migrate(connection: sqlite3.Connection) -> None:
        folder = resources.files("garrison.daemon").joinpath("migrations")
        scripts = [file for file in folder.iterdir() if file.name.endswith(".sql")]
        numbered = {int(file.name.removesuffix(".sql")): file for file in scripts}
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > max(numbered):
            raise Unavailable("The journal was written by a newer Garrison.", "Upgrade Garrison; nothing was changed.")
        for number in range(version + 1, max(numbered) + 1):
            script = numbered[number].read_text("utf-8")
            connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")

    def _put_aside(self, clock: Clock) -> None:
        stamp = clock.now().strftime("%Y%m%d-%H%M%S")
        aside = self.path.with_name(f"{_FILE}.damaged-{stamp}")
        for suffix in ("-shm", "-wal", ""):  # the file itself last: after a kill in between this is done again
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(_FILE + suffix).replace(aside.with_name(aside.name + suffix))
        self.set_aside = str(aside)

    def read(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Return what a query finds. Raises Failed."""
        try:
            return self.connection.execute(sql, values)
        except _TROUBLE as error:
            raise Failed("The journal could not be read: {error}.", _HINT, error=error) from error

    def write(self, sql: str, values: tuple[Any, ...]) -> int:
        """Change something, all or nothing, and return the id of the row that was added. Raises Failed."""
        try:
            return self.connection.execute(sql, values).lastrowid or 0
        except _TROUBLE as error:
            raise Failed("The journal could not be written: {error}.", _HINT, error=error) from error

    @contextlib.contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Make what is written within one change. Raises Failed."""
        self.write("BEGIN IMMEDIATE", ())
        try:
            yield
            self.write("COMMIT", ())
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # it has ended by itself
                self.connection.execute("ROLLBACK")
            raise

    def used_bytes(self) -> int:
        """Return how many bytes of the file hold something."""
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (int(self.read(f"PRAGMA {name}").fetchone()[0]) for name in names)
        return (pages - free) * size

    def shrink(self, pages: int) -> None:
        """Give some of what is free in the file back to the disk."""
        self.read(f"PRAGMA incremental_vacuum({pages})").fetchall()

    def leave_log_to_others(self) -> None:
        """Let somebody else call `empty_log` while it is short: whoever writes would have to wait for the disk."""
        self.read(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG_PAGES}").fetchall()

    def empty_log(self) -> None:
        """Move what was written into the file itself, as far as nobody is in the way. May be called in a thread."""
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self.path, timeout=0.0)) as another:
            another.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close it."""
        self.connection.close()


def _check(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("the database is damaged")
