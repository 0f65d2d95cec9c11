"""The disks of this computer, and the beginning and end of each, where it is told how it starts (sysfs(5))."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECTOR = 512  # the unit of sizes in sysfs, whatever the disk's own
HEAD_BYTES = 1024 * 1024  # the boot sector, the partition table, and the gap before the first partition
TAIL_BYTES = 64 * _SECTOR  # the second partition table of a disk with a GPT
_NO_DISKS = ("ram", "zram", "sr", "fd", "nbd", "md", "dm-")


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk, or a file that is used as one. size: in bytes."""

    path: str
    size: int


def disks(system: Path = Path("/sys/block"), devices: Path = Path("/dev")) -> Iterator[Disk]:
    """Yield the disks with something in them."""
    try:
        names = sorted(os.listdir(system))
    except OSError:
        return
    for name in names:
        if name.startswith(_NO_DISKS):
            continue
        try:
            size = int((system / name / "size").read_text("utf-8")) * _SECTOR
        except (OSError, ValueError):
            continue
        if size:
            yield Disk(str(devices / name.replace("!", "/")), size)


def boot_sectors(disk: Disk) -> bytes:
    """Return the beginning and the end of a disk, one behind the other. Raises OSError."""
    descriptor = os.open(disk.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        head = os.pread(descriptor, HEAD_BYTES, 0)
        tail_at = max(len(head), disk.size - TAIL_BYTES)
        return head + os.pread(descriptor, TAIL_BYTES, tail_at)
    finally:
        os.close(descriptor)
