"""A simulated stick: an image with a partition table that is attached as a drive, its partition on top of it."""

import contextlib
import fcntl
import io
import os
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from garrison.linux.capabilities import SYS_ADMIN, has_capability
from tests.engine.disk_samples import in_gpt, mbr
from tests.suite import EICAR

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not has_capability(SYS_ADMIN) or not os.path.exists("/dev/loop-control"),
    reason="needs root and loop devices, to simulate a drive",
)
_PARTITION_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stick:
    """An image that is attached. drive: its device; part: that of its partition."""

    drive: str
    part: str

    @property
    def name(self) -> str:
        """The drive's name."""
        return os.path.basename(self.drive)

    def announce(self) -> None:
        """Have the kernel tell of it as of a drive that was plugged in just now."""
        Path("/sys/class/block", self.name, "uevent").write_text("add", "ascii")


def _in_mbr(content: bytes) -> tuple[bytes, int]:
    """Return a drive with the older kind of table; before its partition lies a hidden one, with a threat in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hidden.com", EICAR)
    head = mbr([(0x17, 1, 4), (0x83, 8, len(content) // 512)]) + packed.getvalue()
    return head.ljust(8 * 512, b"\x00") + content, 8 * 512


def _in_gpt(content: bytes) -> tuple[bytes, int]:
    """Return a drive with the newer kind of table, whose second copy was tampered with."""
    whole = bytearray(in_gpt(content))
    whole[-512 + 60] ^= 1
    return bytes(whole), 34 * 512


TABLES = {"mbr": _in_mbr, "gpt": _in_gpt}


@contextlib.contextmanager
def attached(image: Path, *options: str) -> Iterator[str]:
    """Attach a file, or a device, as a loop device."""
    attach = ["losetup", "--find", "--show", *options, str(image)]
    device = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=False, capture_output=True)


@contextlib.contextmanager
def stick(image: Path, table: str, files: dict[str, bytes], boot: bytes = b"", size: int = 0) -> Iterator[Stick]:
    """Have a stick with files on it, not mounted yet.

    size: of the drive in bytes, where that is more than it holds.
    """
    folder = image.with_name(f"{image.name}.content")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with image.open("wb") as file:
        file.truncate(_PARTITION_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", str(folder), str(image)], check=True)
    whole, offset = TABLES[table](image.read_bytes())
    image.write_bytes(whole)
    os.truncate(image, max(size, len(whole)))
    with attached(image) as drive, attached(Path(drive), "--offset", str(offset)) as part:
        yield Stick(drive, part)


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Have a file that nobody else can open for some time: its lease is not given up (fcntl(2))."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # by which the kernel asks for it
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
    finally:
        os.close(descriptor)
        signal.signal(signal.SIGIO, before)


@contextlib.contextmanager
def mounted(device: str, folder: Path) -> Iterator[Path]:
    """Have something mounted."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", device, str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)
