from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from garrison.base.clock import FakeClock, SystemClock, local_zone

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_computers_own_clock_goes_on() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is not None
    assert abs(clock.now().timestamp() - datetime.now(UTC).timestamp()) < 5  # noqa: TID251 # compared with the real one
    assert clock.monotonic() <= clock.monotonic()


def test_a_fake_clock_moves_when_it_is_told() -> None:
    clock = FakeClock(datetime(2026, 1, 5, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert (clock.now().hour, clock.monotonic()) == (1, 3600.0)
    clock.set(datetime(2020, 1, 1, tzinfo=UTC))
    assert (clock.now().year, clock.monotonic()) == (2020, 3600.0)


def test_a_fake_clock_knows_summer_time() -> None:
    clock = FakeClock(datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN))
    clock.advance(timedelta(hours=1))
    assert (clock.now().hour, clock.now().tzinfo) == (3, BERLIN)


def test_the_zone_of_this_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert local_zone() == BERLIN
    for name in ("No/Such", "../../etc/passwd", "CET-1CEST"):
        monkeypatch.setenv("TZ", name)
        assert local_zone() is UTC
    monkeypatch.delenv("TZ")
    assert local_zone(tmp_path / "missing") is UTC
    (tmp_path / "damaged").write_bytes(b"no zone")
    assert local_zone(tmp_path / "damaged") is UTC
    assert local_zone() is not None
