"""Tests of the disks of this computer."""

import os
from pathlib import Path

import pytest

from garrison.linux import disks as disks_module
from garrison.linux.disks import HEAD_BYTES, TAIL_BYTES, Disk, boot_sectors, copied, disks, is_scanned_as_files


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


def test_a_part_of_a_disk_is_copied_and_what_is_empty_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.seek(1000)
        file.write(b"begins" + bytes(20 << 20) + b"ends")
    disk, length = Disk(str(path), 0), (20 << 20) + 10

    def looked_at(length: int) -> tuple[bytes, bool, int]:
        made, is_whole = copied(disk, 1000, length)
        try:
            return os.pread(made, 1 << 26, 0), is_whole, os.fstat(made).st_blocks * 512
        finally:
            os.close(made)

    content, is_whole, taken = looked_at(length)
    assert (content, is_whole) == (path.read_bytes()[1000:], True)
    assert taken <= 3 << 20
    assert looked_at(length + 1)[:2] == (content, False)
    monkeypatch.setattr(disks_module, "_MOST_KEPT", 10)
    assert looked_at(length)[:2] == (content[: 1 << 20], False)
    with pytest.raises(OSError, match="No such file"):
        copied(Disk(str(tmp_path / "none"), 0), 0, 1)


def test_what_is_mounted_below_boot_is_scanned_as_files(tmp_path: Path) -> None:
    for name, number, start in (("vda1", "254:1", 2048), ("vda2", "254:2", 4096)):
        (tmp_path / "vda" / name).mkdir(parents=True)
        (tmp_path / "vda" / name / "dev").write_text(f"{number}\n")
        (tmp_path / "vda" / name / "start").write_text(f"{start}\n")
    table = tmp_path / "mountinfo"
    table.write_text("30 1 254:1 / /boot/efi rw - vfat /dev/vda1 rw\n31 1 254:2 / /mnt/boot rw - vfat /dev/vda2 rw\n")
    disk = Disk("/dev/vda", 0)
    assert is_scanned_as_files(disk, 2048 * 512, tmp_path, table)
    assert not is_scanned_as_files(disk, 4096 * 512, tmp_path, table)
    assert not is_scanned_as_files(disk, 0, tmp_path, table)
    assert not is_scanned_as_files(disk, 2048 * 512, tmp_path, tmp_path / "none")
