"""A copy of what was found clean costs no worker; nothing else passes for one."""

import contextlib
import hashlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.gate import contents
from garrison.gate.contents import MOST_BYTES, Contents, Reader
from garrison.wire.guarding import Late, Plan
from tests.engine.samples import EICAR
from tests.gate.live import Live, database, is_denied, volume, wait_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"harmless")
    return path


def read(path: Path, size: int, name: str = "file") -> contents.Content | None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return Reader().read(descriptor, size, name)
    finally:
        os.close(descriptor)


def test_a_content_has_a_key_with_its_name_and_is_read_whole(path: Path) -> None:
    content = read(path, 8)
    assert content is not None
    assert bytes(content.view) == b"harmless"
    assert content.key == hashlib.sha256(b"harmless\0file").digest()


@pytest.mark.parametrize("size", [7, 9])
def test_a_file_that_has_not_the_size_it_had_is_not_read(path: Path, size: int) -> None:
    assert read(path, size) is None


def test_only_small_files_are_read(path: Path) -> None:
    path.write_bytes(bytes(MOST_BYTES + 1))
    assert read(path, MOST_BYTES + 1) is None
    path.write_bytes(bytes(MOST_BYTES))
    assert read(path, MOST_BYTES) is not None


def test_what_nobody_asked_about_for_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_MOST_KNOWN", 2)
    known = Contents()
    for key in (b"a", b"b", b"c"):
        known.learn(key)
    assert known.has(b"a")  # and so it is a recent one again
    known.learn(b"d")
    known.learn(b"e")
    assert [known.has(key) for key in (b"a", b"b", b"d", b"e")] == [True, False, True, True]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk"), "ext4") as mounted:
        yield mounted


@pytest.fixture
def place(live: Live, disk: Path, usual: Plan) -> Path:
    """A folder with a clean file that the gate has examined on the short way, and that it goes on knowing."""
    live.go_by(usual)
    folder = Path(tempfile.mkdtemp(dir=disk))
    live.watch(disk, late=Late.DENY, deadline_seconds=0.5)
    for number in range(40):
        (folder / f"{number}").mkdir()
        original = folder / f"{number}" / "original"
        original.write_bytes(b"harmless, and by chance %d" % number)
        wait_until(lambda path=original: not is_denied(path))  # type: ignore[misc]
        copy = folder / f"{number}" / "copy"
        copy.mkdir()
        (copy / "original").write_bytes(original.read_bytes())
        with stopped(live):
            if not is_denied(copy / "original"):
                return folder / f"{number}"
        time.sleep(0.1)
    raise AssertionError("no lane was opened")


@contextlib.contextmanager
def stopped(live: Live) -> Iterator[None]:
    """All that the gate has started does nothing meanwhile."""
    processes = live.below()
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def again(place: Path, name: str = "original", more: bytes = b"") -> Path:
    path = Path(tempfile.mkdtemp(dir=place)) / name
    path.write_bytes((place / "original").read_bytes() + more)
    return path


def test_a_copy_passes_without_a_worker_and_nothing_else_does(live: Live, place: Path) -> None:
    copy, renamed, longer = again(place), again(place, "other"), again(place, more=b"!")
    with stopped(live):
        assert [is_denied(path) for path in (copy, renamed, longer)] == [False, True, True]


def test_a_copy_of_a_threat_is_refused(live: Live, place: Path) -> None:
    for _ in range(3):
        path = again(place)
        path.write_bytes(EICAR)
        assert is_denied(path)


def test_new_databases_know_no_copies(live: Live, disk: Path, place: Path, tmp_path: Path) -> None:
    content, copy = (place / "original").read_bytes(), again(place)
    line = f"{hashlib.sha256(content).hexdigest()}:{len(content)}:Later.Copy:test\n".encode()
    fresh = database(tmp_path, line)
    live.watch(disk, examining=replace(live.plan.examining, databases=str(fresh)), deadline_seconds=8.0)
    wait_until(lambda: is_denied(copy), 10)
