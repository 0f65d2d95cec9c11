"""The one schedule type: for scans, updates, backups, clean-ups.

Written as a short text, the same on every surface:

    manual
    start
    [start, ] every N minutes|hours|days|weeks|months [at HH:MM]
    [start, ] weekdays|weekends at HH:MM

and, after it, flags: `if missed` (make up for a run that was due while the computer was off), `not on battery`.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from garrison.base.errors import Invalid

_UNITS = ("minutes", "hours", "days", "weeks", "months")
_PATTERN = re.compile(
    r"(?:(?P<manual>manual)"
    r"|(?P<start>start)?(?:(?(start), |)(?:every (?P<every>\d{1,4}) (?P<unit>minutes?|hours?|days?|weeks?|months?)"
    r"|(?P<days>weekdays|weekends))(?: at (?P<hour>\d{1,2}):(?P<minute>\d{2}))?)?)"
    r"(?P<missed>,? if missed)?(?P<battery>,? not on battery)?",
    re.ASCII,
)
_HELP = "Examples: manual; start; every 2 hours; every 1 day at 12:30, if missed; weekdays at 18:00, not on battery."


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something runs by itself. every is in units; days is "weekdays", "weekends" or ""."""

    at_start: bool = False
    every: int = 0
    unit: str = ""
    days: str = ""
    hour: int | None = None
    minute: int = 0
    if_missed: bool = False
    not_on_battery: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the schedule a person wrote. Raises Invalid with examples."""
        match = _PATTERN.fullmatch(" ".join(text.lower().split()))
        if match is None or not text.strip():
            raise Invalid(f"“{text}” is not a schedule.", _HELP)
        part = match.groupdict()
        if not (part["manual"] or part["start"] or part["every"] or part["days"]):
            raise Invalid(f"“{text}” does not say when.", _HELP)
        schedule = cls(
            at_start=bool(part["start"]),
            every=int(part["every"] or 0),
            unit=_plural(part["unit"]),
            days=part["days"] or "",
            hour=int(part["hour"]) if part["hour"] else None,
            minute=int(part["minute"] or 0),
            if_missed=bool(part["missed"]),
            not_on_battery=bool(part["battery"]),
        )
        schedule._check(text)
        return schedule

    def _check(self, text: str) -> None:
        if self.unit and not self.every:
            raise Invalid(f"“{text}”: the number must be at least 1.", _HELP)
        if (self.hour or 0) > 23 or self.minute > 59:
            raise Invalid(f"“{text}”: there is no such time of day.", _HELP)
        if self.days and self.hour is None:
            raise Invalid(f"“{text}”: say at what time.", _HELP)
        if self.hour is not None and self.unit in {"minutes", "hours"}:
            raise Invalid(f"“{text}”: a time of day goes with days, weeks and months.", _HELP)

    def __str__(self) -> str:
        when = ["start"] if self.at_start else []
        at = "" if self.hour is None else f" at {self.hour:02d}:{self.minute:02d}"
        if self.every:
            unit = self.unit.removesuffix("s") if self.every == 1 else self.unit
            when.append(f"every {self.every} {unit}{at}")
        elif self.days:
            when.append(self.days + at)
        flags = [", if missed"] if self.if_missed else []
        flags += [", not on battery"] if self.not_on_battery else []
        return (", ".join(when) or "manual") + "".join(flags)

    @property
    def is_timed(self) -> bool:
        """Whether it comes round by the clock."""
        return bool(self.every or self.days)

    def next_after(self, last: datetime) -> datetime | None:
        """Return the first time after `last`, in its time zone; None when it does not come round by the clock.

        Where summer time makes a time of day twice, the first counts; one that is left out is made up an hour later.
        """
        if self.days:
            return self._next_day(last)
        if not self.every:
            return None
        return _add(last, self.every, self.unit) if self.hour is None else self._at_hour(last)

    def _next_day(self, last: datetime) -> datetime:
        wanted = range(5) if self.days == "weekdays" else range(5, 7)
        day = last
        while self._on(day) <= last.astimezone(UTC) or day.weekday() not in wanted:
            day += timedelta(days=1)
        return self._on(day).astimezone(last.tzinfo)

    def _at_hour(self, last: datetime) -> datetime:
        # What ran before its time of day was made up for, or is the first ever: it counts for the day before.
        early = last.astimezone(UTC) < self._on(last)
        day = last - timedelta(days=1) if early else last
        return self._on(_add(day, self.every, self.unit)).astimezone(last.tzinfo)

    def _on(self, day: datetime) -> datetime:
        at = day.replace(hour=self.hour or 0, minute=self.minute, second=0, microsecond=0, fold=0)
        return at.astimezone(UTC)


def _plural(unit: str | None) -> str:
    return "" if unit is None else unit.removesuffix("s") + "s"


def _add(moment: datetime, count: int, unit: str) -> datetime:
    if unit in {"minutes", "hours"}:
        return (moment.astimezone(UTC) + timedelta(**{unit: count})).astimezone(moment.tzinfo)
    if unit != "months":
        return _real(moment + timedelta(**{unit: count}))
    months = moment.year * 12 + moment.month - 1 + count
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return _real(moment.replace(year=year, month=month + 1, day=day))


def _real(moment: datetime) -> datetime:
    """Return a time as the clock on the wall will show it, where summer time leaves an hour out."""
    return moment.replace(fold=0).astimezone(UTC).astimezone(moment.tzinfo)
