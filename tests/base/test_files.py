import errno
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain, read_json, sweep, write_atomically, write_json

names = st.binary(max_size=40).map(os.fsdecode)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)


@given(value=plain)
def test_what_was_written_is_read(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert read_json(path) == value
    path.read_bytes().decode("ascii")


def test_the_file_has_the_mode_that_was_asked_for_and_no_other_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"1", mode=0o400)
    write_atomically(path, b"2", mode=0o400)
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o400
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_replaced_never_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"kept"
    assert not (tmp_path / "link").is_symlink()


def test_a_left_over_file_of_the_same_number_is_no_obstacle(tmp_path: Path) -> None:
    leftover = tmp_path / f".a.{threading.get_native_id()}.new"
    leftover.write_bytes(b"half")
    leftover.chmod(0o400)
    write_atomically(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert not leftover.exists()


def test_sweeping_removes_left_over_files_only(tmp_path: Path) -> None:
    for name in (".a.12.new", "a", ".b", "c.new"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".folder.new").mkdir()
    (tmp_path / ".link.new").symlink_to("a")
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".b", ".folder.new", ".link.new", "a", "c.new"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))  # Python ignores SIGXFSZ: the write fails
    try:
        with pytest.raises(Failed, match="Could not write"):
            write_atomically(path, b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed, match="the disk is full"):
        write_json(path, {})
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_many_threads_writing_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    path = tmp_path / "a"
    contents = [bytes([number]) * 50_000 for number in range(8)]

    def write(content: bytes) -> None:
        for _ in range(5):
            write_atomically(path, content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["a"]


_KILLED = """
import sys
from pathlib import Path
from garrison.base.files import write_atomically
print("ready", flush=True)
while True:
    for byte in b"ab":
        write_atomically(Path(sys.argv[1]), bytes([byte]) * 200_000)
"""


def test_a_kill_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(0.02)
        process.kill()
        process.communicate()
        sweep(tmp_path)
        assert not path.exists() or path.read_bytes() in {b"a" * 200_000, b"b" * 200_000}
        assert set(os.listdir(tmp_path)) <= {"a"}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 200_000, b'{"a": 1}}', b"1" * 10_000])
def test_a_damaged_file_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 # that kind is the promise
        read_json(tmp_path / "a")


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "a")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_missing_right_is_said_as_such(number: int) -> None:
    error = explain(OSError(number, os.strerror(number)), "write /x")
    assert isinstance(error, Unavailable)
    assert error.text.startswith("Could not write /x: ")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no such file"):
        write_atomically(tmp_path / "missing" / "a", b"")
