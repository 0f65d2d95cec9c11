"""Tests of the disks of this computer."""

from pathlib import Path

import pytest

from garrison.linux.disks import HEAD_BYTES, TAIL_BYTES, Disk, boot_sectors, disks


def test_disks_with_something_in_them_are_listed_and_nothing_else(tmp_path: Path) -> None:
    for name, sectors in (("vda", "100"), ("loop0", "0"), ("loop1", "8"), ("zram0", "9"), ("c!d", "1"), ("bad", "x")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "size").write_text(sectors + "\n")
    found = list(disks(tmp_path))
    assert found == [Disk("/dev/c/d", 512), Disk("/dev/loop1", 4096), Disk("/dev/vda", 51_200)]
    assert list(disks(tmp_path / "nowhere")) == []


@pytest.mark.parametrize("size", [0, 100, HEAD_BYTES, HEAD_BYTES + 1, HEAD_BYTES + TAIL_BYTES * 3])
def test_beginning_and_end_are_read_once_each(tmp_path: Path, size: int) -> None:
    content = (b"ab" * HEAD_BYTES)[:size]
    path = tmp_path / "disk"
    path.write_bytes(content[:-1] + b"z" if content else b"")
    got = boot_sectors(Disk(str(path), size))
    assert len(got) == min(size, HEAD_BYTES + TAIL_BYTES)
    assert got[-1:] == (b"z" if content else b"")
