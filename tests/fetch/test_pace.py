"""Time and speed."""

import signal
import time

import pytest

from garrison.fetch.pace import OutOfTime, Pace, Seldom, deadline


def test_the_time_ends_what_waits() -> None:
    began = time.monotonic()
    with pytest.raises(OutOfTime), deadline(0.2):
        time.sleep(30)
    assert time.monotonic() - began < 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_it_comes_again_where_somebody_swallowed_it() -> None:
    caught = 0
    with deadline(0.1):
        for _ in range(2):
            try:
                time.sleep(30)
            except OutOfTime:
                caught += 1
    assert caught == 2


def test_more_time_can_be_given() -> None:
    with deadline(0.2) as end:
        end.extend(10)
        time.sleep(0.4)
        assert 9 < end.left() < 10


def test_bytes_pass_at_their_pace() -> None:
    pace = Pace(100_000)
    began = time.monotonic()
    for _ in range(5):
        pace.passed(10_000)
    assert 0.4 < time.monotonic() - began < 2
    assert pace.piece(1_000_000) == 12_500
    assert (Pace(0).piece(1000), Pace(0).seconds(1000)) == (1000, 0.0)


def test_progress_is_told_seldom() -> None:
    told: list[int] = []
    seldom = Seldom(60, lambda done, _: told.append(done))
    for done in range(100):
        seldom(done, None)
    assert told == [0]
