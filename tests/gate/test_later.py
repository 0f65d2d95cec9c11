"""What nobody waits for is examined once writing has come to a rest, and in any case after a while."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.gate import later
from garrison.gate.later import LONGEST_SECONDS, QUIET_SECONDS, Later
from garrison.gate.questions import Question
from garrison.wire.guarding import Occasion


@pytest.fixture
def waiting() -> Iterator[Later]:
    waiting = Later()
    yield waiting
    while len(waiting):
        for question in waiting.take(float("inf")):
            question.close()


def asked(path: Path, content: bytes = b"harmless") -> Question:
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    return Question(None, descriptor, os.getpid(), Occasion.CHANGE, os.fstat(descriptor))


def inodes(questions: list[Question]) -> list[int]:
    found = [question.found.st_ino for question in questions]
    for question in questions:
        assert os.fstat(question.descriptor).st_ino == question.found.st_ino
        question.close()
    return found


def test_nothing_is_due_while_files_keep_coming(waiting: Later, tmp_path: Path) -> None:
    for number in range(10):
        assert waiting.put(asked(tmp_path / f"{number}"), number / 10)
        assert waiting.take(number / 10) == []
    assert 0 < waiting.due_in(0.9) <= QUIET_SECONDS + 0.001
    assert waiting.due_in(0.9 + QUIET_SECONDS) == 0
    assert len(inodes(waiting.take(0.9 + QUIET_SECONDS))) > 1


def test_what_has_waited_long_is_due_though_files_keep_coming(waiting: Later, tmp_path: Path) -> None:
    first = asked(tmp_path / "first")
    waiting.put(first, 0.0)
    waiting.put(asked(tmp_path / "last"), LONGEST_SECONDS)
    assert waiting.is_overdue(LONGEST_SECONDS)
    assert waiting.due_in(LONGEST_SECONDS) == 0
    assert inodes(waiting.take(LONGEST_SECONDS)) == [first.found.st_ino]
    assert not waiting.is_overdue(LONGEST_SECONDS)


def test_a_file_that_is_written_again_and_again_waits_once_and_no_longer(waiting: Later, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        waiting.put(asked(tmp_path / "log", b"line" * number), number * LONGEST_SECONDS / 19)
    assert (len(waiting), len(os.listdir("/proc/self/fd"))) == (1, before + 1)
    (question,) = waiting.take(LONGEST_SECONDS)
    assert question.found.st_size == 4 * 19
    question.close()


def test_accounts_are_not_mixed(waiting: Later, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("files of others are root's to make")
    for name, owner in (("a", 0), ("b", 1234), ("c", 1234)):
        (tmp_path / name).touch()
        os.chown(tmp_path / name, owner, 0)
        waiting.put(asked(tmp_path / name), 0.0)
    assert [len(inodes(waiting.take(1.0))) for _ in range(2)] == [1, 2]


def test_of_very_many_files_the_paths_are_kept(waiting: Later, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_MOST_OPEN", 1)
    before = len(os.listdir("/proc/self/fd"))
    kept = [asked(tmp_path / name) for name in ("open", "same", "changed", "gone", "other")]
    for question in kept:
        waiting.put(question, 0.0)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    (tmp_path / "changed").write_bytes(b"something else")
    (tmp_path / "gone").unlink()
    (tmp_path / "other").unlink()
    (tmp_path / "other").symlink_to(tmp_path / "same")
    assert inodes(waiting.take(1.0)) == [kept[0].found.st_ino, kept[1].found.st_ino]
    assert len(waiting) == 0


def test_what_finds_no_room_is_said_and_closed(waiting: Later, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_MOST", 1)
    assert waiting.put(asked(tmp_path / "a"), 0.0)
    question = asked(tmp_path / "b")
    assert not waiting.put(question, 0.0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(question.descriptor)
    assert waiting.put(asked(tmp_path / "a"), 0.0)  # in place of itself
