"""Tests of where a scan is."""

import pytest

from garrison.abilities.checkpoints import Spot, Track
from garrison.linux.place import Place

A, B, C = (Place.of_file(0, f"/{name}") for name in "abc")


def test_a_place_is_passed_only_when_all_before_it_is_done() -> None:
    track = Track()
    first, second = track.step(A, 2, (0, 0)), track.step(B, 1, (3, 30))
    third = track.step(C, 0, (5, 50))
    track.done(second, "/b")
    track.done(first, "/a1")
    assert track.spot() == Spot(Place(), frozenset({"/a1", "/b"}))
    assert track.ahead() == (0, 8, 80)
    track.done(first, "/a2")
    assert track.spot() == Spot(C)
    assert track.ahead() == (0, 0, 0)
    assert not third.done


def test_what_is_judged_just_now_is_not_done() -> None:
    track = Track()
    track.begin()
    assert track.ahead() == (1, 0, 0)
    track.end()
    assert track.ahead() == (0, 0, 0)


def test_a_spot_goes_through_a_file_and_on() -> None:
    spot = Spot(B, frozenset({"/x", "/y\udcff"}), frozenset({"/z"}))
    assert Spot.from_plain(spot.plain()) == spot
    assert Track(spot).spot() == spot


@pytest.mark.parametrize("damaged", [None, {}, {"place": [0, []], "beyond": [1], "put_off": []}, {"place": [0, []]}])
def test_what_is_no_spot_is_refused(damaged: object) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        Spot.from_plain(damaged)
