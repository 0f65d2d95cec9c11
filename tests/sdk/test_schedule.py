from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from garrison.base.errors import Invalid
from garrison.sdk import Schedule

BERLIN = ZoneInfo("Europe/Berlin")


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    unit = draw(st.sampled_from(["", "minutes", "hours", "days", "weeks", "months"]))
    days = "" if unit else draw(st.sampled_from(["", "weekdays", "weekends"]))
    timed = bool(days) or (unit in {"days", "weeks", "months"} and draw(st.booleans()))
    return Schedule(
        at_start=draw(st.booleans()),
        every=draw(st.integers(1, 9999)) if unit else 0,
        unit=unit,
        days=days,
        hour=draw(st.integers(0, 23)) if timed else None,
        minute=draw(st.integers(0, 59)) if timed else 0,
        when_idle=draw(st.booleans()),
        after_update=draw(st.booleans()),
        if_missed=draw(st.booleans()),
        not_on_battery=draw(st.booleans()),
        not_when_metered=draw(st.booleans()),
        only_when_locked=draw(st.booleans()),
    )


moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 # the zone is given beside
zones = st.sampled_from([BERLIN, UTC, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")])


@given(schedules())
def test_what_is_written_is_read(schedule: Schedule) -> None:
    assert Schedule.parse(str(schedule)) == schedule
    assert Schedule.parse(f"  {str(schedule).upper()} ") == schedule


@given(st.text(max_size=30))
def test_any_text_is_a_schedule_or_invalid(text: str) -> None:
    try:
        schedule = Schedule.parse(text)
    except Invalid:
        return
    assert Schedule.parse(str(schedule)) == schedule


@given(schedules(), moments, zones)
def test_the_next_time_is_later_and_at_its_time_of_day(schedule: Schedule, moment: datetime, zone: ZoneInfo) -> None:
    last = moment.replace(tzinfo=zone)
    due = schedule.next_after(last)
    assert (due is not None) == schedule.is_timed
    if due is None:
        return
    assert due.timestamp() > last.timestamp()
    assert due == due.astimezone(UTC).astimezone(zone)  # there is such a time
    if schedule.hour is not None and due.utcoffset() == (due - timedelta(hours=3)).utcoffset():
        assert (due.hour, due.minute, due.second) == (schedule.hour, schedule.minute, 0)
    if schedule.days:
        assert (due.weekday() < 5) == (schedule.days == "weekdays")


@given(st.integers(1, 500), st.sampled_from(["minutes", "hours"]), moments, zones)
def test_minutes_and_hours_are_real_ones(every: int, unit: str, moment: datetime, zone: ZoneInfo) -> None:
    last = moment.replace(tzinfo=zone)
    assume(last == last.astimezone(UTC).astimezone(zone))
    due = Schedule(every=every, unit=unit).next_after(last)
    assert due is not None
    passed = due.astimezone(UTC) - last.astimezone(UTC)
    assert passed == timedelta(seconds=every * (60 if unit == "minutes" else 3600))


def _next(text: str, last: str, fold: int = 0) -> str:
    moment = datetime.fromisoformat(last).replace(tzinfo=BERLIN, fold=fold)
    due = Schedule.parse(text).next_after(moment)
    return due.isoformat(timespec="minutes") if due else ""


@pytest.mark.parametrize(
    ("text", "last", "due"),
    [
        ("manual", "2026-01-05T09:00", ""),
        ("start, if missed", "2026-01-05T09:00", ""),
        ("every 2 hours", "2026-01-05T23:30", "2026-01-06T01:30+01:00"),
        # the first time of day to come, and then day by day, whenever it really began
        ("every 1 day at 12:30", "2026-01-05T09:00", "2026-01-05T12:30+01:00"),
        ("every 1 day at 12:30", "2026-01-05T12:30", "2026-01-06T12:30+01:00"),
        ("every 1 day at 12:30", "2026-01-05T12:30:01", "2026-01-06T12:30+01:00"),
        ("every 2 days at 12:30", "2026-01-05T12:31", "2026-01-07T12:30+01:00"),
        ("every 2 days at 12:30", "2026-01-06T09:00", "2026-01-07T12:30+01:00"),  # made up for in the morning
        ("every 1 week at 00:00", "2026-01-05T00:00", "2026-01-12T00:00+01:00"),
        # month ends
        ("every 1 month", "2026-01-31T10:00", "2026-02-28T10:00+01:00"),
        ("every 1 month at 10:00", "2024-01-31T10:00", "2024-02-29T10:00+01:00"),
        ("every 1 month", "2026-12-31T10:00", "2027-01-31T10:00+01:00"),
        ("every 13 months", "2026-01-31T10:00", "2027-02-28T10:00+01:00"),
        # weekdays
        ("weekdays at 18:00", "2026-01-09T18:00", "2026-01-12T18:00+01:00"),
        ("weekdays at 18:00", "2026-01-09T17:59", "2026-01-09T18:00+01:00"),
        ("weekends at 06:00", "2026-01-11T06:00", "2026-01-17T06:00+01:00"),
        # summer time begins on 29 March at 02:00 and ends on 25 October at 03:00
        ("every 1 day at 02:30", "2026-03-28T02:30", "2026-03-29T03:30+02:00"),
        ("every 1 day at 02:30", "2026-03-29T03:30", "2026-03-30T02:30+02:00"),
        ("every 1 day at 12:30", "2026-03-28T12:30", "2026-03-29T12:30+02:00"),
        ("every 1 day", "2026-03-28T02:30", "2026-03-29T03:30+02:00"),
        ("every 1 hour", "2026-03-29T01:30", "2026-03-29T03:30+02:00"),
        ("every 1 day at 02:30", "2026-10-24T02:30", "2026-10-25T02:30+02:00"),
        ("every 1 hour", "2026-10-25T02:30", "2026-10-25T02:30+01:00"),
        ("weekends at 02:30", "2026-03-28T02:30", "2026-03-29T03:30+02:00"),
    ],
)
def test_the_next_time(text: str, last: str, due: str) -> None:
    assert _next(text, last) == due


def test_a_time_of_day_that_comes_twice_counts_once() -> None:
    assert _next("every 1 day at 02:30", "2026-10-25T02:30", fold=1) == "2026-10-26T02:30+01:00"
    assert _next("weekends at 02:30", "2026-10-25T02:30", fold=1) == "2026-10-31T02:30+01:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "if missed",
        "every 0 days",
        "every day",
        "every 1 day at 24:00",
        "every 1 day at 12:60",
        "every 5 minutes at 12:00",
        "weekdays",
        "every ٣ days",
        "start every 1 day",
        "startevery 1 day",
        "manual, start",
        "every 10000 days",
        "\udcff",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        Schedule.parse(text)
    assert "every 2 hours" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "last", "expected"),
    [
        ("every 1 month", "2026-02-28T10:00", "2026-03-31T10:00+02:00"),
        ("every 1 month at 10:00", "2026-02-28T10:00", "2026-03-31T10:00+02:00"),
        ("every 1 month at 10:00", "2026-02-28T09:00", "2026-02-28T10:00+01:00"),  # made up for in the morning
        ("every 1 month", "2026-04-03T10:00", "2026-04-30T10:00+02:00"),  # made up for days later: that was March's
        ("every 2 months", "2025-12-31T10:00", "2026-02-28T10:00+01:00"),
        ("every 1 day", "2026-02-28T10:00", "2026-03-01T10:00+01:00"),
    ],
)
def test_months_keep_to_their_day(text: str, last: str, expected: str) -> None:
    moment = datetime.fromisoformat(last).replace(tzinfo=BERLIN)
    due = Schedule.parse(text).next_after(moment, anchor=31)
    assert due is not None
    assert due.astimezone(BERLIN).isoformat(timespec="minutes") == expected


def test_the_day_that_a_first_run_sets() -> None:
    moment = datetime(2026, 1, 31, 9, 0, tzinfo=BERLIN)
    texts = ("every 1 month", "every 1 month at 12:30", "every 1 day", "manual")
    assert [Schedule.parse(text).anchor_of(moment) for text in texts] == [31, 30, 0, 0]
