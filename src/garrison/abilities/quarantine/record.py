"""What quarantine remembers of a file: enough to give it back as it was."""

import base64
import os
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file it was: another one under the same name is not touched. Times in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the identity in a status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


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
        xattrs = {}
        for name in _list_xattrs(descriptor):
            xattrs[name] = base64.b64encode(os.getxattr(descriptor, name)).decode("ascii")
        return cls(
            status.st_uid, status.st_gid, status.st_mode & 0o7777, status.st_atime_ns, status.st_mtime_ns, xattrs
        )

    def apply(self, descriptor: int) -> list[str]:
        """Give it all to an open file; return what could not be given, in words.

        Changing the owner clears set-user-id bits and file capabilities, changing the mode changes an access list's
        mask: so owner, mode, extended attributes, times, in this order.
        """
        missing = []
        try:
            os.fchown(descriptor, self.uid, self.gid)
        except OSError:
            missing.append("its owner")
        try:
            os.fchmod(descriptor, self.mode)
        except OSError:
            missing.append("its permissions")
        for name, value in self.xattrs.items():
            try:
                os.setxattr(descriptor, name, base64.b64decode(value))
            except OSError:
                missing.append(f"its attribute {name}")
        os.utime(descriptor, ns=(self.atime_ns, self.mtime_ns))
        return missing


def _list_xattrs(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError:  # a file system without extended attributes
        return []


@dataclass(frozen=True, slots=True)
class Record:
    """One file in quarantine. arriving: it may still lie in its place too. taken_at: ISO 8601, local time.

    taken_by: the account whose scan took it. leftover: the name it had for a moment while it was removed.
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
    leftover: str

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Return the record in JSON. Raises KeyError or TypeError when it is none."""
        return cls(
            **{
                **plain,
                "identity": Identity(**plain["identity"]),
                "metadata": Metadata(**plain["metadata"]),
                "inner": tuple(plain["inner"]),
            }
        )
