"""What readers of images share."""

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.reading import Names, Part, runs, take, zeros
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from tests.engine.opening import SMALL

WHOLE = Source(b"0123456789")


def test_a_part_is_a_source_of_its_own() -> None:
    part = Part(WHOLE, 3, 4)
    assert (part.size, part.read_at(0, 99), part.read_at(2, 1), part.read_at(4, 1)) == (4, b"3456", b"5", b"")
    assert part.read_at(-1, 2) == b""
    assert b"".join(part.pieces(1)) == b"456"
    assert Part(WHOLE, 8).read_at(0, 9) == b"89"
    assert Part(WHOLE, 99, 5).size == 0
    assert Part(Part(WHOLE, 2, 6), 2, 99).read_at(0, 99) == b"4567"


def test_a_table_that_is_cut_is_damage() -> None:
    assert take(WHOLE, 8, 2) == b"89"
    with pytest.raises(Incomplete, match="ends too early"):
        take(WHOLE, 8, 3)


def test_extents_are_put_together_and_cut_at_the_size() -> None:
    guard = Guard(Limits(), Unbounded(), 10)
    assert b"".join(runs(WHOLE, [(8, 2), (0, 3)], 4, guard)) == b"8901"
    with pytest.raises(Incomplete, match="ends too early"):
        list(runs(WHOLE, [(8, 2)], 3, guard))


def test_names_without_end_are_a_limit() -> None:
    names = Names(Guard(Limits(members=3), Unbounded(), 10))
    for _ in range(30):
        names.count()
    with pytest.raises(Incomplete, match="limit reached: more than 3 objects"):
        names.count()


def test_zeros_are_counted() -> None:
    assert b"".join(zeros(300_000, Guard(Limits(), Unbounded(), 10))) == bytes(300_000)
    with pytest.raises(Incomplete, match="limit reached"):
        list(zeros(1 << 60, Guard(SMALL, Unbounded(), 10)))
