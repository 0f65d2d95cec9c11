import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.linux import fanotify
from garrison.linux.fanotify import Features, Init, Mark, What, features
from garrison.linux.fanotify_events import read_plain
from tests.gate.live import skip_unless_possible, volume


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with volume(tmp_path, "tmpfs") as place:
        yield place


@pytest.fixture
def group() -> Iterator[int]:
    skip_unless_possible()
    descriptor = fanotify.open_group(Init.CLASS_CONTENT | Init.CLOEXEC)
    yield descriptor
    os.close(descriptor)


def cat(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["cat", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("is_allowed", [True, False])
def test_who_opens_a_file_waits_for_the_answer(group: int, disk: Path, is_allowed: bool) -> None:
    (disk / "file").write_bytes(b"content")
    fanotify.mark(group, Mark.ADD | Mark.FILESYSTEM, What.OPEN_PERM, disk)
    opener = cat(disk / "file")
    ((what, descriptor, process),) = read_plain(group)
    assert (what, process) == (What.OPEN_PERM, opener.pid)
    assert os.pread(descriptor, 100, 0) == b"content"
    assert opener.poll() is None
    assert fanotify.answer(group, descriptor, is_allowed)
    os.close(descriptor)
    content, problem = opener.communicate(timeout=5)
    assert content == (b"content" if is_allowed else b"")
    assert (b"not permitted" in problem) is not is_allowed
    assert not fanotify.answer(group, descriptor, is_allowed)  # nobody waits any more


def test_answers_can_be_given_for_a_reader_that_is_gone(group: int, disk: Path) -> None:
    (disk / "file").write_bytes(b"content")
    fanotify.mark(group, Mark.ADD | Mark.FILESYSTEM, What.OPEN_PERM, disk)
    openers = [cat(disk / "file") for _ in range(3)]
    held: list[int] = []
    while len(held) < 3:
        held += [descriptor for _, descriptor, _ in read_plain(group)]
    assert fanotify.answer_all(group, range(256), is_allowed=True) == 3
    for descriptor in held:
        os.close(descriptor)
    assert all(opener.communicate(timeout=5)[0] == b"content" for opener in openers)


def test_a_file_with_an_ignore_mark_is_not_asked_about_until_it_is_written(group: int, disk: Path) -> None:
    path = disk / "file"
    path.write_bytes(b"content")
    fanotify.mark(group, Mark.ADD | Mark.FILESYSTEM, What.OPEN_PERM, disk)
    fanotify.mark(group, Mark.ADD | Mark.IGNORED_MASK, What.OPEN_PERM, path)
    assert path.read_bytes() == b"content"  # by this very process, which would wait for itself
    with path.open("ab") as file:
        file.write(b"more")
    opener = cat(path)
    ((_, descriptor, _),) = read_plain(group)
    fanotify.answer(group, descriptor, is_allowed=True)
    os.close(descriptor)
    assert opener.communicate(timeout=5)[0] == b"contentmore"
    fanotify.flush(group, Mark.FILESYSTEM)
    assert path.read_bytes() == b"contentmore"


def test_what_the_kernel_refuses_is_said_with_what_it_was_about(group: int, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        fanotify.mark(group, Mark.ADD, What.OPEN_PERM, tmp_path / "missing")
    with pytest.raises(OSError, match="descriptor 99999"):
        fanotify.mark_open(group, Mark.ADD, What.OPEN_PERM, 99999)
    with pytest.raises(OSError, match="Invalid"):
        fanotify.open_group(Init(1 << 30))


def test_features_can_be_masked_and_unknown_ones_cannot() -> None:
    full = Features(*[True] * 6)
    assert full.without(["evictable", "mounts"]) == Features(True, False, True, True, True, False)
    with pytest.raises(ValueError, match="no such feature: rays"):
        full.without(["rays"])


def test_features_are_found_by_trying() -> None:
    found = features()
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    if found.asks:
        assert found.evictable == (release >= (5, 19))
        assert found.surviving_ignore == (release >= (6, 0))
    else:
        assert os.geteuid() != 0 or release < (5, 0) or not found.evictable
