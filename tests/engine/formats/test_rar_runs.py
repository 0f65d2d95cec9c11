from dataclasses import replace

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.rar import members
from garrison.engine.formats.rar_headers import Entry
from garrison.engine.formats.rar_runs import Runs, is_known
from garrison.engine.guard import Guard, Incomplete
from tests.engine.formats.rar_packing import Packer2, archive
from tests.engine.formats.test_rar_2 import solid
from tests.engine.opening import SMALL, opened, remarks


def entry(size: int, *, is_solid: bool) -> Entry:
    return Entry(b"name", 0, 0, size, 0, 20, False, False, False, False, 0x10 if is_solid else 0)


def runs() -> Runs:
    return Runs(Guard(Limits(), Unbounded(), 100))


def test_what_came_before_is_unpacked_though_nobody_asked() -> None:
    first, second = solid()
    run = runs()
    run.add(entry(13, is_solid=False), lambda: first, is_closed=False)
    run.add(entry(19, is_solid=True), lambda: second, is_closed=False)
    assert b"".join(run.pieces()) == b"again hello world, "


def test_a_member_that_was_left_early_is_unpacked_to_its_end() -> None:
    first, second = solid()
    run = runs()
    run.add(entry(13, is_solid=False), lambda: first, is_closed=False)
    next(run.pieces())
    run.add(entry(19, is_solid=True), lambda: second, is_closed=False)
    assert b"".join(run.pieces()) == b"again hello world, "


def test_after_a_closed_member_the_run_is_closed() -> None:
    run = runs()
    run.add(entry(13, is_solid=False), lambda: b"", is_closed=True)
    run.add(entry(19, is_solid=True), lambda: solid()[1], is_closed=False)
    with pytest.raises(Incomplete):
        list(run.pieces())


def test_after_a_member_of_an_unknown_packing_the_run_is_closed() -> None:
    run = runs()
    run.add(replace(entry(13, is_solid=False), version=30), lambda: solid()[0], is_closed=False)
    run.add(entry(19, is_solid=True), lambda: solid()[1], is_closed=False)
    with pytest.raises(Incomplete):
        list(run.pieces())


def test_damage_is_that_of_all_later_members_of_the_run_and_no_other() -> None:
    first, second = solid()
    other = archive([(first, 13, 0)], 20)
    whole = archive([(b"\x00", 13, 0), (second, 19, 0)], 20, is_solid=True)[:-7] + other[20:]
    found = opened(members, whole)
    assert remarks(found) == ["damaged: cannot be unpacked"] * 2
    assert found[2].content == b"hello world, "


def test_a_bomb_is_one_here_too() -> None:
    packer = Packer2()
    packer.codes()
    packer.byte(0)
    for _ in range(2000):
        packer.match(1, 250)
    found = opened(members, archive([(packer.bits.done(), 500_000, 0)], 20), limits=SMALL)
    assert all(remark.startswith(("limit reached", "only the first")) for remark in remarks(found))
    assert remarks(found)


def test_a_packing_of_the_future_is_not_known() -> None:
    assert not is_known(30)
    assert is_known(15)
    assert is_known(20)
    assert is_known(29)
