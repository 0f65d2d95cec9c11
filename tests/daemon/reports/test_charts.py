from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from garrison.base.errors import Invalid
from garrison.daemon.reports.charts import Step, points_of, start_of
from garrison.daemon.reports.connecting import reading
from garrison.daemon.reports.kinds import counts_by
from garrison.daemon.reports.query import Group, Query
from tests.daemon.parts import NOON
from tests.daemon.reports.filled import filled

BERLIN = ZoneInfo("Europe/Berlin")


def test_points_are_those_of_the_readers_days(tmp_path: Path) -> None:
    with filled(tmp_path, 40) as made, reading(made.store.path) as connection:
        until = NOON + timedelta(hours=40)
        queries = {
            name: Query(events=events, since=NOON - timedelta(days=1), until=until)
            for name, events in (("threats", ("ThreatSeen",)), ("scans", ("ScanEnded",)), ("updates", ("",)))
        }
        points = points_of(connection, queries, Step.DAY, BERLIN)
        by_hour = points_of(connection, queries, Step.HOUR, BERLIN)
        by_day = counts_by(connection, Query(), Group.DAY, BERLIN)
    assert [point.start.date().isoformat() for point in points] == [
        "2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07",
    ]  # fmt: skip
    assert [tuple(point.counts.values()) for point in points] == [(0, 0, 0), (2, 9, 0), (2, 22, 0), (0, 5, 0)]
    assert sum(point.counts["scans"] for point in by_hour) == 36
    assert by_day == {"2026-01-07": 5, "2026-01-06": 24, "2026-01-05": 11}


def test_groups_are_counted_in_their_order(tmp_path: Path) -> None:
    with filled(tmp_path, 40) as made, reading(made.store.path) as connection:
        assert counts_by(connection, Query(), Group.SEVERITY, UTC) == {"critical": 4, "info": 36}
        assert counts_by(connection, Query(owner=1002), Group.COMPONENT, UTC) == {"file-protection": 4}
        whole_hours = Query(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=11))
        assert counts_by(connection, whole_hours, Group.EVENT, UTC) == {"ScanEnded": 9, "ThreatSeen": 1}
        assert counts_by(connection, Query(), Group.NONE, UTC) == {"": 40}


@pytest.mark.parametrize(
    ("step", "begin"), [("hour", "2026-03-29T13:00"), ("day", "2026-03-29T00:00"), ("week", "2026-03-23T00:00"),
                        ("month", "2026-03-01T00:00")],
)  # fmt: skip
def test_steps_begin_where_people_expect_it(step: str, begin: str) -> None:
    moment = datetime(2026, 3, 29, 13, 45, tzinfo=BERLIN)
    assert start_of(moment, Step(step)).isoformat()[:16] == begin


def test_days_with_another_length_are_days(tmp_path: Path) -> None:
    query = {"scans": Query(since=datetime(2026, 3, 28, tzinfo=BERLIN), until=datetime(2026, 3, 31, tzinfo=BERLIN))}
    with filled(tmp_path) as made, reading(made.store.path) as connection:
        days = [point.start.isoformat() for point in points_of(connection, query, Step.DAY, BERLIN)]
        assert [day[:10] for day in days] == ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]
        assert points_of(connection, {"scans": Query()}, Step.MONTH, BERLIN) == []


def test_too_many_points_are_refused(tmp_path: Path) -> None:
    query = {"scans": Query(since=NOON - timedelta(days=400), until=NOON)}
    with filled(tmp_path) as made, reading(made.store.path) as connection, pytest.raises(Invalid, match="points"):
        points_of(connection, query, Step.HOUR, UTC)
