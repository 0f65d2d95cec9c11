import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from garrison.abilities.batches import Taken, close, next_batch
from garrison.abilities.quarantine import Identity
from garrison.abilities.unchanged import CleanFiles, Unchanged
from garrison.base.clock import FakeClock, SystemClock
from garrison.linux.walk import Walk
from garrison.linux.writeback import may_change_unseen, untimed_devices

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD_NS = int((NOW - timedelta(days=300)).timestamp()) * 1_000_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(SystemClock().now() + timedelta(hours=1))


def known(folder: Path, clock: FakeClock, *what: object) -> CleanFiles:
    folder.mkdir(exist_ok=True)
    return Unchanged(folder, clock).open(*(what or ("set", "way")))


def status(folder: Path, name: str, content: str = "x") -> os.stat_result:
    path = folder / name
    path.write_text(content)
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path.stat()


def learned(clean: CleanFiles, what: os.stat_result) -> Identity:
    """Teach it a file as if it had last changed long ago."""
    identity = Identity(what.st_dev, what.st_ino, what.st_size, what.st_mtime_ns, what.st_ctime_ns)
    clean.learn(identity)
    return identity


def test_a_clean_file_is_known_after_a_restart(tmp_path: Path) -> None:
    what = status(tmp_path, "a")
    clock = FakeClock(datetime.fromtimestamp(what.st_ctime, UTC) + timedelta(seconds=60))
    clean = known(tmp_path / "state", clock)
    assert not clean.knows(what)
    learned(clean, what)
    assert clean.knows(what)
    clean.save()
    assert known(tmp_path / "state", clock).knows(what)


def test_any_change_makes_it_unknown(tmp_path: Path) -> None:
    what = status(tmp_path, "a")
    clock = FakeClock(datetime.fromtimestamp(what.st_ctime, UTC) + timedelta(seconds=60))
    clean = known(tmp_path / "state", clock)
    learned(clean, what)
    assert not clean.knows(status(tmp_path, "b"))
    assert not clean.knows(status(tmp_path, "a", "y"))  # the same size and time of change, but not the same ctime
    assert clean.knows(what)


def test_what_changed_just_now_is_not_learned(tmp_path: Path) -> None:
    what = status(tmp_path, "a")
    clock = FakeClock(datetime.fromtimestamp(what.st_ctime, UTC) + timedelta(seconds=1))
    clean = known(tmp_path / "state", clock)
    learned(clean, what)
    assert not clean.knows(what)


def taught(tmp_path: Path, clock: FakeClock) -> tuple[Path, os.stat_result]:
    what = status(tmp_path, "a")
    clean = known(tmp_path / "state", clock)
    learned(clean, what)
    clean.save()
    return next((tmp_path / "state").glob("clean-*")), what


def test_other_databases_or_another_way_know_nothing(tmp_path: Path, clock: FakeClock) -> None:
    _, what = taught(tmp_path, clock)
    assert known(tmp_path / "state", clock).knows(what)
    assert not known(tmp_path / "state", clock, "other set", "way").knows(what)


def test_two_ways_are_known_side_by_side_and_the_oldest_of_many_is_forgotten(tmp_path: Path, clock: FakeClock) -> None:
    _, what = taught(tmp_path, clock)
    for number in range(1, 6):
        other = known(tmp_path / "state", clock, "set", f"way {number}")
        learned(other, what)
        other.save()
        os.utime(other._path, (number, number))
        assert known(tmp_path / "state", clock, "set", f"way {number}").knows(what)
    assert known(tmp_path / "state", clock).knows(what)
    assert len(list((tmp_path / "state").glob("clean*"))) <= 4
    assert not known(tmp_path / "state", clock, "set", "way 1").knows(what)


def test_after_a_week_everything_is_examined_anew(tmp_path: Path, clock: FakeClock) -> None:
    _, what = taught(tmp_path, clock)
    clock.advance(timedelta(days=6))
    assert known(tmp_path / "state", clock).knows(what)
    clock.advance(timedelta(days=2))
    assert not known(tmp_path / "state", clock).knows(what)


@pytest.mark.parametrize("at", [0, 10, 60, -1])
def test_what_was_tampered_with_is_not_believed(tmp_path: Path, clock: FakeClock, at: int) -> None:
    file, what = taught(tmp_path, clock)
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    assert not known(tmp_path / "state", clock).knows(what)


def test_what_was_cut_or_came_with_another_key_is_not_believed(tmp_path: Path, clock: FakeClock) -> None:
    file, what = taught(tmp_path, clock)
    whole = file.read_bytes()
    file.write_bytes(whole[:-17])
    assert len(known(tmp_path / "state", clock)) == 0
    file.write_bytes(whole)
    (tmp_path / "state" / "key").write_bytes(b"short")
    assert not known(tmp_path / "state", clock).knows(what)


def _by_writing(path: Path) -> None:
    with open(path, "r+b") as file:
        file.write(b"y")


def _by_renaming(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("y")
    os.utime(other, ns=(OLD_NS, OLD_NS))
    other.rename(path)


def _by_cutting(path: Path) -> None:
    os.truncate(path, 0)
    path.write_text("y")


@pytest.mark.parametrize("change", [_by_writing, _by_renaming, _by_cutting])
def test_no_trick_with_times_makes_a_changed_file_look_unchanged(
    tmp_path: Path, clock: FakeClock, change: Callable[[Path], None]
) -> None:
    what = status(tmp_path, "a")
    clean = known(tmp_path / "state", clock)
    learned(clean, what)
    change(tmp_path / "a")
    os.utime(tmp_path / "a", ns=(OLD_NS, OLD_NS))  # utimensat(2)
    now = (tmp_path / "a").stat()
    assert (now.st_size, now.st_mtime_ns) == (what.st_size, what.st_mtime_ns)
    assert not clean.knows(now)


def test_another_file_with_the_inode_of_one_that_is_gone_is_not_known(tmp_path: Path, clock: FakeClock) -> None:
    now = status(tmp_path, "a")
    gone = replace(Identity.of(now), ctime_ns=now.st_ctime_ns - 60_000_000_000)
    clean = known(tmp_path / "state", clock)
    clean.learn(gone)
    assert len(clean) == 1
    assert not clean.knows(now)


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 4096) as content:
        yield content


def test_what_is_written_through_a_mapping_that_was_there_before_is_noticed(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 4096)
    if may_change_unseen(path.stat(), untimed_devices()):
        pytest.skip("the folder for tests lies in memory")
    monkeypatch.setattr("garrison.abilities.batches.is_fresh", lambda _: False)
    clean = known(tmp_path / "state", clock)
    with mapped(path) as content:
        content[0] = 1  # from here on, and until it is written out, the kernel notes no change
        taken = Taken()
        with closing(Walk().files([str(path)])) as walk:
            next_batch(walk, 1, taken)
        (found,) = taken.batch
        clean.learn(Identity.of(found.status))
        close(taken.batch)
        assert clean.knows(path.stat())
        time.sleep(0.02)
        content[1] = 2
        assert not clean.knows(path.stat())


def test_what_has_just_changed_is_not_settled(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    taken = Taken()
    with closing(Walk().files([str(tmp_path / "a")])) as walk:
        next_batch(walk, 1, taken)
    close(taken.batch)
    assert taken.fresh == {str(tmp_path / "a")}


def test_files_that_may_change_and_keep_their_times_are_never_known(tmp_path: Path, clock: FakeClock) -> None:
    what = status(tmp_path, "a")
    clean = known(tmp_path / "state", clock)
    learned(clean, what)
    clean.untimed = frozenset({what.st_dev})
    assert not clean.knows(what)
    other = status(tmp_path, "b")
    learned(clean, other)
    clean.untimed = frozenset()
    assert not clean.knows(other)


def test_a_clock_that_is_set_back_makes_nothing_known(tmp_path: Path, clock: FakeClock) -> None:
    _, what = taught(tmp_path, clock)
    clock.advance(timedelta(days=-2))  # the memory seems to be of the future
    assert not known(tmp_path / "state", clock).knows(what)
    learned(clean := known(tmp_path / "other", clock), what)  # the file too
    assert not clean.knows(what)
