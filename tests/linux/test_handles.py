"""Tests of naming files by their handles."""

import os
from pathlib import Path

from garrison.linux.fanotify_events import Handle
from garrison.linux.handles import handle_of, identity, identity_of


def named(path: Path) -> str:
    descriptor = os.open(path, os.O_PATH)
    try:
        return identity_of(descriptor)
    finally:
        os.close(descriptor)


def test_a_file_keeps_its_identity_under_another_name_and_with_another_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one")
    before = named(first)
    first.rename(second)
    second.write_bytes(b"two, and longer")
    assert named(second) == before
    first.write_bytes(b"one")
    assert named(first) != before


def test_a_file_with_the_number_of_one_that_has_gone_is_another_one(tmp_path: Path) -> None:
    known = set()
    for _ in range(50):
        path = tmp_path / "again"
        path.write_bytes(b"x")
        known.add(named(path))
        path.unlink()
    assert len(known) == 50


def test_where_there_are_no_handles_a_file_is_named_by_its_number() -> None:
    reading, writing = os.pipe()
    try:
        status = os.fstat(reading)
        assert identity_of(reading) == f"inode:{status.st_dev}:{status.st_ino}"
    finally:
        os.close(reading)
        os.close(writing)


def test_the_kind_of_a_handle_is_part_of_it(tmp_path: Path) -> None:
    assert identity(Handle("self", b"", 1, b"\1\2", b"")) == "1:0102"
    assert identity(Handle("self", b"", 2, b"\1\2", b"")) == "2:0102"
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        assert identity_of(descriptor) == identity(handle_of(descriptor))
    finally:
        os.close(descriptor)
