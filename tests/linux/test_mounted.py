import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from garrison.linux.mounted import Location, is_below, mount_of, parse, read

TABLE = b"""\
1 0 8:1 / / rw shared:1 - ext4 /dev/a rw
2 1 0:5 / /proc rw - proc proc rw
3 1 8:2 / /home rw - xfs /dev/b rw
4 3 8:1 /srv/a\\040b /home/bound rw - ext4 /dev/a rw
5 1 0:9 / /net rw - nfs4 server:/ rw
6 1 0:10 / /vault rw - fuse.gocryptfs x rw
7 1 8:3 / /stick rw - fuseblk /dev/c rw
8 1 8:4 / /home rw - ext4 /dev/d rw
nonsense
"""


def test_a_path_lies_on_the_mount_that_covers_it() -> None:
    mounts = parse(TABLE)
    assert mounts.locate("/etc/passwd") == Location("8:1", "/etc/passwd")
    assert mounts.locate("/home/a") == Location("8:4", "/a")  # mounted over the earlier one
    assert mounts.locate("/home/bound/x") == Location("8:1", "/srv/a b/x")
    assert mounts.locate("/") == Location("8:1", "/")


def test_a_bound_folder_is_where_it_really_lies() -> None:
    mounts = parse(TABLE)
    bound = mounts.locate_on(4, "/home/bound/deep/file")
    assert bound == Location("8:1", "/srv/a b/deep/file")
    assert bound.is_in(Location("8:1", "/srv"))
    assert not bound.is_in(Location("8:2", "/srv"))
    assert mounts.locate_on(99, "/home/bound/deep/file") is None  # a mount that this view does not have
    assert mounts.locate_on(4, "/elsewhere") is None


def test_local_is_what_holds_files_and_neither_far_nor_served_by_a_program() -> None:
    assert parse(TABLE).local() == {"8:1": "/", "8:3": "/stick", "8:4": "/home"}


def test_a_name_that_only_begins_alike_is_not_below() -> None:
    assert is_below("/a/b", "/a")
    assert is_below("/a", "/a")
    assert is_below("/a", "/")
    assert not is_below("/ab", "/a")


def test_what_is_open_is_on_a_mount_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        mounts = read()
        assert mounts.locate_on(mount_of(descriptor), os.path.realpath(path)) == mounts.locate(os.path.realpath(path))
    finally:
        os.close(descriptor)


@given(st.binary(max_size=200))
def test_no_table_does_harm(content: bytes) -> None:
    assert parse(content).local() is not None
