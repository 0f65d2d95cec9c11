"""Where the boot loader GRUB has its settings, who may change them, and what lies at a path that they name.

Sources: the GRUB manual 2.06, "Configuration", "Naming convention" (devices in round brackets); grub-mkconfig(8);
btrfs(5) (subvolumes, which begin a path as GRUB sees it).
"""

import hashlib
import os
import re
import stat
from pathlib import Path

from garrison.linux import packages

_PLACES = (
    "boot/grub/*.cfg", "boot/grub2/*.cfg", "boot/efi/EFI/*/grub.cfg", "efi/EFI/*/grub.cfg",
    "etc/default/grub", "etc/default/grub.d/*", "etc/grub.d/*",
)  # fmt: skip
_DEVICE = re.compile(r"\A\([^()]{0,100}\)")
_SUBVOLUME = re.compile(r"/@[\w.-]{0,100}(?=/)")
_NOBODY = 65534  # as whom a file of an account shows that a namespace does not know
_MOST_BYTES = 200 * 1024 * 1024
_DPKG = Path("/var/lib/dpkg/status")


def settings_files(root: Path = Path("/")) -> list[str]:
    """Return the files that make the boot menu, and the ones it is made from, as far as they can be seen."""
    found: list[str] = []
    for place in _PLACES:
        try:
            found += sorted(str(path) for path in root.glob(place) if path.is_file())
        except OSError:
            continue
    return found


def open_settings(path: str) -> int:
    """Return a descriptor for reading, of a regular file. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "not a regular file")
    return descriptor


def who_else_may_change(path: str) -> str:
    """Return who besides the administrator may change a file, in words; "" for nobody. Raises OSError."""
    for place, what in ((path, "it"), (os.path.dirname(path), "its folder")):
        status = os.stat(place)
        if status.st_mode & stat.S_IWOTH and not (status.st_mode & stat.S_ISVTX and place != path):
            return f"everybody may change {what}"
        if status.st_uid not in {0, _NOBODY}:
            return f"{what} belongs to another account than the administrator's"
    return ""


def plain_path(untrusted: str) -> str:
    """Return the path of a file as GRUB names it, less its device and subvolume; "" when that is not yet known."""
    path = _DEVICE.sub("", untrusted)
    if "$" in path:  # a variable whose value is known only when the computer starts
        return ""
    return os.path.normpath("/" + _SUBVOLUME.sub("", path, count=1).lstrip("/"))


def in_boot(path: str, root: Path = Path("/")) -> str:
    """Return where a plain path leads to below /boot, be that a file system of its own or not; "" for elsewhere."""
    if path.startswith("/boot/"):
        return str(root / path[1:])
    within = root / "boot" / path[1:]
    return str(within) if os.path.dirname(path) == "/" or within.is_file() else ""


def stranger(path: str) -> str:
    """Return in words why a file is not what a package of this computer has there; "" when it is, or nobody knows.

    Only where Debian's packages are in use, and for a file that is there and may be read.
    """
    if not _DPKG.is_file() or not os.path.isfile(path):
        return ""
    owner = packages.owner_of(path)
    if owner is None:
        return "it is of no package"
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES)
    except OSError:
        return ""
    is_it = hashlib.md5(content, usedforsecurity=False).hexdigest() == owner.md5
    return "" if is_it else f"it is not what its package has there ({owner.name})"
