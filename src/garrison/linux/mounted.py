"""The table of mounts (proc_pid_mountinfo(5)): what lies where, and where on its file system a path is."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from garrison.linux.mounts import MADE_UP

TABLE = Path("/proc/self/mountinfo")
# Files of other computers: they are guarded where they are, and asking for each would stop us when the network stops.
REMOTE = frozenset({
    "9p", "afs", "ceph", "cifs", "coda", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "virtiofs",
})  # fmt: skip
_NOT_LOCAL = MADE_UP | REMOTE | {"fuse"}
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount. device: "major:minor", the file system; root: which folder of it is mounted; path: where.

    source: what was mounted, as whoever mounted it named that.
    """

    number: int
    device: str
    root: str
    path: str
    kind: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A place on a file system, whatever way leads to it."""

    device: str
    path: str

    def is_in(self, folder: "Location") -> bool:
        """Return whether this is a folder, or lies below it."""
        return self.device == folder.device and is_below(self.path, folder.path)


def is_below(path: str, folder: str) -> bool:
    """Return whether a path is a folder, or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


class Mounts:
    """The mounts of this process's view, in the kernel's order: a later one covers an earlier one at its path."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self._mounts = tuple(mounts)
        self._by_number: Mapping[int, Mount] = {mount.number: mount for mount in self._mounts}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mounts) and self._mounts == other._mounts

    def __hash__(self) -> int:
        return hash(self._mounts)

    def at(self, path: str) -> Mount | None:
        """Return the mount that a full path without links lies on."""
        best: Mount | None = None
        for mount in self._mounts:
            if is_below(path, mount.path) and (best is None or len(mount.path) >= len(best.path)):
                best = mount
        return best

    def locate(self, path: str) -> Location | None:
        """Return where on its file system a full path without links is."""
        mount = self.at(path)
        return None if mount is None else _location(mount, path)

    def locate_on(self, number: int, path: str) -> Location | None:
        """Return where on its file system a path is, reached over a mount; None for a mount of another view."""
        mount = self._by_number.get(number)
        if mount is None or not is_below(path, mount.path):
            return None
        return _location(mount, path)

    def local(self) -> dict[str, str]:
        """Return a path of each local file system that holds people's files, by its device.

        Those that programs serve (FUSE) are not among them, but for what lies on a device of its own: what is beneath
        is guarded where it lies, and to ask their program while it waits for an answer itself would stop both.
        """
        found: dict[str, str] = {}
        for mount in self._mounts:
            is_local = not mount.kind.startswith("fuse.") and mount.kind not in _NOT_LOCAL
            if is_local and self.at(mount.path) == mount:
                found.setdefault(mount.device, mount.path)
        return found


def read(table: Path = TABLE) -> Mounts:
    """Return what is mounted. Raises OSError."""
    return parse(table.read_bytes())


def parse(content: bytes) -> Mounts:
    """Return the mounts in a table; lines of another shape are passed over."""
    mounts = []
    for line in content.split(b"\n"):
        before, _, after = line.partition(b" - ")
        parts, (kind, source, *_) = before.split(b" "), [*after.split(b" "), b"", b""]
        if len(parts) >= 6 and parts[0].isdigit():
            root, path = _plain(parts[3]), _plain(parts[4])
            device = parts[2].decode("ascii", "replace")
            mounts.append(Mount(int(parts[0]), device, root, path, _plain(kind), _plain(source)))
    return Mounts(mounts)


def mount_of(descriptor: int) -> int:
    """Return the number of the mount over which something was opened (proc_pid_fdinfo(5)). Raises OSError."""
    with open(f"/proc/self/fdinfo/{descriptor}", "rb") as file:
        _, _, after = file.read().partition(b"mnt_id:")
    return int(after.split(None, 1)[0])


def _location(mount: Mount, path: str) -> Location:
    inside = path[len(mount.path.rstrip("/")) :].strip("/")
    whole = f"{mount.root.rstrip('/')}/{inside}"
    return Location(mount.device, whole if inside else mount.root)


def _plain(escaped: bytes) -> str:
    return os.fsdecode(_ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), escaped))
