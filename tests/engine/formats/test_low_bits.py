import pytest

from garrison.engine.formats.low_bits import LowBits
from garrison.engine.formats.lzh_codes import low_first
from garrison.engine.guard import Incomplete


def test_numbers_begin_at_the_lowest_bit_and_zeros_follow_the_end() -> None:
    bits = LowBits(b"\xff\xb5\x0f", 1)
    assert [bits.take(count) for count in (4, 4, 8, 16)] == [5, 11, 15, 0]


def test_symbols_are_read_by_their_codes() -> None:
    bits = LowBits(bytes((0b11_01_0,)))
    assert [bits.symbol(low_first([1, 2, 2])) for _ in range(3)] == [0, 1, 2]


def test_a_code_of_no_symbol_is_damage() -> None:
    with pytest.raises(Incomplete, match="damaged"):
        LowBits(b"\xff").symbol(low_first([1, 2]))
