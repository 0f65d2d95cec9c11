"""Tests of what is remembered of drives."""

from pathlib import Path

import pytest

from garrison.base.errors import NotFound
from garrison.components.removable_drives.memory import MOST_REMEMBERED, Memory, Remembered
from garrison.components.removable_drives.settings import Way

ROOT, ANNA, BEN = 0, 1000, 1001


def test_an_answer_is_its_givers_own_and_the_owners_is_everybodys(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.remember("s/u", "Stick", Way.IGNORE, ANNA, "2026-01-05")
    assert [memory.answer("s/u", who) for who in (ANNA, BEN, ROOT)] == [Way.IGNORE, None, None]
    memory.remember("s/u", "Stick", Way.FULL, ROOT, "2026-01-05")
    again = Memory(tmp_path)
    assert [again.answer("s/u", who) for who in (ANNA, BEN, ROOT)] == [Way.FULL, Way.FULL, Way.FULL]
    assert again.answer("", ANNA) is None


def test_a_new_answer_takes_the_place_of_the_old_and_the_oldest_are_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.answers = [
        Remembered(number, str(number), "Stick", "full", ANNA, "2026-01-05") for number in range(1, MOST_REMEMBERED + 1)
    ]
    memory.remember("7", "Stick", Way.QUICK, ANNA, "2026-01-06")
    assert len(memory.answers) == MOST_REMEMBERED
    assert memory.answer("7", ANNA) is Way.QUICK
    memory.remember("new", "Stick", Way.QUICK, ANNA, "2026-01-06")
    assert memory.answer("1", ANNA) is None
    assert len({each.id for each in memory.answers}) == len(Memory(tmp_path).answers) == MOST_REMEMBERED


def test_only_what_is_there_can_be_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.remember("a", "Stick", Way.FULL, ANNA, "2026-01-05")
    with pytest.raises(NotFound):
        memory.forget({1, 2}, {1})
    assert memory.answer("a", ANNA) is Way.FULL
    memory.forget({1}, {1})
    assert Memory(tmp_path).answer("a", ANNA) is None


def test_what_became_of_drives_holds_until_the_computer_starts_anew(tmp_path: Path) -> None:
    boot = tmp_path / "boot_id"
    boot.write_text("one\n")
    memory = Memory(tmp_path, boot)
    memory.see(["5 7:1", "6 7:2"], "scanned")
    memory.unsee(["6 7:2", "none"])
    assert [Memory(tmp_path, boot).state(mark) for mark in ("5 7:1", "6 7:2")] == ["scanned", None]
    boot.write_text("two\n")
    assert Memory(tmp_path, boot).state("5 7:1") is None
    assert Memory(tmp_path, tmp_path / "none").state("5 7:1") is None


@pytest.mark.parametrize("content", ["", "[", "{}", "[1]", '[{"id": 1}]', '{"boot": 1, "seen": 3}'])
def test_what_is_damaged_is_forgotten(tmp_path: Path, content: str) -> None:
    for name in ("remembered.json", "seen.json"):
        (tmp_path / name).write_text(content)
    memory = Memory(tmp_path)
    assert memory.answers == []
    assert memory.state("x") is None


def test_an_answer_that_is_none_is_left_out(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.remember("a", "Stick", Way.FULL, ANNA, "2026-01-05")
    path = tmp_path / "remembered.json"
    for wrong in (path.read_text().replace('"full"', '"never"'), path.read_text().replace("1000", '"1000"')):
        path.write_text(wrong)
        assert Memory(tmp_path).answers == []
