import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.implode import explode, unshrink
from garrison.engine.guard import Incomplete


def bits(*fields: tuple[int, int]) -> bytes:
    """Return numbers of so many bits each, lowest bit first."""
    value = at = 0
    for number, count in fields:
        value |= number << at
        at += count
    return value.to_bytes(at // 8 + 1, "little")


# 64 codes of 6 bits each, whose bits are stored inverted and highest first.
TREE = bytes((3, 0xF5, 0xF5, 0xF5, 0xF5))


def code(symbol: int) -> tuple[int, int]:
    return int(f"{symbol ^ 63:06b}"[::-1], 2), 6


def test_literals_and_matches_come_out() -> None:
    packed = bits((1, 1), (65, 8), (1, 1), (66, 8), (0, 1), (1, 6), code(0), code(4))
    assert b"".join(explode(TREE + TREE + packed, 0, 8)) == b"ABABABAB"


def test_what_lies_before_the_start_is_zeros() -> None:
    packed = bits((0, 1), (9, 6), code(0), code(1), (1, 1), (65, 8))
    assert b"".join(explode(TREE + TREE + packed, 0, 4)) == b"\0\0\0A"


def test_it_ends_at_the_size() -> None:
    packed = bits((1, 1), (65, 8), (0, 1), (0, 6), code(0), code(63), (200, 8))
    assert b"".join(explode(TREE + TREE + packed, 0, 20)) == b"A" * 20


def test_a_cut_yields_what_came_before() -> None:
    came = b""
    with pytest.raises(Incomplete, match="ends too early"):  # noqa: PT012 # what came before counts
        for piece in explode(TREE + TREE + bits((1, 1), (65, 8)), 0, 2000):
            came += piece
    assert came.startswith(b"A")


def test_shrunk_strings_come_out() -> None:
    packed = bits((65, 9), (66, 9), (257, 9), (259, 9))
    assert b"".join(unshrink(packed, 7)) == b"ABABABA"


def test_a_partial_clearing_forgets_the_longest() -> None:
    packed = bits((65, 9), (66, 9), (257, 9), (256, 9), (2, 9), (65, 9), (66, 9), (258, 9))
    assert b"".join(unshrink(packed, 8))[:6] == b"ABABAB"


@given(st.binary(max_size=300), st.integers(0, 7), st.integers(0, 100_000))
def test_any_bytes_are_survived(data: bytes, flags: int, size: int) -> None:
    for pieces in (explode(TREE + TREE + data, flags & 2, size), explode(data, flags, size), unshrink(data, size)):
        try:
            assert sum(map(len, pieces)) <= size + 8192
        except Incomplete as reason:
            assert reason.remark.startswith("damaged: ")  # noqa: PT017 # it need not be raised
