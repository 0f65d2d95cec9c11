"""Exports: rows in a format of choice, a part at a time, so that it takes as little memory for a million as for ten."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from garrison.base.errors import Refused
from garrison.base.files import explain, sync_folder
from garrison.daemon.reports.desk import ReportsDesk
from garrison.daemon.reports.formats import Format, body, end, start
from garrison.daemon.reports.query import Query, Row
from garrison.linux.acting import Acting
from garrison.sdk import Caller

PART_ROWS = 1000
_MODE = 0o600


class Export:
    """One export of the rows of a query."""

    def __init__(self, desk: ReportsDesk, query: Query, kind: Format, title: str) -> None:
        self._desk = desk
        self._query = query
        self._kind = kind
        self._title = title

    async def part(self, after: str) -> tuple[str, str, int]:
        """Return a part as text, the cursor of what follows ("" at the end), and how many rows are in it.

        after: "" for the first part. Raises Invalid, Failed.
        """
        query = replace(self._query, after=after, limit=PART_ROWS)
        page = await self._desk.page(query, in_time=False)
        text = await self._desk.apart(lambda: self._text(page.rows, is_first=not after, is_last=not page.after))
        return text, page.after, len(page.rows)

    def _text(self, rows: list[Row], is_first: bool, is_last: bool) -> str:
        before = start(self._kind, self._title) if is_first else ""
        return before + body(self._kind, rows) + (end(self._kind) if is_last else "")

    async def write(self, to: Path, caller: Caller, replaces: bool, on_rows: Callable[[int], None]) -> int:
        """Write all of it to a file, with the caller's rights, all or nothing; return how many rows it has.

        on_rows: told how many are written so far. Raises Refused when the file is there and not to be replaced, and
        what `files.explain` makes of an OSError.
        """
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            fresh = to.with_name(f".{to.name}.new")
            file = await acting.run(_open, to, fresh, replaces)
            try:
                rows = await self._fill(acting, file, to, on_rows)
                await acting.run(_finish, file, fresh, to, replaces)
            except BaseException:
                await acting.run(_give_up, file, fresh)
                raise
        return rows

    async def _fill(self, acting: Acting, file: BinaryIO, to: Path, on_rows: Callable[[int], None]) -> int:
        after, rows, is_more = "", 0, True
        while is_more:
            text, after, count = await self.part(after)
            await acting.run(_write, file, text, to)
            rows, is_more = rows + count, bool(after)
            on_rows(rows)
        return rows


def _open(to: Path, fresh: Path, replaces: bool) -> BinaryIO:
    if os.path.lexists(to) and not (replaces and to.is_file() and not to.is_symlink()):
        raise Refused("{path} is there already.", "Name another file, or say --replace.", path=str(to))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return open(os.open(fresh, flags, _MODE), "wb")
    except OSError as error:
        raise explain(error, "write {path}", path=to) from error


def _write(file: BinaryIO, text: str, to: Path) -> None:
    try:
        file.write(text.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise explain(error, "write {path}", path=to) from error


def _finish(file: BinaryIO, fresh: Path, to: Path, replaces: bool) -> None:
    try:
        file.flush()
        os.fsync(file.fileno())
        if replaces:
            os.replace(fresh, to)
        else:
            os.link(fresh, to)  # fails where somebody made it meanwhile
            fresh.unlink()
        sync_folder(to.parent)
        file.close()
    except OSError as error:
        raise explain(error, "write {path}", path=to) from error


def _give_up(file: BinaryIO, fresh: Path) -> None:
    with contextlib.suppress(OSError):
        fresh.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        file.close()
