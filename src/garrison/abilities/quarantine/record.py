"""What quarantine remembers of a file: enough to give it back as it was."""

import base64
import contextlib
import os
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self, get_origin

_ACCESS_LIST = "system.posix_acl_access"
_MOST_XATTR_BYTES = 1024 * 1024  # of all values together; some file systems would let a file have gigabytes
_OVERHEAD_BYTES = 8 * 1024  # a record and a blob take a block each, at least
_SHAPES = {"id": r"[0-9a-f]{12}", "path": r"/[^\0]+", "restoring": r"(/[^\0]+)?", "sha256": r"[0-9a-f]{64}"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file it was: another one under the same name is not touched. Times in nanoseconds.

    ctime_ns: the one time that nobody can set. It changes with each new name too, our own steps included; 0: unknown.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int = 0

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the identity in a status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def is_same(self, other: "Identity | None") -> bool:
        """Return whether it is the same file as far as can be told after it was renamed or its mode was changed."""
        return other is not None and replace(self, ctime_ns=0) == replace(other, ctime_ns=0)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What belongs to a file beside its content. xattrs: name -> base64; access lists are among them (acl(5))."""

    uid: int
    gid: int
    mode: int
    atime_ns: int
    mtime_ns: int
    xattrs: dict[str, str]

    @classmethod
    def of(cls, descriptor: int) -> Self:
        """Read what can be read of an open file. Raises OSError."""
        status = os.fstat(descriptor)
        xattrs: dict[str, str] = {}
        left = _MOST_XATTR_BYTES
        for name in _names_of_xattrs(descriptor):
            with contextlib.suppress(OSError):  # not for this account, or gone by now
                value = os.getxattr(descriptor, name)
                left -= len(value)
                if left >= 0:
                    xattrs[name] = base64.b64encode(value).decode("ascii")
        return cls(
            status.st_uid, status.st_gid, status.st_mode & 0o7777, status.st_atime_ns, status.st_mtime_ns, xattrs
        )

    def apply(self, descriptor: int) -> list[str]:
        """Give it all to an open file; return what could not be given, in words.

        Changing the owner clears set-user-ID bits and file capabilities, an access list may close the file to its own
        owner's attributes, the mode sets an access list's mask: so owner, attributes, access list, mode, times.
        """
        missing = []
        if not _worked(os.fchown, descriptor, self.uid, self.gid):
            missing.append("its owner")
        mode = self.mode
        if missing and mode & 0o6000:  # meant for another owner: it would lend out the rights of this one
            mode &= 0o1777
            missing.append("its right to run as its owner or group")
        if _ACCESS_LIST not in self.xattrs and _ACCESS_LIST in _names_of_xattrs(descriptor):  # from its new folder
            _worked(os.removexattr, descriptor, _ACCESS_LIST)
        ordered = sorted(self.xattrs.items(), key=lambda item: (item[0] == _ACCESS_LIST, item[0]))
        refused = [
            name for name, value in ordered if not _worked(os.setxattr, descriptor, name, base64.b64decode(value))
        ]
        missing += ["its access list" if name == _ACCESS_LIST else f"its attribute {name}" for name in refused]
        if not _worked(os.fchmod, descriptor, mode):
            missing.append("its permissions")
        if not _worked(_set_times, descriptor, self.atime_ns, self.mtime_ns):
            missing.append("its times")
        return missing


def _names_of_xattrs(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError:  # a file system without extended attributes
        return []


def _set_times(descriptor: int, atime_ns: int, mtime_ns: int) -> None:
    os.utime(descriptor, ns=(atime_ns, mtime_ns))


def _worked(step: Any, *args: Any) -> bool:
    try:
        step(*args)
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Record:
    """One file in quarantine. arriving: it may still lie in its place too. taken_at: ISO 8601, local time.

    taken_by: the account whose scan took it. restoring: the unfinished file of a restore under way, or "".
    """

    id: str
    path: str
    sha256: str
    identity: Identity
    metadata: Metadata
    threat: str
    kind: str
    certainty: str
    inner: tuple[str, ...]
    taken_at: str
    taken_by: int
    arriving: bool
    restoring: str = ""

    @property
    def leftover(self) -> str:
        """The name that the file has for a moment while it is removed."""
        return f".garrison-{self.id}"

    @property
    def disk_bytes(self) -> int:
        """What it takes on disk, about."""
        return self.identity.size + sum(map(len, self.metadata.xattrs.values())) + _OVERHEAD_BYTES

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Return the record in JSON. Raises KeyError, TypeError or ValueError when it is none."""
        record = cls(
            **{
                **plain,
                "identity": Identity(**plain["identity"]),
                "metadata": Metadata(**plain["metadata"]),
                "inner": tuple(plain["inner"]),
            }
        )
        for part in (record, record.identity, record.metadata):
            _check_types(part)
        for name, shape in _SHAPES.items():
            if not re.fullmatch(shape, getattr(record, name)):
                raise ValueError(f"{name} is damaged")
        for value in record.metadata.xattrs.values():
            base64.b64decode(value, validate=True)
        return record


def _check_types(part: Record | Identity | Metadata) -> None:
    for each in fields(part):
        kind = get_origin(each.type) or each.type
        if type(getattr(part, each.name)) is not kind:
            raise TypeError(f"{each.name} is damaged")
