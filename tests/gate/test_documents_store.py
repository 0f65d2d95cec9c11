"""Tests of the space for copies: each account has a share of it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from garrison.base.clock import FakeClock
from garrison.gate.documents_store import Store
from garrison.wire.watching import COPIES, Alarm, Scarce

KIB = 1024
ANN, BOB, EVE = 1001, 1002, 1003


class Scene:
    """A store of 100 KiB, a file of 8 KiB to copy, and what it complained of."""

    def __init__(self, folder: Path) -> None:
        self.said: list[Scarce] = []
        self.clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.folder = folder / "store"
        self.store = self.open()
        (folder / "letter").write_bytes(bytes(8 * KIB))
        self.letter = os.open(folder / "letter", os.O_RDONLY)

    def open(self) -> Store:
        store = Store(self.folder, self.clock, self.said.append)
        store.budget_bytes = 100 * KIB
        return store

    def copy(self, account: int, count: int = 1) -> list[str]:
        return [self.store.copy(self.letter, f"/d/{number}", account) for number in range(count)]

    def there(self, names: list[str]) -> list[bool]:
        return [self.store.has(name) and (self.folder / COPIES / name).exists() for name in names]

    def close(self) -> None:
        os.close(self.letter)
        self.store.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def test_who_is_alone_has_all_of_the_space_and_loses_the_oldest(scene: Scene) -> None:
    names = scene.copy(ANN, 12)
    assert all(scene.there(names))
    assert scene.said == []
    scene.copy(ANN)
    assert scene.there(names) == [False] + [True] * 11
    assert ("too small" in scene.said[0].why, scene.said[0].uid, scene.said[0].dropped) == (True, ANN, 1)


def test_nobody_pushes_out_the_copies_of_others_that_have_no_more_than_their_share(scene: Scene) -> None:
    anns = scene.copy(ANN, 3)
    bobs = scene.copy(BOB, 3)
    eves = scene.copy(EVE, 60)
    assert all(scene.there([*anns, *bobs]))
    assert scene.there(eves[-6:]) == [True] * 6
    assert {each.uid for each in scene.said} == {EVE}
    assert scene.store.used_bytes <= 100 * KIB


def test_who_had_all_of_the_space_gives_of_it_when_others_come(scene: Scene) -> None:
    eves = scene.copy(EVE, 12)
    anns = scene.copy(ANN, 6)
    assert all(anns)
    assert all(scene.there(anns))
    assert scene.there(eves)[-6:] == [True] * 6
    assert not any(scene.there(eves)[:5])


def test_an_open_alarm_of_one_account_does_not_keep_others_from_their_share(scene: Scene) -> None:
    scene.store.pinned_since = 0.0
    eves = scene.copy(EVE, 20)
    assert eves.count("") == 8
    assert "an alarm" in scene.said[-1].why
    assert all(scene.copy(ANN, 6))
    assert sum(scene.there(list(filter(None, eves)))) == 6
    assert scene.copy(ANN, 1) == [""]


def test_a_file_of_more_than_half_a_share_is_not_copied_and_that_is_said(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(40 * KIB))
    large = os.open(tmp_path / "large", os.O_RDONLY)
    try:
        assert scene.store.copy(large, "/d/large", ANN)
        scene.copy(BOB)
        assert scene.store.copy(large, "/d/large", BOB) == ""
    finally:
        os.close(large)
    (said,) = scene.said
    assert (said.path, said.uid) == ("/d/large", BOB)
    assert "half of account 1002's share" in said.why


def alarm(number: int, stopped: bool = True, decision: str = "end") -> Alarm:
    held = {"group": "", "processes": {}, "origins": {}, "left": {}} if stopped else {}
    return Alarm(f"{number:08x}", "session:1", "", "", 0, 0.0, float(number), 3.0, {}, held, 1, decision)


def test_of_many_alarms_the_oldest_are_forgotten_but_none_that_waits(scene: Scene) -> None:
    scene.store.keep_alarm(alarm(0, decision=""))
    for number in range(1, 230):
        scene.store.keep_alarm(alarm(number, stopped=number % 2 == 0))
    assert [each.id for each in scene.store.alarms()] == [f"{number:08x}" for number in (0, *range(30, 230))]


def test_shares_are_known_again_after_a_restart_with_copies_from_before_there_were_any(scene: Scene) -> None:
    anns = scene.copy(ANN, 3)
    (scene.folder / COPIES / "000000000000").write_bytes(bytes(8 * KIB))
    scene.store.close()
    scene.store = scene.open()
    assert scene.store.used_bytes == 4 * 8 * KIB
    eves = scene.copy(EVE, 30)
    assert all(scene.there(anns))
    assert eves[0] > anns[-1]
    assert scene.store.has("000000000000")
