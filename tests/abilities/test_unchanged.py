import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Identity
from garrison.abilities.unchanged import CleanFiles, Unchanged
from garrison.base.clock import FakeClock, SystemClock

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
    return tmp_path / "state" / "clean", what


def test_other_databases_or_another_way_know_nothing(tmp_path: Path, clock: FakeClock) -> None:
    _, what = taught(tmp_path, clock)
    assert known(tmp_path / "state", clock).knows(what)
    assert not known(tmp_path / "state", clock, "other set", "way").knows(what)


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
