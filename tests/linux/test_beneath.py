import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garrison.base.errors import Failed
from garrison.linux.beneath import (
    OfProcesses,
    _rename_in_steps,
    folder_without_links,
    real_path,
    rename_if_free,
    split,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
def opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_PATH)
    yield descriptor
    os.close(descriptor)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_opens_a_folder(folder: Path) -> None:
    before = descriptors()
    with folder_without_links(f"{folder}/./") as descriptor:
        assert os.path.sameopenfile(descriptor, descriptor)
        assert os.fstat(descriptor).st_ino == folder.stat().st_ino
    with folder_without_links("/") as descriptor:
        assert os.fstat(descriptor).st_ino == Path("/").stat().st_ino
    assert descriptors() == before


@pytest.mark.parametrize("path", ["link", "link/deeper", "file", "file/x", "real/.."])
def test_follows_no_link_and_no_way_back(folder: Path, path: str) -> None:
    (folder / "real" / "deeper").mkdir(parents=True)
    (folder / "link").symlink_to("real")
    (folder / "file").touch()
    before = descriptors()
    with pytest.raises(Failed), folder_without_links(f"{folder}/{path}"):
        pass
    assert descriptors() == before


def test_wants_a_full_path() -> None:
    with pytest.raises(Failed, match="full path"), folder_without_links("usr"):
        pass


def test_what_is_missing_is_an_oserror(folder: Path) -> None:
    with pytest.raises(FileNotFoundError), folder_without_links(f"{folder}/missing/deeper"):
        pass


def test_paths_may_be_longer_than_the_kernel_takes_at_once(folder: Path) -> None:
    path = str(folder)
    current = os.open(folder, os.O_PATH)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=current)
        deeper = os.open("x" * 250, os.O_PATH, dir_fd=current)
        os.close(current)
        current, path = deeper, f"{path}/{'x' * 250}"
    os.close(current)
    assert len(path) > 4096
    with folder_without_links(path) as descriptor:
        assert os.fstat(descriptor)


@pytest.mark.parametrize(
    ("path", "parts"),
    [("/a/b", ("/a", "b")), ("/a", ("/", "a")), ("/a/b/", ("/a/b", "")), ("/\udcff/\n", ("/\udcff", "\n"))],
)
def test_splits_a_path(path: str, parts: tuple[str, str]) -> None:
    assert split(path) == parts


@pytest.mark.parametrize("call", [rename_if_free, _rename_in_steps])
def test_renames_only_to_a_free_name(folder: Path, opened: int, call: Callable[[str, str, int], None]) -> None:
    (folder / "old \udcff").write_bytes(b"old")
    (folder / "taken").write_bytes(b"taken")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "folder").mkdir()
    for name in ("taken", "dangling", "folder"):
        for old in ("old \udcff", "folder"):
            with pytest.raises(FileExistsError):
                call(old, name, opened)
    assert (folder / "taken").read_bytes() == b"taken"
    call("old \udcff", "new", opened)
    call("folder", "folder 2", opened)
    assert sorted(os.listdir(folder)) == ["dangling", "folder 2", "new", "taken"]
    assert (folder / "new").read_bytes() == b"old"
    assert (folder / "new").stat().st_nlink == 1
    with pytest.raises(FileNotFoundError):
        call("missing", "other", opened)


def test_follows_links_to_the_real_path(folder: Path) -> None:
    (folder / "real" / "deeper").mkdir(parents=True)
    (folder / "real" / "file").touch()
    (folder / "link").symlink_to("real/deeper")
    (folder / "far").symlink_to(folder / "link" / "..")
    before = descriptors()
    assert real_path("/") == "/"
    assert real_path(f"{folder}/./link/") == f"{folder}/real/deeper"
    assert real_path(f"{folder}/far/file") == f"{folder}/real/file"
    for bad in ("missing", "real/file/x", "loop"):
        (folder / "loop").unlink(missing_ok=True)
        (folder / "loop").symlink_to("loop")
        with pytest.raises(OSError, match=r"No such|Not a dir|Too many"):
            real_path(f"{folder}/{bad}")
    with pytest.raises(Failed, match="full path"):
        real_path("relative")
    assert descriptors() == before


def test_what_processes_hold_open_is_not_followed(folder: Path) -> None:
    """Name our own open folder by its number: the link would lead there whoever may or may not enter it."""
    held = os.open(folder, os.O_RDONLY)
    (folder / "indirect").symlink_to(f"/proc/self/fd/{held}")
    try:
        for path in (f"/proc/self/fd/{held}", f"{folder}/indirect", f"/dev/fd/{held}", "/proc/1/root/etc"):
            with pytest.raises(OfProcesses):
                real_path(path)
    finally:
        os.close(held)
