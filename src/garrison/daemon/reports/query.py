"""What is asked of the journal, and what comes back: the one query model of pages, charts and exports."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from garrison.base.errors import Invalid

HOUR_SECONDS = 3600
SEVERITIES = ("critical", "important", "info")  # as they rank


class Sort(StrEnum):
    """How rows are ordered; those alike, the newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SEVERITY = "severity"
    COMPONENT = "component"
    EVENT = "event"


class Group(StrEnum):
    """By what rows are put together."""

    NONE = "none"
    COMPONENT = "component"
    SEVERITY = "severity"
    EVENT = "event"
    DAY = "day"


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

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Row":
        """Return a row of the database."""
        return cls(
            row["id"], row["at"], row["component"], row["name"], row["severity"], row["owner"], row["says"],
            json.loads(row["details"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, and in which order.

    owner: None for everybody's. columns: a text that a column (component, name, severity or a field of the event) must
    hold. after: the cursor that the page before gave.
    """

    owner: int | None = None
    components: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    sort: Sort = Sort.NEWEST
    after: str = ""
    limit: int = 100

    @property
    def is_of_whole_hours(self) -> bool:
        """Whether the period begins and ends with an hour, so that counts of it are exact."""
        return all(end is None or end.timestamp() % HOUR_SECONDS == 0 for end in (self.since, self.until))

    def holds(self, row: Row) -> bool:
        """Whether a row, of a kind that is wanted, is within the period and its columns hold the texts."""
        if self.since is not None or self.until is not None:
            at = moment_of(row.at)
            if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
                return False
        return all(text.casefold() in _column(row, name).casefold() for name, text in self.columns)


def moment_of(at: str) -> datetime:
    """Return when a row was written; 1970 where that cannot be told."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:  # somebody changed it
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _column(row: Row, name: str) -> str:
    own = {"component": row.component, "name": row.name, "severity": row.severity, "account": str(row.owner)}
    return own[name] if name in own else str(row.details.get(name, ""))


def hour_of(moment: datetime) -> int:
    """Return the hours since 1970."""
    return int(moment.timestamp() // HOUR_SECONDS)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: in which part of the order, and after which row."""

    part: int = 0
    row: int = 0

    def __str__(self) -> str:
        return f"{self.part}.{self.row}"

    @classmethod
    def read(cls, untrusted: str) -> "Cursor | None":
        """Return it, None for "". Raises Invalid."""
        if not untrusted:
            return None
        part, dot, row = untrusted.partition(".")
        if not (dot and part.isdecimal() and row.isdecimal() and len(untrusted) <= 30):
            raise Invalid("after: no page ended there.", "Give what the page before said.")
        return cls(int(part), int(row))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows. after: the cursor of what follows, "" at the end. is_whole: False when time was up before it was full."""

    rows: list[Row]
    after: str
    is_whole: bool
    total: int | None
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one account, component, name and severity: how many, and between which ids."""

    id: int
    owner: int
    component: str
    name: str
    severity: str
    says: str
    count: int
    first: int
    last: int

    @property
    def key(self) -> tuple[int, str, str, str]:
        """What makes it the kind it is."""
        return self.owner, self.component, self.name, self.severity
