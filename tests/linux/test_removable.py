"""Tests of which drives can be taken away, on trees like those of the kernel, and on real loop devices."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from garrison.linux.capabilities import SYS_ADMIN, has_capability
from garrison.linux.disks import Disk
from garrison.linux.mounted import parse
from garrison.linux.removable import (
    Drive,
    Naming,
    Volume,
    drive_named,
    drive_of,
    drive_under,
    naming,
    volumes,
)

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not has_capability(SYS_ADMIN), reason="needs root, to mount something"
)


class Tree:
    """A made /sys. Drives hang on devices, which are on a bus."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._last = 0
        for folder in ("dev/block", "class/block", "bus"):
            (root / folder).mkdir(parents=True)

    def device(self, path: str, bus: str = "", **files: str) -> Path:
        folder = self.root / "devices" / path
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content + "\n")
        if bus:
            (self.root / "bus" / bus).mkdir(exist_ok=True)
            (folder / "subsystem").symlink_to(self.root / "bus" / bus)
        return folder

    def block(self, folder: Path, on: Path | None = None, **files: str) -> str:
        """Add a block device; return its number."""
        self._last += 1
        number = f"8:{self._last}"
        folder.mkdir(parents=True)
        for name, content in ({"size": "2048", "removable": "0"} | files).items():
            (folder / name).write_text(content + "\n")
        if on is not None:
            (folder / "device").symlink_to(on)
        (self.root / "dev" / "block" / number).symlink_to(folder)
        (self.root / "class" / "block" / folder.name).symlink_to(folder)
        return number


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "sys")


def usb(tree: Tree, **files: str) -> str:
    """Add a drive on USB; return its number."""
    tree.device("pci0/usb1/1-2", "usb", idVendor="0951", idProduct="1666", serial="A1 B2", **files)
    scsi = tree.device("pci0/usb1/1-2/host0/target0", vendor="Maker  ", model="Stick 3.0 ")
    return tree.block(scsi / "block" / "sdb", scsi, diskseq="41")


def found(tree: Tree, number: str) -> Drive:
    drive = drive_of(number, tree.root)
    assert drive is not None
    return drive


def test_what_hangs_on_usb_can_be_taken_away_and_says_what_it_is(tree: Tree) -> None:
    assert found(tree, usb(tree)) == Drive("sdb", 1 << 20, 41, "Maker Stick 3.0", "0951 1666 A1 B2", is_removable=True)


@pytest.mark.parametrize(("said", "is_removable"), [("fixed", False), ("removable", True), ("unknown", True)])
def test_the_computer_knows_what_is_built_in(tree: Tree, said: str, is_removable: bool) -> None:
    assert found(tree, usb(tree, removable=said)).is_removable is is_removable


def test_a_drive_inside_cannot_and_one_behind_an_outer_pci_port_can(tree: Tree) -> None:
    inner = tree.device("pci0/ata1/target0", "scsi")
    assert not found(tree, tree.block(inner / "block" / "sda", inner)).is_removable
    tree.device("pci0/port/nvme", "pci", removable="removable")
    outer = tree.device("pci0/port/nvme/nvme0", "nvme", serial="S1")
    drive = found(tree, tree.block(outer / "nvme0n1", outer))
    assert (drive.is_removable, drive.serial, drive.path) == (True, "S1", "/dev/nvme0n1")


@pytest.mark.parametrize(("kind", "is_removable"), [("SD", True), ("MMC", False)])
def test_a_card_can_and_a_chip_that_is_soldered_in_cannot(tree: Tree, kind: str, is_removable: bool) -> None:
    card = tree.device("platform/mmc0/card", "mmc", type=kind, cid="1b534d", name="EB1QT")
    drive = found(tree, tree.block(card / "block" / "mmcblk0", card))
    assert (drive.is_removable, drive.serial, drive.model) == (is_removable, "1b534d", "EB1QT")


def test_a_disc_can_and_an_empty_reader_is_no_drive(tree: Tree) -> None:
    scsi = tree.device("pci0/ata2/target0", "scsi")
    drive = found(tree, tree.block(scsi / "block" / "sr0", scsi, removable="1"))
    assert (drive.is_removable, drive.is_optical) == (True, True)
    assert drive_of(tree.block(scsi / "block" / "sr1", scsi, removable="1", size="0"), tree.root) is None
    assert drive_of("9:99", tree.root) is None


def test_below_a_decrypted_partition_lies_its_drive(tree: Tree) -> None:
    usb(tree)
    drive = tree.root / "class" / "block" / "sdb"
    part = tree.block(drive.resolve() / "sdb1", partition="1")
    mapped = tree.block(tree.root / "devices" / "virtual" / "block" / "dm-0")
    (tree.root / "devices/virtual/block/dm-0/slaves").mkdir()
    (tree.root / "devices/virtual/block/dm-0/slaves/sdb1").symlink_to(drive.resolve() / "sdb1")
    assert found(tree, part).name == found(tree, mapped).name == "sdb"
    assert drive_named("sdb", tree.root) == found(tree, part)
    assert drive_named("sdb1", tree.root) is None
    assert drive_named("sdz", tree.root) is None


def test_devices_that_lie_below_each_other_have_an_end(tree: Tree) -> None:
    number = tree.block(tree.root / "devices" / "virtual" / "dm-1")
    (tree.root / "devices/virtual/dm-1/slaves").mkdir()
    (tree.root / "devices/virtual/dm-1/slaves/dm-1").symlink_to(tree.root / "devices/virtual/dm-1")
    assert drive_of(number, tree.root) is None


def test_volumes_are_what_is_mounted_of_such_drives_and_of_those_that_are_named(tree: Tree) -> None:
    stick = usb(tree)
    inside = tree.block(tree.root / "devices" / "virtual" / "loop7")
    table = parse(
        f"1 0 {stick} / /media/a\\040b rw - vfat /dev/sdb rw\n"
        f"2 0 {inside} / /srv rw - ext4 /dev/loop7 rw\n"
        f"3 0 0:9 / /home/x rw - fuse.trick /dev/sdb rw\n".encode()
    )
    assert [each.path for each in volumes((), tree.root, table)] == ["/media/a b"]
    assert [each.path for each in volumes(("loop7",), tree.root, table)] == ["/media/a b", "/srv"]


def test_a_volume_is_called_as_udev_noted_it(tmp_path: Path) -> None:
    (tmp_path / "b8:17").write_text("S:disk/by-uuid/X\nE:ID_FS_UUID=1A2B-3C4D\nE:ID_FS_LABEL=HOLIDAY\nI:1\n")
    volume = Volume(Drive("sdb", 1, 1), "8:17", "/nonexistent")
    assert naming(volume, tmp_path) == Naming("1a2b-3c4d", "HOLIDAY")
    assert naming(volume, tmp_path / "none") == Naming()


@contextmanager
def looped(path: str, *options: str) -> Iterator[str]:
    """Attach a loop device; give its path."""
    attach = ["losetup", "--find", "--show", *options, path]
    device = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@needs_root
def test_a_partition_that_is_looped_from_a_drive_lies_on_that_drive(tmp_path: Path) -> None:
    image, folder = tmp_path / "image", tmp_path / "stick"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(9 << 20)
    uuid = "0f5c1f0e-7a1b-4c53-8d5a-111111111111"
    with looped(str(image)) as drive, looped(drive, "--offset", str(1 << 20)) as part:
        subprocess.run(["mkfs.ext4", "-q", "-U", uuid, part], check=True)
        subprocess.run(["mount", part, str(folder)], check=True)
        try:
            name = os.path.basename(drive)
            (volume,) = volumes((name,))
            assert (volume.path, volume.drive.name, volume.drive.size) == (str(folder), name, 9 << 20)
            assert volume.drive.connection > 0
            assert not volume.drive.is_removable
            assert drive_under(str(folder)) == Disk(drive, 9 << 20)
            if told := naming(volume).uuid:  # kernels before 6.9 tell nothing
                assert told.replace("-", "") == uuid.replace("-", "")
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    assert drive_under("/proc") is None
