"""Connections that only read the journal, for work in a thread while the daemon goes on writing."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from garrison.base.errors import Failed

_MAP_BYTES = 4 * 1024**3


def as_address(path: Path) -> str:
    """Return a database's address for reading only."""
    return f"file:{quote(os.fsencode(path))}?mode=ro"


@contextlib.contextmanager
def reading(journal: Path) -> Iterator[sqlite3.Connection]:
    """Open the journal, with its index as `search` where there is one. Raises Failed, also for what is done within."""
    index = journal.with_name("search.sqlite3")
    try:
        with contextlib.closing(sqlite3.connect(as_address(journal), uri=True, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA mmap_size = {_MAP_BYTES}")
            if index.exists():
                connection.execute("ATTACH ? AS search", (as_address(index),))
            yield connection
    except (sqlite3.Error, UnicodeError, OverflowError) as error:
        raise Failed(
            "The journal could not be read: {error}.", "garrison report verify says whether it is sound.", error=error
        ) from error
