import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from garrison.abilities.quarantine import place
from garrison.abilities.quarantine.place import Removal, Step
from garrison.abilities.quarantine.record import Metadata
from garrison.base.errors import Failed, NotFound
from tests.abilities.quarantine.test_record import metadata_of
from tests.abilities.things import NOBODY, identity, names, needs_root, run

LEFTOVER = ".garrison-0123456789ab"
TEMPORARY = ".garrison-0123456789ab-1.new"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "bad").write_bytes(b"content")
    return folder / "bad"


def removal(path: Path) -> Removal:
    return Removal(str(path), identity(path), LEFTOVER)


def put(path: Path, content: bytes = b"content", sha256: str = "") -> list[str]:
    metadata = Metadata(os.geteuid(), os.getegid(), 0o640, 1, 2, {})
    return place.put(str(path), [content], sha256 or hashlib.sha256(content).hexdigest(), metadata, TEMPORARY)


def test_opens_the_very_file(bad: Path) -> None:
    seen = identity(bad)
    with place.opened(str(bad), seen) as descriptor:
        assert os.read(descriptor, 100) == b"content"
    bad.unlink()
    bad.write_bytes(b"CONTENT")
    with pytest.raises(Failed, match="was changed"), place.opened(str(bad), seen):
        pass


def test_a_link_or_pipe_in_its_place_is_not_opened(bad: Path, tmp_path: Path) -> None:
    seen = identity(bad)
    bad.rename(tmp_path / "away")
    bad.symlink_to(tmp_path / "away")
    with pytest.raises(OSError, match="symbolic links"), place.opened(str(bad), seen):
        pass
    bad.unlink()
    os.mkfifo(bad)
    with pytest.raises(Failed, match="was changed"), place.opened(str(bad), seen):
        pass


def test_a_folder_swapped_for_a_link_is_not_entered(bad: Path, tmp_path: Path) -> None:
    work = removal(bad)
    bad.parent.rename(tmp_path / "real")
    bad.parent.symlink_to(tmp_path / "real")
    with pytest.raises(Failed, match="is a link"):
        work.run()
    with pytest.raises(Failed, match="is a link"), place.opened(str(bad), work.identity):
        pass
    with pytest.raises(Failed, match="is a link"):
        put(bad.parent / "new")
    assert names(tmp_path / "real") == ["bad"]


def test_removes_the_very_file(bad: Path) -> None:
    work = removal(bad)
    work.run()
    assert work.step is Step.DONE
    assert names(bad.parent) == []


def test_other_names_of_a_file_stay(bad: Path) -> None:
    other = bad.with_name("other")
    other.hardlink_to(bad)
    removal(bad).run()
    assert other.read_bytes() == b"content"


@pytest.mark.parametrize("change", ["rewritten", "replaced", "gone"])
def test_another_file_is_not_removed(bad: Path, change: str) -> None:
    work = removal(bad)
    if change == "rewritten":
        bad.write_bytes(b"other content")
    else:
        bad.unlink()
    if change == "replaced":
        bad.write_bytes(b"content")
    with pytest.raises(Failed, match="was changed"):
        work.run()
    assert work.step is Step.NONE
    assert names(bad.parent) == ([] if change == "gone" else ["bad"])


def test_what_is_swapped_in_at_the_last_moment_is_put_back(bad: Path) -> None:
    """Swap the file and another without a pause, in another thread, until the removal has met it midway."""
    stop = threading.Event()
    innocent, evil = bad.with_name("innocent"), bad.with_name("evil")
    evil.write_bytes(b"evil")
    innocent.write_bytes(b"innocent")
    seen = identity(evil)

    def swap() -> None:
        while not stop.is_set():
            for each in (innocent, evil):
                try:
                    bad.unlink()
                    bad.hardlink_to(each)
                except OSError:
                    continue

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(300):
            work = Removal(str(bad), seen, LEFTOVER)
            with contextlib.suppress(Failed, OSError):
                work.run()
            assert work.step is not Step.MOVED
            if bad.with_name(LEFTOVER).exists():  # its name was taken again: it stays under the other
                assert bad.with_name(LEFTOVER).read_bytes() == b"innocent"
                bad.with_name(LEFTOVER).unlink()
    finally:
        stop.set()
        swapper.join()
    assert innocent.read_bytes() == b"innocent"
    assert LEFTOVER not in names(bad.parent)


def test_even_a_folder_that_was_swapped_in_is_put_back(bad: Path) -> None:
    seen = identity(bad)
    bad.rename(bad.with_name(LEFTOVER))
    bad.with_name(LEFTOVER).unlink()
    bad.with_name(LEFTOVER).mkdir()
    place.finish_removal(str(bad), seen, LEFTOVER)
    assert bad.is_dir()


def test_finishes_what_was_cut_short(bad: Path) -> None:
    seen = identity(bad)
    place.finish_removal(str(bad), seen, LEFTOVER)  # nothing had begun
    assert place.is_there(str(bad), seen)
    bad.rename(bad.with_name(LEFTOVER))
    assert not place.is_there(str(bad), seen)
    place.finish_removal(str(bad), seen, LEFTOVER)
    assert names(bad.parent) == []


def test_a_stranger_under_the_other_name_gets_its_name_back_if_it_is_free(bad: Path) -> None:
    seen = identity(bad)
    bad.unlink()
    bad.with_name(LEFTOVER).write_bytes(b"stranger")
    place.finish_removal(str(bad), seen, LEFTOVER)
    assert bad.read_bytes() == b"stranger"
    bad.with_name(LEFTOVER).write_bytes(b"another")
    place.finish_removal(str(bad), seen, LEFTOVER)
    assert names(bad.parent) == [LEFTOVER, "bad"]


def test_puts_a_file_whole(bad: Path) -> None:
    new = bad.with_name("new")
    assert put(new) == []
    assert new.read_bytes() == b"content"
    assert names(bad.parent) == ["bad", "new"]
    assert metadata_of(new).mtime_ns == 2


@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe"])
def test_never_replaces_anything(bad: Path, kind: str) -> None:
    target = bad.with_name("target")
    make: dict[str, Callable[[], object]] = {
        "file": lambda: target.write_bytes(b"mine"),
        "folder": target.mkdir,
        "link": lambda: target.symlink_to("nowhere"),
        "pipe": lambda: os.mkfifo(target),
    }
    make[kind]()
    before = target.lstat()
    with pytest.raises(Failed, match="already"):
        put(target)
    assert target.lstat() == before
    assert names(bad.parent) == ["bad", "target"]


def test_what_is_damaged_is_not_put(bad: Path) -> None:
    with pytest.raises(Failed, match="damaged"):
        put(bad.with_name("new"), sha256="0" * 64)
    with pytest.raises(NotFound, match="does not exist"):
        put(bad.parent / "missing" / "new")
    assert names(bad.parent) == ["bad"]


def test_where_a_file_goes_back_to(bad: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(bad.parent)
    assert place.destination("/a/b", "") == "/a/b"
    assert place.destination(f"{link}/b", "") == f"{link}/b"  # not followed: it was none when the file was taken
    assert place.destination("/a/b", str(link)) == str(bad.parent.resolve() / "b")
    assert place.destination("/a/b", f"{link}/c") == str(bad.parent.resolve() / "c")


def test_a_folder_in_its_place_is_not_entered(bad: Path) -> None:
    folder = bad.with_name("was a file")
    folder.mkdir()
    assert place.destination(str(folder), "") == str(folder)


def test_unfinished_files_are_discarded(bad: Path) -> None:
    place.discard_unfinished(str(bad))
    place.discard_unfinished(str(bad))
    assert names(bad.parent) == []


@needs_root
def test_asks_whether_the_account_may_remove(shared: Path) -> None:
    theirs = shared / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)

    def may(folder: Path) -> bool:
        return run(lambda acting: acting.run(place.may_remove, str(folder / "x")), uid=NOBODY)

    assert may(theirs)
    assert not may(shared)
    assert not may(shared / "missing")
    theirs.chmod(0o555)
    assert not may(theirs)
    assert place.may_remove(str(theirs / "x"))


def test_a_place_among_processes_or_nowhere_is_refused(bad: Path) -> None:
    for goal in ("/proc/1/root/x", "/proc/self/fd/0", "/proc/self/cwd"):
        with pytest.raises(Failed, match="/proc"):
            place.destination("/a/b", goal)
    with pytest.raises(NotFound, match="does not exist"):
        place.destination("/a/b", f"{bad.parent}/missing/new")
    with pytest.raises(Failed, match="full path"):
        place.destination("/a/b", "relative/x")
    assert place.destination("/a/b", str(bad)) == str(bad.resolve())


@needs_root
def test_a_place_that_may_not_be_looked_at_is_told_kindly(shared: Path) -> None:
    (shared / "closed").mkdir(mode=0o700)
    with pytest.raises(OSError, match="denied"):
        run(lambda acting: acting.run(place.destination, "/a/b", f"{shared}/closed/deep/x"), NOBODY)
