"""The daemon's database: opened, brought up to date by numbered migrations, set aside when damaged."""

import contextlib
import sqlite3
from importlib import resources
from pathlib import Path

from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable

_FILE = "journal.sqlite3"


class Store:
    """One SQLite database. set_aside: where a damaged one was moved to, "" when it was sound."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Open it. Raises Unavailable when a newer Garrison wrote it, Failed when the disk is full."""
        self.set_aside = ""
        self.path = folder / _FILE
        try:
            self.connection = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise Failed(f"The journal cannot be opened: {error}.", "Check the disk's free space.") from error
            self._put_aside(clock)
            self.connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=5.0)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self.path.chmod(0o600)
        return connection

    @staticmethod
    def _migrate(connection: sqlite3.Connection) -> None:
        scripts = sorted(
            (file for file in resources.files("garrison.daemon").joinpath("migrations").iterdir()),
            key=lambda file: file.name,
        )
        numbered = {int(file.name.removesuffix(".sql")): file for file in scripts if file.name.endswith(".sql")}
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > max(numbered):
            raise Unavailable("The journal was written by a newer Garrison.", "Upgrade Garrison; nothing was changed.")
        for number in range(version + 1, max(numbered) + 1):
            script = numbered[number].read_text("utf-8")
            connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")

    def _put_aside(self, clock: Clock) -> None:
        stamp = clock.now().strftime("%Y%m%d-%H%M%S")
        aside = self.path.with_name(f"{_FILE}.damaged-{stamp}")
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(_FILE + suffix).unlink()
        self.set_aside = str(aside)

    def close(self) -> None:
        """Close it."""
        self.connection.close()
