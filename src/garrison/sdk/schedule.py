"""The one schedule type: for scans, updates, backups, clean-ups.

Written as a short text, the same on every surface: what sets it off, then conditions, with commas between them.

    manual                                          only by hand
    start                                           when Garrison starts
    when idle                                       once nobody has touched the computer for five minutes
    after update                                    when the databases have changed
    every N minutes|hours|days|weeks|months [at HH:MM]
    weekdays|weekends at HH:MM

    if missed                                       make up for a run that was due while the computer was off
    not on battery, not when metered, only when locked
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from garrison.base.errors import Invalid

_EVERY = re.compile(
    r"every (?P<every>\d{1,4}) (?P<unit>minute|hour|day|week|month)s?(?: at (?P<hour>\d{1,2}):(?P<minute>\d{2}))?",
    re.ASCII,
)
_DAYS = re.compile(r"(?P<days>weekdays|weekends)(?: at (?P<hour>\d{1,2}):(?P<minute>\d{2}))?", re.ASCII)
_TRIGGERS = {"start": "at_start", "when idle": "when_idle", "after update": "after_update"}
_CONDITIONS = {
    "if missed": "if_missed",
    "not on battery": "not_on_battery",
    "not when metered": "not_when_metered",
    "only when locked": "only_when_locked",
}
_BARE_CONDITION = re.compile(rf"(?<!,) ({'|'.join(_CONDITIONS)})(?=,|$| )")
_HELP = (
    "Examples: manual; start; every 2 hours; every 1 day at 12:30, if missed; weekdays at 18:00, not on battery;"
    " when idle, after update."
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something runs by itself. every is in units; days is "weekdays", "weekends" or ""."""

    at_start: bool = False
    when_idle: bool = False
    after_update: bool = False
    every: int = 0
    unit: str = ""
    days: str = ""
    hour: int | None = None
    minute: int = 0
    if_missed: bool = False
    not_on_battery: bool = False
    not_when_metered: bool = False
    only_when_locked: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the schedule a person wrote. Raises Invalid with examples."""
        plain = _BARE_CONDITION.sub(r", \1", " ".join(text.lower().split()))
        found: dict[str, Any] = {}
        for clause in (part.strip() for part in plain.split(",")):
            for name, value in _read(clause, text).items():
                if name in found:
                    raise Invalid("“{when}” says the same thing twice.", _HELP, when=text)
                found[name] = value
        manual = found.pop("manual", False)
        schedule = cls(**found)
        schedule._check(text, manual)
        return schedule

    def _check(self, text: str, manual: bool) -> None:
        if not (manual or self._sets_off) or (manual and self._sets_off):
            raise Invalid("“{when}” does not say when.", _HELP, when=text)
        if self.unit and not self.every:
            raise Invalid("“{when}”: the number must be at least 1.", _HELP, when=text)
        if (self.hour or 0) > 23 or self.minute > 59:
            raise Invalid("“{when}”: there is no such time of day.", _HELP, when=text)
        if self.days and self.hour is None:
            raise Invalid("“{when}”: say at what time.", _HELP, when=text)
        if self.hour is not None and self.unit in {"minutes", "hours"}:
            raise Invalid("“{when}”: a time of day goes with days, weeks and months.", _HELP, when=text)

    @property
    def _sets_off(self) -> bool:
        return bool(self.at_start or self.when_idle or self.after_update or self.unit or self.days)

    def __str__(self) -> str:
        parts = [word for word, name in _TRIGGERS.items() if getattr(self, name)]
        at = "" if self.hour is None else f" at {self.hour:02d}:{self.minute:02d}"
        if self.every:
            unit = self.unit.removesuffix("s") if self.every == 1 else self.unit
            parts.append(f"every {self.every} {unit}{at}")
        elif self.days:
            parts.append(self.days + at)
        conditions = [word for word, name in _CONDITIONS.items() if getattr(self, name)]
        return ", ".join([*(parts or ["manual"]), *conditions])

    @property
    def is_timed(self) -> bool:
        """Whether it comes round by the clock."""
        return bool(self.every or self.days)

    def anchor_of(self, first: datetime) -> int:
        """Return the day of the month that a first run sets for those after it, 0 when it does not come by months."""
        return self._counts_for(first).day if self.unit == "months" else 0

    def next_after(self, last: datetime, anchor: int = 0) -> datetime | None:
        """Return the first time after `last`, in its time zone; None when it does not come round by the clock.

        anchor: the day of the month to keep to; in a shorter month that is its last day. 0: the day of `last`.

        Where summer time makes a time of day twice, the first counts; one that is left out is made up an hour later.
        """
        if self.days:
            return self._next_day(last)
        if not self.every:
            return None
        due = _add(self._counts_for(last), self.every, self.unit, anchor)
        return due if self.hour is None else self._on(due).astimezone(last.tzinfo)

    def _next_day(self, last: datetime) -> datetime:
        wanted = range(5) if self.days == "weekdays" else range(5, 7)
        day = last
        while self._on(day) <= last.astimezone(UTC) or day.weekday() not in wanted:
            day += timedelta(days=1)
        return self._on(day).astimezone(last.tzinfo)

    def _counts_for(self, last: datetime) -> datetime:
        # What ran before its time of day was made up for, or is the first ever: it counts for the day before.
        is_early = self.hour is not None and last.astimezone(UTC) < self._on(last)
        return last - timedelta(days=1) if is_early else last

    def _on(self, day: datetime) -> datetime:
        at = day.replace(hour=self.hour or 0, minute=self.minute, second=0, microsecond=0, fold=0)
        return at.astimezone(UTC)


def _read(clause: str, text: str) -> dict[str, Any]:
    """Return the fields that a clause sets. Raises Invalid."""
    if clause == "manual":
        return {"manual": True}
    if clause in _TRIGGERS or clause in _CONDITIONS:
        return {(_TRIGGERS | _CONDITIONS)[clause]: True}
    match = _EVERY.fullmatch(clause) or _DAYS.fullmatch(clause)
    if match is None:
        raise Invalid("“{when}” is not a schedule.", _HELP, when=text)
    part = match.groupdict()
    found: dict[str, Any] = (
        {"every": int(part["every"]), "unit": part["unit"] + "s"} if "every" in part else {"days": part["days"]}
    )
    if part["hour"]:
        found |= {"hour": int(part["hour"]), "minute": int(part["minute"])}
    return found


def _add(moment: datetime, count: int, unit: str, anchor: int) -> datetime:
    if unit in {"minutes", "hours"}:
        return (moment.astimezone(UTC) + timedelta(**{unit: count})).astimezone(moment.tzinfo)
    if unit != "months":
        return _real(moment + timedelta(**{unit: count}))
    wanted = anchor or moment.day
    # Likewise for days: what ran before the month's day counts for the month before.
    is_early = moment.day < min(wanted, _days_in(moment.year, moment.month))
    year, month = divmod(moment.year * 12 + moment.month - 1 + count - is_early, 12)
    day = min(wanted, _days_in(year, month + 1))
    return _real(moment.replace(year=year, month=month + 1, day=day))


def _days_in(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _real(moment: datetime) -> datetime:
    """Return a time as the clock on the wall will show it, where summer time leaves an hour out."""
    return moment.replace(fold=0).astimezone(UTC).astimezone(moment.tzinfo)
