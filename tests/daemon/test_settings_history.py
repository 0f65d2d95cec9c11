import json
from datetime import timedelta
from pathlib import Path

import pytest

from garrison.base.errors import Invalid, NotFound, Refused, Unavailable
from garrison.daemon.settings_book import SettingsBook
from garrison.daemon.settings_history import _MOST_BYTES, Entry, History, Snapshots, undone
from tests.daemon.parts import clock
from tests.sdk.samples import Sample


def change(book: SettingsBook, history: History, **values: object) -> Entry:
    proposal = book.propose({"sample": values})
    entry = history.add(1001, "changed", proposal, book.stored)
    book.adopt(proposal)
    return entry


def test_changes_are_taken_back_one_after_the_other_also_after_a_restart(tmp_path: Path) -> None:
    book, history = SettingsBook(tmp_path, {"sample": Sample}), History(tmp_path, clock())
    for count in (4, 5):
        change(book, history, count=count)
    assert [(entry.id, entry.uid, entry.at) for entry in history.entries] == [
        (1, 1001, "2026-01-05T12:00:00+00:00"),
        (2, 1001, "2026-01-05T12:00:00+00:00"),
    ]
    for expected in ({"sample": {"count": 4}}, {}):
        history = History(tmp_path, clock())
        last = history.last()
        book.adopt(book.propose_stored(undone(book.stored, last)))
        history.mark_undone(last)
        assert book.stored == expected
    with pytest.raises(NotFound, match="no change"):
        history.last()


def test_a_change_that_came_to_nothing_is_no_change(tmp_path: Path) -> None:
    book, history = SettingsBook(tmp_path, {"sample": Sample}), History(tmp_path, clock())
    kept = change(book, history, count=4)
    history.drop(change(book, history, count=5))
    assert History(tmp_path, clock()).entries == [kept]


def test_it_keeps_within_bounds(tmp_path: Path) -> None:
    book, history = SettingsBook(tmp_path, {"sample": Sample}), History(tmp_path, clock())
    for number in range(8):
        change(book, history, masks=[str(number) * 60_000] * 16)
    assert 1 <= len(history.entries) < 8
    assert history.entries[-1].id == 8
    assert (tmp_path / "history.json").stat().st_size < 2 * _MOST_BYTES
    assert (tmp_path / "history.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", '{"entries": 3}', '{"entries": [{}]}', '{"entries": [{"id": 1}]}'])
def test_a_damaged_history_is_begun_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "history.json").write_text(content, "ascii")
    assert History(tmp_path, clock()).entries == []


def test_snapshots(tmp_path: Path) -> None:
    when = clock()
    snapshots = Snapshots(tmp_path, when)
    snapshots.take("before", 0, {"sample": {"count": 4}})
    when.advance(timedelta(hours=1))
    snapshots.take("After-2.x", 0, {})
    assert [each.name for each in snapshots.all()] == ["before", "After-2.x"]
    assert snapshots.find("before").stored == {"sample": {"count": 4}}
    with pytest.raises(Refused, match="already"):
        snapshots.take("before", 0, {})
    for name in ("", "../x", "a/b", ".hidden", "x" * 60, "a b", "ä"):
        with pytest.raises(Invalid):
            snapshots.take(name, 0, {})
        with pytest.raises(Invalid):
            snapshots.find(name)
    snapshots.forget("before")
    for ask in (snapshots.find, snapshots.forget):
        with pytest.raises(NotFound):
            ask("before")


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"version": 2, "at": "", "uid": 0, "components": {}})])
def test_a_damaged_snapshot_is_said_to_be_one(tmp_path: Path, content: str) -> None:
    snapshots = Snapshots(tmp_path, clock())
    (tmp_path / "x.snapshot.json").write_text(content, "ascii")
    assert snapshots.all() == []
    with pytest.raises(Unavailable, match="damaged"):
        snapshots.find("x")


def test_there_are_not_too_many_of_them(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, clock())
    for number in range(50):
        snapshots.take(f"s{number}", 0, {})
    with pytest.raises(Refused, match="50 snapshots"):
        snapshots.take("more", 0, {})
