"""Tests of putting back what programs did. What the gate keeps is made by the gate in tests/gate/test_documents.py."""

import asyncio
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Quarantine
from garrison.abilities.rewinding import Copy, Outcome, Rewinding, reverse
from garrison.base.clock import SystemClock
from garrison.base.errors import NotFound
from garrison.base.paths import Home
from garrison.wire.watching import ALARMS, COPIES, JOURNAL, OLDER_JOURNAL, Alarm, Deed, Did


def deed(did: Did, path: str, to: str = "", copy: str = "", at: float = 1.0, lineage: str = "7.70") -> Deed:
    return Deed(at, did, path, lineage, (lineage, "5.50"), 5, "/usr/bin/evil", os.geteuid(), to, copy)


def test_the_first_copy_of_a_file_is_what_counts() -> None:
    deeds = [deed(Did.CHANGED, "/d/a", copy="1"), deed(Did.CHANGED, "/d/a", copy="2")]
    assert reverse(iter(deeds)).restores == {"/d/a": Copy("1", {})}


def test_a_copy_is_better_than_the_word_that_there_is_none() -> None:
    deeds = [deed(Did.CHANGED, "/d/a"), deed(Did.DELETED, "/d/a", copy="2")]
    assert reverse(iter(deeds)).restores == {"/d/a": Copy("2", {})}


def test_what_was_made_is_not_restored_but_taken_away() -> None:
    deeds = [deed(Did.CREATED, "/d/a"), deed(Did.CHANGED, "/d/a", copy="1"), deed(Did.RENAMED, "/d/a", "/d/b")]
    reversal = reverse(iter(deeds))
    assert (reversal.restores, reversal.made) == ({}, ["/d/b"])


def test_what_was_made_and_deleted_is_nothing() -> None:
    deeds = [deed(Did.CREATED, "/d/a"), deed(Did.DELETED, "/d/a", copy="1")]
    reversal = reverse(iter(deeds))
    assert (reversal.restores, reversal.made, reversal.moves) == ({}, [], {})


def test_a_file_that_was_only_renamed_is_moved_back() -> None:
    deeds = [deed(Did.RENAMED, "/d/a", "/d/b"), deed(Did.RENAMED, "/d/b", "/d/c")]
    assert reverse(iter(deeds)).moves == {"/d/c": "/d/a"}


def test_a_file_that_was_renamed_and_changed_is_restored_under_its_old_name() -> None:
    deeds = [deed(Did.RENAMED, "/d/a", "/d/a.locked"), deed(Did.CHANGED, "/d/a.locked", copy="1")]
    reversal = reverse(iter(deeds))
    assert reversal.restores == {"/d/a": Copy("1", {})}
    assert (reversal.made, reversal.moves) == (["/d/a.locked"], {})


def test_a_file_that_was_replaced_by_a_made_one_is_restored() -> None:
    deeds = [
        deed(Did.CREATED, "/d/t"), deed(Did.REPLACED, "/d/a", copy="1"), deed(Did.RENAMED, "/d/t", "/d/a"),
    ]  # fmt: skip
    reversal = reverse(iter(deeds))
    assert (reversal.restores, reversal.made) == ({"/d/a": Copy("1", {})}, [])


def test_deeds_belong_to_a_process_with_its_descendants_to_a_session_or_a_program() -> None:
    one = deed(Did.CHANGED, "/d/a")
    yes = ("process:7.70", "process:5.50", "session:5", f"program:{os.geteuid()}:/usr/bin/evil")
    assert all(one.is_of(node) for node in yes)
    assert not any(one.is_of(node) for node in ("process:7.71", "session:7", "program:1:/usr/bin/evil"))


@dataclass
class Stage:
    """A store as the gate would have left it."""

    rewinding: Rewinding
    quarantine: Quarantine
    documents: Path

    def write(self, deeds: list[Deed], copies: dict[str, bytes], name: str = JOURNAL) -> None:
        folder = self.rewinding.folder
        for part in (COPIES, ALARMS):
            (folder / part).mkdir(exist_ok=True)
        lines = [json.dumps(asdict(each)).encode("ascii") for each in deeds]
        (folder / name).write_bytes(b"\n".join([*lines, b'{"cut'][: len(lines) + 1]) + b"\n")
        for number, content in copies.items():
            (folder / COPIES / number).write_bytes(content)

    def alarm(self, at: float | None = None, stopped: bool = True) -> Alarm:
        held = {"group": "", "processes": {"7": 70}, "origins": {}, "left": {}} if stopped else {}
        at = time.time() if at is None else at  # noqa: TID251 # of files, which no fake clock sets
        return Alarm("ab12cd34", "process:7.70", "/usr/bin/evil", "evil", 0, at - 600, at, 3.0, {}, held, 7)

    def undo(self, alarm: Alarm, really: bool = True) -> Outcome:
        return asyncio.run(self.rewinding.undo(alarm, really))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    home = Home(tmp_path / "home")
    home.prepare()
    quarantine = Quarantine(home, SystemClock())
    documents = tmp_path / "documents"
    documents.mkdir()
    return Stage(Rewinding(home, quarantine), quarantine, documents)


def metadata(mode: int = 0o640, mtime_ns: int = 1_600_000_000_123_456_789) -> dict[str, object]:
    return {
        "uid": os.geteuid(), "gid": os.getegid(), "mode": mode, "atime_ns": mtime_ns, "mtime_ns": mtime_ns,
        "xattrs": {},
    }  # fmt: skip


def with_metadata(one: Deed) -> Deed:
    return Deed(**{**asdict(one), "did": one.did, "lineage": one.lineage, "metadata": metadata()})


def test_a_file_comes_back_with_all_that_belongs_to_it_and_nothing_is_lost(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"garbage")
    stage.write([with_metadata(deed(Did.CHANGED, str(path), copy="1"))], {"1": b"letter"})
    alarm = stage.alarm()
    assert stage.undo(alarm, really=False).restored == [str(path)]
    assert path.read_bytes() == b"garbage"
    assert stage.undo(alarm).restored == [str(path)]
    status = path.stat()
    assert path.read_bytes() == b"letter"
    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o640, 1_600_000_000_123_456_789)
    (kept,) = stage.quarantine.records()
    assert (kept.path, kept.identity.size) == (str(path), 7)
    again = stage.undo(alarm)
    assert (again.restored, again.unchanged) == ([], [str(path)])


def test_a_removed_folder_is_made_again(stage: Stage) -> None:
    path = stage.documents / "x" / "y" / "a"
    stage.write([with_metadata(deed(Did.DELETED, str(path), copy="1"))], {"1": b"letter"})
    assert stage.undo(stage.alarm()).failed == {}
    assert path.read_bytes() == b"letter"


def test_what_others_changed_since_is_left_alone(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"written by its owner, after the alarm")
    made = stage.documents / "b"
    made.write_bytes(b"likewise")
    deeds = [with_metadata(deed(Did.CHANGED, str(path), copy="1")), deed(Did.CREATED, str(made))]
    stage.write(deeds, {"1": b"letter"})
    outcome = stage.undo(stage.alarm(at=1_000_000.0))
    assert set(outcome.failed) == {str(path), str(made)}
    assert path.read_bytes().startswith(b"written by its owner")
    assert made.exists()


def test_a_dropped_copy_is_said(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"garbage")
    stage.write([with_metadata(deed(Did.CHANGED, str(path), copy="1"))], {})
    outcome = stage.undo(stage.alarm())
    assert "no copy" in outcome.failed[str(path)]
    assert path.read_bytes() == b"garbage"


def test_a_full_quarantine_does_not_keep_a_file_from_coming_back(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"garbage")
    stage.quarantine.limit_bytes = 1
    stage.write([with_metadata(deed(Did.CHANGED, str(path), copy="1"))], {"1": b"letter"})
    assert stage.undo(stage.alarm()).restored == [str(path)]
    assert path.read_bytes() == b"letter"
    (beside,) = stage.documents.glob("a.damaged-*")
    assert beside.read_bytes() == b"garbage"


def test_a_link_in_the_path_is_not_followed(stage: Stage, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (stage.documents / "x").symlink_to(elsewhere)
    path = stage.documents / "x" / "a"
    stage.write([with_metadata(deed(Did.CHANGED, str(path), copy="1"))], {"1": b"letter"})
    assert str(path) in stage.undo(stage.alarm()).failed
    assert list(elsewhere.iterdir()) == []


def test_both_journals_are_read_and_damaged_lines_passed_over(stage: Stage) -> None:
    stage.write([deed(Did.CHANGED, "/d/a")], {}, OLDER_JOURNAL)
    stage.write([deed(Did.CHANGED, "/d/b")], {})
    assert [each.path for each in stage.rewinding.deeds(lambda _: True)] == ["/d/a", "/d/b"]


def test_alarms_are_found_by_the_first_digits_of_their_id(stage: Stage) -> None:
    stage.write([], {})
    alarm = stage.alarm(5.0)
    (stage.rewinding.folder / ALARMS / f"{alarm.id}.json").write_text(json.dumps(asdict(alarm)), "ascii")
    (stage.rewinding.folder / ALARMS / "cut.json").write_text("{", "ascii")
    assert stage.rewinding.alarm("ab") == alarm
    with pytest.raises(NotFound):
        stage.rewinding.alarm("zz")
