"""Tests of what file protection remembers."""

from dataclasses import replace
from pathlib import Path

from garrison.components.file_protection.memory import MOST_BLOCKED, Blocked, Memory, State


def _blocked(path: str) -> Blocked:
    return Blocked(0, "2026-01-01T00:00:00+00:00", path, "Test.Threat", "ab" * 32, 1000, "/bin/cat")


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.change(confirmed=True, paused_from=1.0, paused_until=2.5)
    entry = memory.add(_blocked("/a\udcff"))
    memory.set(memory.add(_blocked("/b")), "asked")
    again = Memory(tmp_path)
    assert again.state == State(confirmed=True, paused_from=1.0, paused_until=2.5)
    assert again.blocked[0] == entry
    assert [(each.id, each.state) for each in again.blocked] == [(1, ""), (2, "asked")]


def test_what_is_damaged_is_forgotten_and_nothing_is_paused(tmp_path: Path) -> None:
    for text in ("", "[]", '{"paused_until": "x"}', '{"unheard": 1}', '{"confirmed": 3}'):
        (tmp_path / "state.json").write_text(text)
        (tmp_path / "blocked.json").write_text(text)
        memory = Memory(tmp_path)
        assert memory.state == State()
        assert memory.blocked == []
    (tmp_path / "blocked.json").write_text('[{"id": "1", "at": 2, "path": 3, "threat": 4, "sha256": 5, "uid": 6}]')
    assert Memory(tmp_path).blocked == []


def test_the_oldest_are_forgotten_but_not_what_was_asked_for(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.blocked = [_blocked(f"/{number}") for number in range(MOST_BLOCKED - 1)]
    memory._keep([replace(each, id=number + 1) for number, each in enumerate(memory.blocked)])
    memory.set(memory.blocked[0], "asked")
    memory.add(_blocked("/new"))
    memory.add(_blocked("/newer"))
    assert len(memory.blocked) == MOST_BLOCKED
    assert (memory.blocked[0].state, memory.blocked[1].path, memory.blocked[-1].path) == ("asked", "/2", "/newer")
