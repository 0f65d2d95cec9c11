"""Which kinds of rows a query wants, in the parts of its order, and how many there are."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from garrison.daemon.reports.query import HOUR_SECONDS, SEVERITIES, Group, Kind, Query, Sort, hour_of

_ALL = "SELECT id, owner, component, name, severity, says, count, first, last FROM kind WHERE count > 0"
_OF_PERIOD = (
    "SELECT kind.id, owner, component, name, severity, says, told.count, told.first, told.last FROM"
    " (SELECT kind, sum(count) AS count, min(first) AS first, max(last) AS last FROM tally"
    " WHERE hour >= ? AND hour <= ? GROUP BY kind) AS told JOIN kind ON kind.id = told.kind"
)
_MANY_KINDS = 8
_FIRST_HOUR, _LAST_HOUR = 0, 2**62


def hours_of(query: Query) -> tuple[int, int]:
    """Return the first and the last hour that a query's period touches."""
    first = _FIRST_HOUR if query.since is None else hour_of(query.since)
    if query.until is None:
        return first, _LAST_HOUR
    return first, hour_of(query.until) - (query.until.timestamp() % HOUR_SECONDS == 0)


def kinds_of(connection: sqlite3.Connection, query: Query) -> list[Kind]:
    """Return the kinds that a query wants, with the counts of the hours that its period touches."""
    is_ever = query.since is None and query.until is None
    found = connection.execute(_ALL) if is_ever else connection.execute(_OF_PERIOD, hours_of(query))
    return [kind for kind in (Kind(*row) for row in found) if _is_wanted(kind, query)]


def _is_wanted(kind: Kind, query: Query) -> bool:
    return (
        (query.owner is None or kind.owner == query.owner)
        and (not query.components or kind.component in query.components)
        and (not query.severities or kind.severity in query.severities)
        and (not query.events or kind.name in query.events)
    )


def _rank(severity: str) -> str:
    return str(SEVERITIES.index(severity)) if severity in SEVERITIES else severity


_KEYS: dict[Sort, Callable[[Kind], str]] = {
    Sort.SEVERITY: lambda kind: _rank(kind.severity),
    Sort.COMPONENT: lambda kind: kind.component,
    Sort.EVENT: lambda kind: kind.name,
}


def parts_of(kinds: Iterable[Kind], sort: Sort) -> list[list[Kind]]:
    """Return the kinds in the parts of an order: the rows of one part all come before those of the next."""
    key = _KEYS.get(sort)
    if key is None:
        return [list(kinds)]
    parts: dict[str, list[Kind]] = defaultdict(list)
    for kind in kinds:
        parts[key(kind)].append(kind)
    return [parts[name] for name in sorted(parts)]


def counts_by(connection: sqlite3.Connection, query: Query, group: Group, zone: tzinfo) -> dict[str, int]:
    """Return how many rows there are of each group, the groups in their order; days are those of a time zone."""
    if group is Group.DAY:
        return _by_day(connection, query, zone)
    keys: dict[Group, Callable[[Kind], str]] = {
        Group.COMPONENT: lambda kind: kind.component,
        Group.SEVERITY: lambda kind: kind.severity,
        Group.EVENT: lambda kind: kind.name,
        Group.NONE: lambda _: "",
    }
    found: dict[str, int] = defaultdict(int)
    for kind in kinds_of(connection, query):
        found[keys[group](kind)] += kind.count
    order = _rank if group is Group.SEVERITY else str
    return {name: found[name] for name in sorted(found, key=order)}


def _by_day(connection: sqlite3.Connection, query: Query, zone: tzinfo) -> dict[str, int]:
    days: dict[str, int] = defaultdict(int)
    end, day = 0, ""
    for hour, count in counts_by_hour(connection, query):
        if hour >= end:  # asking for the time zone's day of every hour would take too long
            begin = datetime.fromtimestamp(hour * HOUR_SECONDS, zone).replace(hour=0, minute=0)
            end, day = -(-int((begin + timedelta(days=1)).timestamp()) // HOUR_SECONDS), begin.date().isoformat()
        days[day] += count
    return {day: days[day] for day in sorted(days, reverse=True)}


def counts_by_hour(connection: sqlite3.Connection, query: Query) -> list[tuple[int, int]]:
    """Return how many rows there are of each hour (since 1970), those without any left out."""
    kinds = kinds_of(connection, replace(query, since=None, until=None))
    if len(kinds) > _MANY_KINDS:  # it is shorter to go through the hours once than once for each kind
        marks = ", ".join("?" * len(kinds))
        sql = "SELECT hour, sum(count) FROM tally INDEXED BY tally_hour WHERE hour >= ? AND hour <= ?"
        sql += f" AND kind IN ({marks}) GROUP BY hour"
        rows = connection.execute(sql, (*hours_of(query), *(kind.id for kind in kinds)))
        return [(row[0], row[1]) for row in rows]
    sql = "SELECT hour, count FROM tally WHERE kind = ? AND hour >= ? AND hour <= ?"
    found: dict[int, int] = defaultdict(int)
    cursor = connection.cursor()
    cursor.row_factory = None
    for kind in kinds:
        for hour, count in cursor.execute(sql, (kind.id, *hours_of(query))):
            found[hour] += count
    return sorted(found.items())
