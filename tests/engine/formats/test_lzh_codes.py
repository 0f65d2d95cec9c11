import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.lzh_codes import copy, counted, drain, high_first, low_first
from garrison.engine.guard import Guard, Incomplete


def test_a_code_is_found_by_its_first_bits_whatever_follows() -> None:
    table, bits = high_first([1, 2, 2])
    assert bits == 2
    assert [entry >> 5 for entry in table] == [0, 0, 1, 2]
    table, bits = low_first([1, 2, 2])
    assert [entry >> 5 for entry in table] == [0, 1, 0, 2]


def test_more_codes_than_can_be_are_refused() -> None:
    for make in (high_first, low_first):
        with pytest.raises(Incomplete):
            make([1, 1, 1])


def test_what_is_no_code_has_no_entry() -> None:
    assert high_first([0, 2])[0][1:] == [0, 0, 0]
    assert high_first([])[0] == [0, 0]


def test_a_copy_may_reach_into_itself() -> None:
    out = bytearray(b"ab")
    copy(out, 2, 5)
    assert out == b"abababa"
    with pytest.raises(Incomplete):
        copy(out, 8, 1)


def test_what_came_before_damage_is_sent() -> None:
    out = bytearray()

    def steps() -> object:
        out.extend(b"x" * 300_000)
        yield
        out.extend(b"y")
        raise IndexError

    came: list[bytes] = []
    with pytest.raises(Incomplete):  # what came before counts
        came.extend(drain(steps(), out, 10))  # type: ignore[arg-type]
    assert b"".join(came) == b"x" * 300_000 + b"y"
    assert len(out) == 11


def test_pieces_end_at_the_size_and_are_counted() -> None:
    guard = Guard(Limits(), Unbounded(), 1)
    assert b"".join(counted(iter([b"abc", b"def"]), guard, 1, 4)) == b"abcd"
    assert guard.unpacked == 4
