"""Drives that can be taken away, and what of them is mounted where (sysfs(5), the kernel's ABI/testing documents).

A volume is what is mounted: a partition, a whole drive, or what a decrypted or looped device makes of one. Below it
lies the drive, which is what a person plugs in.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from garrison.linux.disks import Disk
from garrison.linux.mounted import Mounts, read

SYSTEM = Path("/sys")
_SECTOR = 512  # the unit of sizes in sysfs, whatever the drive's own
_DEEPEST = 8  # devices below one another
_GET_UUID = 0x80111500  # FS_IOC_GETFSUUID of linux/fs.h, since kernel 6.9
_UUID_BYTES = 17  # a length, and up to 16 bytes
_NOTES = Path("/run/udev/data")
_MOST_NOTES = 64 * 1024
_MANY_DEVICES = frozenset({"btrfs", "bcachefs"})  # their device number is made up; the source is a drive of theirs
_PLUGGED = frozenset({"usb", "firewire"})  # subsystems


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive. name: as in /sys/block. connection: a number that no other connection has since the computer started.

    size: in bytes. serial: "" where it tells none. is_removable: whether it can be taken away. is_optical: a CD or DVD.
    """

    name: str
    size: int
    connection: int
    model: str = ""
    serial: str = ""
    is_removable: bool = False
    is_optical: bool = False

    @property
    def path(self) -> str:
        """The device."""
        return "/dev/" + self.name.replace("!", "/")


@dataclass(frozen=True, slots=True)
class Volume:
    """What is mounted from a drive. device: "major:minor", of the mount; path: where."""

    drive: Drive
    device: str
    path: str


@dataclass(frozen=True, slots=True)
class Naming:
    """What a volume calls itself. uuid: in small letters, "" where nothing tells it. label: what people see."""

    uuid: str = ""
    label: str = ""


def drives(also: Collection[str] = (), system: Path = SYSTEM) -> list[Drive]:
    """Return the drives that can be taken away, mounted or not, and those called `also`; none without a /sys."""
    try:
        names = sorted(os.listdir(system / "class" / "block"))
    except OSError:
        return []
    found = (drive_named(name, system) for name in names)
    return [drive for drive in found if drive is not None and (drive.is_removable or drive.name in also)]


def volumes(also: Collection[str] = (), system: Path = SYSTEM, mounts: Mounts | None = None) -> list[Volume]:
    """Return what is mounted of drives that can be taken away, and of those called `also`. Raises OSError."""
    table = read() if mounts is None else mounts
    found = []
    for device, path in table.local().items():
        drive = drive_of(_beneath(device, path, table), system)
        if drive is not None and (drive.is_removable or drive.name in also):
            found.append(Volume(drive, device, path))
    return found


def drive_under(path: str, system: Path = SYSTEM) -> Disk | None:
    """Return the drive that a path lies on, to read how it starts; None for what lies on no drive. Raises OSError."""
    mounts = read()
    mount = mounts.at(os.path.realpath(path))
    drive = None if mount is None else drive_of(_beneath(mount.device, mount.path, mounts), system)
    return None if drive is None else Disk(drive.path, drive.size)


def _beneath(device: str, path: str, mounts: Mounts) -> str:
    """Return the device number of what a mount's source names, for a file system of several devices."""
    mount = mounts.at(path)
    if mount is None or mount.kind not in _MANY_DEVICES or not mount.source.startswith("/dev/"):
        return device
    return _number_of(mount.source) or device


def _number_of(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}" if stat.S_ISBLK(status.st_mode) else ""


def drive_of(device: str, system: Path = SYSTEM) -> Drive | None:
    """Return the drive below a block device, given as "major:minor"; None when there is none."""
    place = system / "dev" / "block" / device
    if not place.exists():
        return None
    folder = place.resolve()
    for _ in range(_DEEPEST):
        below = _below(folder, system)
        if below is None:
            return _drive(folder, system)
        folder = below
    return None


def drive_named(name: str, system: Path = SYSTEM) -> Drive | None:
    """Return a drive by its name in /sys/class/block; None when it is gone, or no drive but a part of one."""
    place = system / "class" / "block" / name
    if not place.exists() or (place / "partition").exists():
        return None
    return _drive(place.resolve(), system)


def _below(folder: Path, system: Path) -> Path | None:
    """Return the device that another one is made of: a partition's drive, what is decrypted or looped; else None."""
    if (folder / "partition").exists():
        return folder.parent
    with contextlib.suppress(OSError):
        under = sorted(os.listdir(folder / "slaves"))
        if under:
            return (folder / "slaves" / under[0]).resolve()
    number = _number_of(source) if (source := _text(folder / "loop" / "backing_file")).startswith("/dev/") else ""
    place = system / "dev" / "block" / number
    return place.resolve() if number and place.exists() else None


def _drive(folder: Path, system: Path) -> Drive | None:
    size = _number(folder / "size") * _SECTOR
    if not size:  # a reader without a card, a loop device without a file
        return None
    device = folder / "device"
    model = " ".join(word for part in ("vendor", "model") for word in _text(device / part).split())
    return Drive(
        name=folder.name,
        size=size,
        connection=_number(folder / "diskseq"),
        model=model or _text(device / "name"),
        serial=_serial(folder, system),
        is_removable=_is_removable(folder, system),
        is_optical=folder.name.startswith("sr"),
    )


def _above(folder: Path, system: Path) -> Iterator[Path]:
    """Yield what a drive hangs on, the nearest first: its bus, and how that is connected."""
    top = (system / "devices").resolve()
    place = (folder / "device").resolve() if (folder / "device").exists() else folder
    while place != top and top in place.parents:
        yield place
        place = place.parent


def _is_removable(folder: Path, system: Path) -> bool:
    if _number(folder / "removable"):  # the medium can be: cards, discs, most sticks
        return True
    for place in _above(folder, system):
        connected = _text(place / "removable")
        if connected in {"removable", "fixed"}:  # of USB and PCI, where the computer knows its own ports
            return connected == "removable"
        kind = os.path.basename(os.path.realpath(place / "subsystem"))
        if kind in _PLUGGED or (kind == "mmc" and _text(place / "type") == "SD"):
            return True
    return False


def _serial(folder: Path, system: Path) -> str:
    for place in _above(folder, system):
        for name in ("serial", "cid"):
            text = _text(place / name)
            if text:
                return " ".join(filter(None, (_text(place / "idVendor"), _text(place / "idProduct"), text)))
    return ""


def naming(volume: Volume, notes: Path = _NOTES) -> Naming:
    """Return how a volume can be known again and what it is called: as udev noted it, else as the kernel tells."""
    told = _noted(notes / f"b{volume.device}")
    uuid = told.get("ID_FS_UUID", "").lower() or _uuid_of(volume.path)
    return Naming(uuid, told.get("ID_FS_LABEL", ""))


def _noted(path: Path) -> dict[str, str]:
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_NOTES).decode("utf-8", "surrogateescape")
    except OSError:
        return {}
    pairs = (line[2:].partition("=") for line in content.split("\n") if line.startswith("E:"))
    return {name: value for name, _, value in pairs}


def _uuid_of(path: str) -> str:
    """Return the UUID of the file system that is mounted on a path, "" where the kernel does not tell."""
    answer = bytearray(_UUID_BYTES)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        fcntl.ioctl(descriptor, _GET_UUID, answer)
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return bytes(answer[1 : 1 + answer[0]]).hex()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isascii() and text.isdigit() else 0
