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
from datetime import datetime, timedelta
from typing import Self

from garrison.base.errors import Invalid

_UNITS = ("minutes", "hours", "days", "weeks", "months")
_PATTERN = re.compile(
    r"(?:(?P<manual>manual)"
    r"|(?P<start>start)?(?:(?(start), |)(?:every (?P<every>\d{1,4}) (?P<unit>minutes?|hours?|days?|weeks?|months?)"
    r"|(?P<days>weekdays|weekends))(?: at (?P<hour>\d{1,2}):(?P<minute>\d{2}))?)?)"
    r"(?P<missed>,? if missed)?(?P<battery>,? not on battery)?"
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
        """Return the first time after `last`, in its time zone; None when it does not come round by the clock."""
        if self.days:
            return self._next_day(last)
        if not self.every:
            return None
        due = _add(last, self.every, self.unit)
        return due if self.hour is None else self._at_hour(due, last)

    def _next_day(self, last: datetime) -> datetime:
        wanted = range(5) if self.days == "weekdays" else range(5, 7)
        candidate = self._on(last)
        while candidate <= last or candidate.weekday() not in wanted:
            candidate = self._on(candidate + timedelta(days=1))
        return candidate

    def _at_hour(self, due: datetime, last: datetime) -> datetime:
        # The first time of day on the day it falls due, or on that of the last run when that is still to come.
        candidate = self._on(due)
        return candidate if candidate > last else candidate + timedelta(days=1)

    def _on(self, day: datetime) -> datetime:
        return day.replace(hour=self.hour or 0, minute=self.minute, second=0, microsecond=0)


def _plural(unit: str | None) -> str:
    return "" if unit is None else unit.removesuffix("s") + "s"


def _add(moment: datetime, count: int, unit: str) -> datetime:
    if unit != "months":
        return moment + timedelta(**{unit: count})
    months = moment.year * 12 + moment.month - 1 + count
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
