"""What pages show of plain results: tables by their columns, facts by their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from garrison.base.languages import Translator
from garrison.wire.manifest import Operation

_EVERY = 50  # rows a page


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """A page of a table. sort: the column it is sorted by, "-" before it for the other way round."""

    columns: list[Column]
    rows: list[Mapping[str, Any]]
    page: int
    pages: int
    sort: str


def only_shows(operation: Operation) -> bool:
    """Return whether an operation only shows something, so that its address may say all of what is asked."""
    is_secret = any(value.kind == "secret" for value in operation.parameters)
    return operation.access == "view" and not operation.is_task and not is_secret


def title_of(name: str, t: Translator) -> str:
    """Return what a field of a result is called."""
    return t.text(name.replace("_", " ").capitalize())


def table(rows: Sequence[Any], t: Translator, sort: str = "", page: str = "") -> Table:
    """Return a page of rows, of which all have the same fields; what is empty everywhere is left out."""
    known = [row if isinstance(row, Mapping) else {"value": row} for row in rows]
    names = list(known[0]) if known else []
    filled = [
        name for name in names if name != "details" and any(row.get(name) not in (None, "", [], {}) for row in known)
    ]
    by = sort.removeprefix("-")
    if by in filled:
        known = sorted(known, key=lambda row: _key(row.get(by)), reverse=sort.startswith("-"))
    pages = max(1, -(-len(known) // _EVERY))
    at = min(pages, int(page)) if page.isdecimal() and len(page) < 9 and int(page) else 1
    columns = [Column(name, title_of(name, t)) for name in filled]
    return Table(columns, known[(at - 1) * _EVERY : at * _EVERY], at, pages, sort if by in filled else "")


def _key(value: Any) -> tuple[bool, float, str]:
    is_number = isinstance(value, int | float)
    return is_number, float(value) if is_number else 0.0, "" if is_number else str(value).casefold()


def facts(result: Mapping[str, Any], t: Translator) -> list[tuple[str, Any]]:
    """Return the fields of a result with their titles; what is empty is left out."""
    return [(title_of(name, t), value) for name, value in result.items() if value not in (None, "", [], {})]
