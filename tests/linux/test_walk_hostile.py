"""Walks among people who would rather not have it: links of /proc, and leases."""

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.linux import walk as walk_module
from garrison.linux.walk import Found, Trouble, Walk
from tests.linux.test_walk import make, walked


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "top"
    folder.mkdir()
    return folder


def test_what_processes_hold_open_is_not_named(top: Path) -> None:
    """Ask for an open file by its number, straight and through a link: nothing is said of what it is."""
    make(top, "secret")
    with (top / "secret").open("rb") as held:
        number = f"/proc/self/fd/{held.fileno()}"
        (top / "link").symlink_to(number)
        for asked in (number, str(top / "link")):
            paths, (trouble,) = walked(asked)
            assert paths == []
            assert trouble == Trouble(asked, "made up by the kernel, holds no files: not scanned", given=True)


def test_troubles_name_a_path_as_it_was_given(top: Path) -> None:
    (top / "real").mkdir()
    os.mkfifo(top / "real" / "pipe")
    (top / "link").symlink_to("real")
    (trouble,) = walked(top / "link", walk=Walk(lambda path: path.endswith("real")))[1]
    assert trouble.path == str(top / "link")
    assert walked(f"{top}/x\0y")[1] == [Trouble(f"{top}/x\0y", "is no path", given=True)]


@contextlib.contextmanager
def leased(path: Path) -> Iterator[None]:
    """Keep a file from being opened, and never give it up oneself."""
    descriptor = os.open(path, os.O_RDWR)
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # ignored by default
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    try:
        yield
    finally:
        os.close(descriptor)


def test_a_file_under_a_lease_is_examined_at_last(top: Path) -> None:
    """Have it held for a while: the walk goes on, waits, and can be ended meanwhile."""
    held, other = make(top, "held", "other")
    walk = Walk()
    items = []
    with leased(Path(held)):
        for item in walk.files([str(top)]):
            items.append(item)
            if item is None:
                break
            assert isinstance(item, Found)
            os.close(item.descriptor)
    assert [item.path for item in items if isinstance(item, Found)] == [other]
    with leased(Path(held)):
        waiting = Walk().files([str(top)])
        first = next(waiting)
        assert isinstance(first, Found)
        os.close(first.descriptor)
        assert next(waiting) is None
    last = next(waiting)
    assert isinstance(last, Found)
    assert last.path == held
    os.close(last.descriptor)
    assert list(waiting) == []


def test_a_lease_that_does_not_end_is_told(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (held,) = make(top, "held")
    monkeypatch.setattr(walk_module, "_lease_break_seconds", lambda: 0.3)
    with leased(Path(held)):
        paths, (trouble,) = walked(held)
    assert paths == []
    assert trouble == Trouble(held, "another program keeps it to itself (a lease): not examined", given=True)
