"""What charts show: how many threats, scans, blocked accesses and updates there were, over time."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from garrison.base.errors import Invalid
from garrison.daemon.reports.kinds import counts_by_hour
from garrison.daemon.reports.query import HOUR_SECONDS, Query
from garrison.sdk import AnyComponent, Counted

MOST_POINTS = 1000


class Step(StrEnum):
    """How long each step of a chart is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Point:
    """A step of a chart. start: with the time zone. counts: by the name of the series."""

    start: datetime
    counts: dict[str, int]


def events_counted(components: Iterable[type[AnyComponent]]) -> dict[Counted, tuple[str, ...]]:
    """Return the names of the events that count as threats, scans and so on, as their classes say."""
    names: dict[Counted, list[str]] = {counted: [] for counted in Counted}
    for component in components:
        for event in component.events:
            for counted in event.counts:
                names[counted].append(event.__name__)
    return {counted: tuple(found) for counted, found in names.items()}


def points_of(connection: sqlite3.Connection, queries: Mapping[str, Query], step: Step, zone: tzinfo) -> list[Point]:
    """Return the points of a period, those of each query in a series; steps are those of a time zone.

    Raises Invalid when there are too many.
    """
    found: dict[datetime, dict[str, int]] = defaultdict(lambda: dict.fromkeys(queries, 0))
    for name, query in queries.items():
        for moment, count in _stepped(counts_by_hour(connection, query), step, zone):
            found[moment][name] += count
    first = next((query.since for query in queries.values() if query.since), None)
    last = next((query.until for query in queries.values() if query.until), None)
    start = start_of(first.astimezone(zone), step) if first else min(found, default=None)
    end = start_of(last.astimezone(zone), step) if last else max(found, default=None)
    if start is None or end is None:
        return []
    return [Point(moment, found[moment]) for moment in _steps(start, end, step)]


def _stepped(hours: Iterable[tuple[int, int]], step: Step, zone: tzinfo) -> Iterator[tuple[datetime, int]]:
    """Yield the start of the step that each hour is of, with its count; the hours come in order."""
    end, moment = 0, datetime.fromtimestamp(0, zone)
    for hour, count in hours:
        if hour >= end:  # asking for the time zone's day of every hour would take too long
            moment = start_of(datetime.fromtimestamp(hour * HOUR_SECONDS, zone), step)
            end = -(-int(_next(moment, step).timestamp()) // HOUR_SECONDS)
        yield moment, count


def start_of(moment: datetime, step: Step) -> datetime:
    """Return when the hour, day, week (from Monday) or month of a moment began, in the moment's zone."""
    if step is Step.HOUR:
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day


def _steps(start: datetime, end: datetime, step: Step) -> Iterator[datetime]:
    moment, count = start, 0
    while moment <= end:
        count += 1
        if count > MOST_POINTS:
            raise Invalid(
                "A chart has {most} points at the most; this would have more.",
                "Ask for a shorter time, or longer steps.",
                most=MOST_POINTS,
            )
        yield moment
        moment = _next(moment, step)


def _next(moment: datetime, step: Step) -> datetime:
    if step is Step.HOUR:
        return (moment.astimezone(UTC) + timedelta(hours=1)).astimezone(moment.tzinfo)
    if step is Step.MONTH:
        return (moment + timedelta(days=32)).replace(day=1)
    return moment + timedelta(days=7 if step is Step.WEEK else 1)
