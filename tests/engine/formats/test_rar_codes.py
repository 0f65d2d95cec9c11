import itertools

import pytest

from garrison.engine.formats.lzh_codes import HighBits, high_first
from garrison.engine.formats.rar_codes import DISTANCES, LENGTHS, SHORT, Lengths, number
from garrison.engine.guard import Incomplete

REPEATS = [(2, 3, False), (3, 3, True), (7, 11, True)]


def test_the_ranges_follow_each_other() -> None:
    for ranges in (LENGTHS, DISTANCES, SHORT):
        for (first, width), (second, _) in itertools.pairwise(ranges):
            assert first + (1 << width) == second
    assert (len(LENGTHS), len(DISTANCES), len(SHORT)) == (28, 60, 8)
    assert DISTANCES[47][0] + (1 << DISTANCES[47][1]) == (1 << 20) + 1


def test_a_number_has_bits_behind_its_symbol() -> None:
    assert number(HighBits(b"\x80"), LENGTHS, 8) == 9
    assert number(HighBits(b"\x80"), LENGTHS, 3) == 3


def test_lengths_are_told_by_differences_and_repeats() -> None:
    helper = high_first([5] * 19)
    lengths = Lengths(10)
    lengths.known[0] = 15
    # 2 more, 3 more, three times the last, three zeros
    bits = HighBits(int(f"{2:05b}{3:05b}{16:05b}00{17:05b}000".ljust(32, "0"), 2).to_bytes(4, "big"))
    lengths.read(bits, helper, 8, REPEATS)
    assert lengths.known == [1, 3, 3, 3, 3, 0, 0, 0, 0, 0]


def test_there_is_nothing_to_repeat_at_the_start() -> None:
    bits = HighBits(int(f"{16:05b}".ljust(32, "0"), 2).to_bytes(4, "big"))
    with pytest.raises(Incomplete):
        Lengths(10).read(bits, high_first([5] * 19), 8, REPEATS)
