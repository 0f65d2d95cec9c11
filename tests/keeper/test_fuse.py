from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from garrison.base.clock import FakeClock
from garrison.keeper.fuse import FILE, Fuse

START = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


def test_one_crash_is_none_too_many_and_two_within_ten_minutes_are(tmp_path: Path, clock: FakeClock) -> None:
    fuse = Fuse(tmp_path, clock, "one")
    assert not fuse.crash()
    clock.advance(timedelta(minutes=11))
    assert not fuse.crash()
    clock.advance(timedelta(minutes=9))
    assert fuse.crash()
    assert "twice" in fuse.blown


def test_it_stays_blown_until_it_is_mended(tmp_path: Path, clock: FakeClock) -> None:
    fuse = Fuse(tmp_path, clock, "one")
    fuse.crash()
    fuse.keep()
    again = Fuse(tmp_path, clock, "one")
    assert again.crash()
    again.keep()
    last = Fuse(tmp_path, clock, "two")
    assert last.blown == again.blown
    last.mend()
    assert Fuse(tmp_path, clock, "two").blown == ""
    assert not last.crash()


def test_a_start_that_did_not_become_healthy_blows_it_at_the_next_one(tmp_path: Path, clock: FakeClock) -> None:
    Fuse(tmp_path, clock, "one").begin()
    same = Fuse(tmp_path, clock, "one")
    same.begin()
    assert same.blown == ""  # the keeper, not the computer, was started again
    following = Fuse(tmp_path, clock, "two")
    following.begin()
    assert "did not come up" in following.blown


def test_a_start_that_became_healthy_does_not(tmp_path: Path, clock: FakeClock) -> None:
    fuse = Fuse(tmp_path, clock, "one")
    fuse.begin()
    fuse.settle()
    following = Fuse(tmp_path, clock, "two")
    following.begin()
    assert following.blown == ""


def test_a_damaged_file_is_no_reason_to_fail(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / FILE).write_bytes(b"{")
    assert Fuse(tmp_path, clock, "one").blown == ""
