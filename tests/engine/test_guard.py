import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.guard import Guard, Incomplete
from tests.engine.opening import Spent


def test_objects_are_counted_with_the_file_itself() -> None:
    guard = Guard(Limits(members=3), Unbounded(), 1)
    guard.admit()
    guard.admit()
    with pytest.raises(Incomplete, match="more than 3 objects"):
        guard.admit()
    assert guard.objects == 3
    assert guard.stopped == "limit reached: more than 3 objects"


def test_bytes_are_counted_over_all_depths() -> None:
    guard = Guard(Limits(total_bytes=100), Unbounded(), 100)
    guard.grew(100)
    with pytest.raises(Incomplete, match="over 100 bytes"):
        guard.grew(1)


def test_the_room_that_is_left_ends_one_above_the_limit() -> None:
    guard = Guard(Limits(total_bytes=100), Unbounded(), 1000)
    guard.grew(40)
    assert guard.room == 61
    with pytest.raises(Incomplete, match="over 100 bytes"):
        guard.grew(guard.room)
    assert guard.room == 1


def test_the_ratio_is_judged_from_some_size_on() -> None:
    guard = Guard(Limits(ratio=10, ratio_from_bytes=1000), Unbounded(), 5)
    guard.grew(999)
    with pytest.raises(Incomplete, match="over 10 times its size"):
        guard.grew(1)


def test_the_first_reason_stays() -> None:
    guard = Guard(Limits(), Spent(), 1)
    for act in (guard.check, guard.admit, lambda: guard.grew(1)):
        with pytest.raises(Incomplete, match="limit reached: time"):
            act()


def test_sentences_name_round_sizes() -> None:
    assert Guard(Limits(), Unbounded(), 1).size_remark == "only the first 100 MiB were checked"
