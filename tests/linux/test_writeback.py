"""Tests of noting what is written through a mapping, on a real filesystem."""

import mmap
import os
import time
from pathlib import Path

import pytest

from garrison.linux.writeback import may_change_unseen, note_next_write, untimed_devices


def test_a_write_to_a_page_that_waits_goes_unseen_and_is_seen_when_that_was_written_out(tmp_path: Path) -> None:
    path = tmp_path / "mapped"
    path.write_bytes(b"x" * 4096)
    if may_change_unseen(path.stat(), untimed_devices()):
        pytest.skip("the folder for tests lies in memory")
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 4096) as content:
        content[0] = 1
        first = path.stat().st_ctime_ns
        time.sleep(0.02)
        content[1] = 2
        assert path.stat().st_ctime_ns == first  # the trap
        reading = os.open(path, os.O_RDONLY)
        assert note_next_write(reading)
        os.close(reading)
        time.sleep(0.02)
        content[2] = 3
        assert path.stat().st_ctime_ns > first


def test_what_lies_in_memory_may_change_unseen() -> None:
    shared = Path("/dev/shm")
    if not shared.is_dir():
        pytest.skip("no /dev/shm here")
    assert may_change_unseen(shared.stat(), untimed_devices())
    assert not may_change_unseen(os.stat_result(range(10)), frozenset({99}))


def test_a_pipe_has_nothing_to_write_out() -> None:
    reading, writing = os.pipe()
    try:
        assert not note_next_write(reading)
    finally:
        os.close(reading)
        os.close(writing)
