"""Tests of running programs."""

import ctypes
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.linux.running import (
    environment,
    family,
    has_been_replaced,
    open_program,
    pids,
    pieces,
    regions,
    running,
)

MARK = b"garrison-" + b"marks-this-page"


@pytest.fixture
def area() -> Iterator[mmap.mmap]:
    """Map a page of our own that can be executed, with a mark at its beginning."""
    with mmap.mmap(-1, 4096 * 3, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as made:
        made.write(MARK)
        yield made


def test_a_process_says_what_it_is() -> None:
    me = running(os.getpid())
    assert me is not None
    assert (me.parent, me.uid) == (os.getppid(), os.geteuid())
    assert me.program == os.path.realpath(sys.executable)
    assert not me.is_deleted
    assert os.getpid() in pids()


def test_what_is_no_process_or_a_thread_of_the_kernel_is_none(tmp_path: Path) -> None:
    assert running(2**22 + 1) is None
    (tmp_path / "5").mkdir()
    assert running(5, tmp_path) is None
    (tmp_path / "5" / "status").write_text("Name:\tkthreadd\nState:\tS\nPPid:\t0\nUid:\t0\t0\t0\t0\n")
    assert running(5, tmp_path) is None
    (tmp_path / "5" / "stat").write_text("5 (kthreadd) " + "0 " * 30)
    assert running(5, tmp_path) is None
    (tmp_path / "5" / "status").write_text("nonsense")
    assert running(5, tmp_path) is None


def test_a_deleted_program_can_still_be_read_and_one_that_was_replaced_is_told_apart(tmp_path: Path) -> None:
    program = tmp_path / "sleeper"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as child:
        try:
            program.unlink()
            found = running(child.pid)
            assert found is not None
            assert found.is_deleted
            assert found.program == str(program)
            assert not has_been_replaced(found)
            descriptor = open_program(child.pid)
            assert os.read(descriptor, 4) == b"\x7fELF"
            os.close(descriptor)
            shutil.copy("/bin/sleep", program)
            assert has_been_replaced(found)
        finally:
            child.kill()


def test_a_region_that_can_be_executed_is_first_and_read_without_its_zeros(area: mmap.mmap) -> None:
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    found = regions(os.getpid())
    assert [each.is_executable for each in found] == sorted((each.is_executable for each in found), reverse=True)
    (region,) = [each for each in found if each.start <= address < each.end]
    assert region.is_executable
    assert list(pieces(os.getpid(), region, 1 << 20)) == [MARK]


def test_pieces_overlap_so_that_nothing_is_cut(area: mmap.mmap) -> None:
    area.seek(4096 * 2 - 5)
    area.write(MARK)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    (region,) = [each for each in regions(os.getpid()) if each.start <= address < each.end]
    assert any(MARK in piece for piece in list(pieces(os.getpid(), region, 8192))[1:])


def test_a_family_is_all_that_descends() -> None:
    me = running(os.getpid())
    assert me is not None
    with subprocess.Popen(["/bin/sleep", "60"], env={"LD_PRELOAD": "", "MARK": "a=b"}) as child:
        try:
            every = {pid: found for pid in (os.getpid(), child.pid, 1) if (found := running(pid))}
            assert {os.getpid(), child.pid} <= family(os.getpid(), every)
            assert 1 not in family(os.getpid(), every)
            assert environment(child.pid)["MARK"] == "a=b"
        finally:
            child.kill()
