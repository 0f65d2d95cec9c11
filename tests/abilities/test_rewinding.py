"""Tests of putting back what programs did. What the gate keeps is made by the gate in tests/gate/test_documents.py."""

import asyncio
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Quarantine
from garrison.abilities.quarantine.record import Metadata
from garrison.abilities.rewinding import Outcome, Rewinding, _move, _put
from garrison.base.clock import SystemClock
from garrison.base.errors import Failed, NotFound
from garrison.base.paths import Home
from garrison.linux.handles import identity_of
from garrison.wire.watching import ALARMS, COPIES, JOURNAL, OLDER_JOURNAL, Alarm, Deed, Did
from tests.abilities.test_reversing import deed


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


def test_what_others_changed_since_is_left_alone_and_the_file_comes_back_beside_it(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"written by its owner, after the alarm")
    made = stage.documents / "b"
    made.write_bytes(b"likewise")
    deeds = [with_metadata(deed(Did.CHANGED, str(path), copy="1")), deed(Did.CREATED, str(made))]
    stage.write(deeds, {"1": b"letter"})
    alarm = stage.alarm(at=1_000_000.0)
    outcome = stage.undo(alarm)
    assert set(outcome.failed) == {str(made)}
    assert outcome.beside == {str(path): f"{path}.restored-ab12cd34"}
    assert path.read_bytes().startswith(b"written by its owner")
    assert Path(outcome.beside[str(path)]).read_bytes() == b"letter"
    assert made.exists()
    assert stage.quarantine.records() == []
    assert stage.undo(alarm).unchanged == [str(path)]


def of(path: Path) -> str:
    descriptor = os.open(path, os.O_PATH)
    try:
        return identity_of(descriptor)
    finally:
        os.close(descriptor)


def known(did: Did, path: Path, file: str, copy: str = "", to: str = "") -> Deed:
    return replace(with_metadata(deed(did, str(path), to, copy)), file=file)


def test_a_file_that_somebody_put_in_the_place_of_a_destroyed_one_stays(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"garbage")
    theirs = of(path)
    path.unlink()
    path.write_bytes(b"put there by its owner")
    stage.write([known(Did.CHANGED, path, theirs, "1"), known(Did.DELETED, path, theirs)], {"1": b"letter"})
    for really in (False, True):
        outcome = stage.undo(stage.alarm(), really)
        assert (outcome.restored, outcome.beside) == ([str(path)], {str(path): f"{path}.restored-ab12cd34"})
    assert path.read_bytes() == b"put there by its owner"
    assert Path(f"{path}.restored-ab12cd34").read_bytes() == b"letter"
    assert stage.quarantine.records() == []


def test_what_the_program_itself_put_in_the_place_goes_into_quarantine(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"garbage")
    deeds = [known(Did.CREATED, path, of(path)), known(Did.DELETED, path.with_name("b"), "gone", "1")]
    stage.write(deeds, {"1": b"letter"})
    outcome = stage.undo(stage.alarm())
    assert (outcome.quarantined, outcome.restored, outcome.beside) == ([str(path)], [str(path.with_name("b"))], {})
    assert not path.exists()


def test_a_file_in_the_place_of_one_that_was_made_is_not_taken_away(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"put there by its owner")
    stage.write([known(Did.CREATED, path, "another")], {})
    assert "somebody else" in stage.undo(stage.alarm()).failed[str(path)]
    assert path.read_bytes() == b"put there by its owner"


def test_a_renamed_file_goes_back_beside_one_that_took_its_name(stage: Stage) -> None:
    (stage.documents / "deep").mkdir()
    before, now = stage.documents / "a", stage.documents / "deep" / "a.locked"
    now.write_bytes(b"letter")
    before.write_bytes(b"put there by its owner")
    stage.write([known(Did.RENAMED, before, of(now), to=str(now))], {})
    for really in (False, True):
        outcome = stage.undo(stage.alarm(), really)
        assert (outcome.moved, outcome.failed) == ([str(before)], {})
        assert outcome.beside == {str(before): f"{before}.restored-ab12cd34"}
    assert before.read_bytes() == b"put there by its owner"
    assert Path(outcome.beside[str(before)]).read_bytes() == b"letter"


def test_what_is_no_file_any_more_stays_and_the_file_comes_back_beside_it(stage: Stage) -> None:
    path = stage.documents / "a"
    path.symlink_to("/etc/passwd")
    stage.write([known(Did.DELETED, path, "gone", "1")], {"1": b"letter"})
    assert stage.undo(stage.alarm()).beside == {str(path): f"{path}.restored-ab12cd34"}
    assert path.is_symlink()
    assert stage.undo(stage.alarm()).unchanged == [str(path)]


def test_a_file_under_the_name_of_a_renamed_one_is_not_moved(stage: Stage) -> None:
    before, now = stage.documents / "a", stage.documents / "b"
    now.write_bytes(b"put there by its owner")
    stage.write([known(Did.RENAMED, before, "another", to=str(now))], {})
    assert "another file by now" in stage.undo(stage.alarm()).failed[str(before)]
    assert (now.exists(), before.exists()) == (True, False)


def test_one_who_is_quicker_keeps_the_name(tmp_path: Path) -> None:
    old, new = tmp_path.resolve() / "old", tmp_path.resolve() / "new"
    old.write_bytes(b"put there by its owner")
    with pytest.raises(Failed):
        _move(str(old), str(new), "another")
    assert (old.exists(), new.exists()) == (True, False)
    source = tmp_path / "copy"
    source.write_bytes(b"letter")
    taken = _put(str(old), f"{old}.beside", source, Metadata(**metadata()))  # type: ignore[arg-type]
    assert taken == f"{old}.beside"
    assert Path(taken).read_bytes() == b"letter"
    assert old.read_bytes() == b"put there by its owner"


def test_a_file_that_was_only_read_and_then_saved_by_others_is_no_matter_of_ours(stage: Stage) -> None:
    path = stage.documents / "a"
    path.write_bytes(b"saved since")
    stage.write([known(Did.READ, path, "another", "1")], {"1": b"letter"})
    assert stage.undo(stage.alarm()).unchanged == [str(path)]
    assert [each.name for each in stage.documents.iterdir()] == ["a"]


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
