"""The disks of this computer, and the beginning and end of each, where it is told how it starts (sysfs(5))."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECTOR = 512  # the unit of sizes in sysfs, whatever the disk's own
HEAD_BYTES = 1024 * 1024  # the boot sector, the partition table, and the gap before the first partition
TAIL_BYTES = 64 * _SECTOR  # the second partition table of a disk with a GPT
_PIECE = 1024 * 1024
_NOTHING = bytes(_PIECE)
_MOST_READ = 2048 * 1024 * 1024  # of a partition
_MOST_KEPT = 256 * 1024 * 1024  # of it that is not empty; it is in memory
_SCANNED = ("/boot", "/efi")  # what is mounted there, and below, is scanned as files
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


def is_scanned_as_files(
    disk: Disk, start: int, system: Path = Path("/sys/block"), table: Path = Path("/proc/self/mountinfo")
) -> bool:
    """Return whether the partition that begins there, in bytes, is mounted where scans of the boot look at files."""
    name = os.path.basename(disk.path)
    try:
        numbers = {
            (folder / "dev").read_text("ascii").strip()
            for folder in (system / name).glob(f"{name}*")
            if int((folder / "start").read_text("ascii")) * _SECTOR == start
        }
        mounts = [line.split(" ") for line in table.read_text("utf-8", "surrogateescape").splitlines()]
    except (OSError, ValueError):
        return False
    return any(
        fields[2] in numbers and any(f"{fields[4]}/".startswith(f"{place}/") for place in _SCANNED) for fields in mounts
    )


def copied(disk: Disk, start: int, length: int) -> tuple[int, bool]:
    """Return a part of a disk as a file in memory, and whether it is all of it. Raises OSError.

    What is empty takes no memory. The descriptor is the caller's to close.
    """
    made = os.memfd_create("partition", os.MFD_CLOEXEC)
    try:
        descriptor = os.open(disk.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            done = _copy(descriptor, made, start, min(length, _MOST_READ))
        finally:
            os.close(descriptor)
        os.ftruncate(made, done)
    except OSError:
        os.close(made)
        raise
    return made, done == length


def _copy(descriptor: int, made: int, start: int, length: int) -> int:
    """Copy what is not empty; return how far that was done."""
    at = kept = 0
    while at < length and kept < _MOST_KEPT:
        piece = os.pread(descriptor, min(_PIECE, length - at), start + at)
        if not piece:
            break
        if piece != _NOTHING[: len(piece)]:
            kept += os.pwrite(made, piece, at)
        at += len(piece)
    return at
