from datetime import UTC, datetime
from pathlib import Path

import pytest

from garrison.abilities.databases.notes import Notes, SetNote


def note(number: int) -> SetNote:
    return SetNote(f"set-{number}", "", "a feed", number, "2026-03-01T12:00:00+00:00", counts={"a": number})


def test_the_last_note_comes_first_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.abilities.databases.notes._MOST_NOTES", 3)
    notes = Notes(tmp_path / "history.json")
    assert notes.all() == []
    for number in range(5):
        notes.add(note(number))
    assert [each.signatures for each in notes.all()] == [4, 3, 2]


def test_only_the_last_one_is_taken_back(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "history.json")
    notes.add(note(1))
    notes.add(note(2))
    notes.take_back(note(1))
    assert notes.all() == [note(2), note(1)]
    notes.take_back(note(2))
    assert notes.all() == [note(1)]


def test_how_long_a_set_is_to_stay_is_kept_beside_the_notes(tmp_path: Path) -> None:
    notes, until = Notes(tmp_path / "history.json"), datetime(2026, 3, 2, tzinfo=UTC)
    notes.hold(until)
    notes.add(note(1))
    assert Notes(tmp_path / "history.json").held_until() == until
    notes.hold(None)
    assert notes.held_until() is None
    assert notes.all() == [note(1)]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"sets": 5}', b'{"sets": [1, {"name": 2}], "held_until": 5}', b"\xff"]
)
def test_what_cannot_be_read_is_forgotten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "history.json").write_bytes(content)
    notes = Notes(tmp_path / "history.json")
    assert notes.all() == []
    assert notes.held_until() is None
    notes.add(note(1))
    assert notes.all() == [note(1)]
