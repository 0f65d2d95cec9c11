"""Keeps notices in the daemon's database, and tells whoever waits for them."""

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta

from garrison.abilities.notices import Notice, OpenQuestion
from garrison.base.clock import Clock
from garrison.base.errors import NotFound
from garrison.daemon.store import Store
from garrison.sdk import Caller, Severity
from garrison.sdk.plain import to_plain

_DAYS, _MOST = 90, 1000
_NEXT = (
    "SELECT 1 + max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0),"
    " coalesce((SELECT max(id) FROM question), 0))"
)


class NoticeBoard:
    """Notices of all accounts. questions_of: returns an account's open questions."""

    def __init__(
        self, store: Store, clock: Clock, questions_of: Callable[[Caller], list[OpenQuestion]] = lambda _: []
    ) -> None:
        self._store = store
        self._clock = clock
        self._days, self._most = _DAYS, _MOST
        self._changed = asyncio.Event()
        self.questions = questions_of

    def limit(self, days: int, most: int) -> None:
        """Keep notices for so many days, and so many of them."""
        self._days, self._most = days, most

    def next_number(self) -> int:
        """Return the number of the next notice or question."""
        return int(self._store.read(_NEXT).fetchone()[0])

    def newest(self) -> int:
        """Return the number of the newest notice or question that there ever was."""
        return self.next_number() - 1

    def keep(self, notice: Notice) -> int:
        """Keep a notice, and let go of those that are too old or too many. Raises Failed."""
        details = json.dumps(to_plain(notice.details), ensure_ascii=True)
        now = self._clock.now()
        with self._store.all_or_nothing():
            number = self._store.write(
                "INSERT INTO notice (id, at, component, name, severity, owner, says, details, more, on_desktop)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.next_number(),
                    now.isoformat(timespec="seconds"),
                    notice.component,
                    notice.name,
                    notice.severity.value,
                    notice.owner,
                    notice.says,
                    details,
                    notice.more,
                    notice.on_desktop,
                ),
            )
            self._store.write(
                "DELETE FROM notice WHERE id IN (SELECT id FROM notice ORDER BY id DESC LIMIT -1 OFFSET ?)",
                (self._most,),
            )
            before = (now - timedelta(days=self._days)).timestamp()
            self._store.write("DELETE FROM notice WHERE CAST(strftime('%s', at) AS INTEGER) < ?", (int(before),))
        self.tell()
        return number

    def all(self, caller: Caller, *, with_read: bool = False) -> list[Notice]:
        """Return the notices that an account may see, oldest first."""
        return [each for each in self._rows(caller, 0, -1) if with_read or not each.is_read]

    def after(self, caller: Caller, number: int, limit: int) -> list[Notice]:
        """Return what an account is told that is newer than a number, oldest first."""
        return self._rows(caller, number, limit)

    def unread(self, caller: Caller) -> int:
        """Return how many notices an account has not read."""
        return len(self.all(caller))

    def mark_read(self, caller: Caller, number: int | None) -> int:
        """Note that an account has read a notice, or all of its own; return how many. Raises NotFound."""
        wanted = [each for each in self.all(caller, with_read=True) if number in {None, each.id}]
        if number is not None and not wanted:
            raise NotFound("There is no notice {number}.", "garrison inbox shows them.", number=number)
        unread = [each for each in wanted if not each.is_read]
        for each in unread:
            self._store.write(
                "INSERT OR IGNORE INTO notice_read (notice, uid) VALUES (?, ?)", (each.id, _voice(caller))
            )
        self.tell()
        return len(unread)

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Wait until there is a notice more, or a question more or less."""
        await self._changed.wait()

    def _rows(self, caller: Caller, after: int, limit: int) -> list[Notice]:
        owners = (0, os.geteuid()) if caller.is_owner else (caller.uid, caller.uid)
        rows = self._store.read(
            "SELECT *, EXISTS (SELECT 1 FROM notice_read WHERE notice = id AND uid = ?) AS is_read FROM notice"
            " WHERE id > ? AND owner IN (?, ?) ORDER BY id LIMIT ?",
            (_voice(caller), after, *owners, limit),
        ).fetchall()
        return [_notice(row) for row in rows]


def _voice(caller: Caller) -> int:
    """Return for whom an account speaks: root and the account that the suite runs as are one."""
    return os.geteuid() if caller.is_owner else caller.uid


def _notice(row: sqlite3.Row) -> Notice:
    return Notice(
        component=row["component"],
        name=row["name"],
        severity=Severity(row["severity"]),
        owner=row["owner"],
        says=row["says"],
        details=json.loads(row["details"]),
        more=row["more"],
        on_desktop=bool(row["on_desktop"]),
        id=row["id"],
        at=row["at"],
        is_read=bool(row["is_read"]),
    )
