"""What a person gives to narrow a report down, made into a query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from garrison.base.errors import Invalid
from garrison.daemon.reports.query import Group, Query, Sort
from garrison.sdk import Caller, Severity

_SORTED = {Group.COMPONENT: Sort.COMPONENT, Group.SEVERITY: Sort.SEVERITY, Group.EVENT: Sort.EVENT}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was given, as it was given. since: of the days that were asked for, None where none were."""

    caller: Caller
    since: datetime | None
    begin: str
    end: str
    severity: Sequence[Severity]
    component: Sequence[str]
    event: Sequence[str]
    text: str
    column: Sequence[str]

    def query(self, zone: tzinfo, sort: Sort = Sort.NEWEST, group: Group = Group.NONE) -> Query:
        """Return the query. Raises Invalid that names every mistake."""
        mistakes: list[str] = []
        begin = _moment(self.begin, zone, "since", mistakes)
        until = _moment(self.end, zone, "until", mistakes)
        columns = _columns(self.column, mistakes)
        if mistakes:
            raise Invalid(" ".join(mistakes))
        return Query(
            owner=None if self.caller.is_owner else self.caller.uid,
            components=tuple(self.component),
            severities=tuple(severity.value for severity in self.severity),
            events=tuple(self.event),
            since=begin or self.since,
            until=until,
            text=self.text,
            columns=columns,
            sort=_SORTED.get(group, sort) if sort is Sort.NEWEST else sort,
        )


def _moment(untrusted: str, zone: tzinfo, name: str, mistakes: list[str]) -> datetime | None:
    if not untrusted:
        return None
    try:
        moment = datetime.fromisoformat(untrusted)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        moment.timestamp()
    except (ValueError, OverflowError):
        mistakes.append(f"{name}: a day or a moment, as 2026-01-31 or 2026-01-31T18:30.")
        return None
    return moment


def _columns(untrusted: Iterable[str], mistakes: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for entry in untrusted:
        name, equals, text = entry.partition("=")
        if not equals or not name:
            mistakes.append("column: COLUMN=TEXT, as component=scan or path=/srv.")
        found.append((name, text))
    return tuple(found)
