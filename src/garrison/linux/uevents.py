"""What the kernel tells of devices that come and go (netlink(7), NETLINK_KOBJECT_UEVENT; kobject_uevent.c).

Anybody may write into /sys/.../uevent what they may open there, which root may, and the kernel then tells that too: so
a drive can be announced again. Messages that come from programs and not from the kernel are passed over.
"""

import contextlib
import errno
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

_PROTOCOL = 15  # NETLINK_KOBJECT_UEVENT of linux/netlink.h
_OF_KERNEL = 1  # the group of messages of the kernel; 2 is udev's own
_READ_BYTES = 16 * 1024  # the kernel's messages are of 2 KiB at most
_ROOM_BYTES = 1024 * 1024
_CREDENTIALS = struct.Struct("iII")  # struct ucred: process, user, group
_KERNEL = 0


@dataclass(frozen=True, slots=True)
class Uevent:
    """One message. action: "add", "remove", "change"...; path: of the device below /sys; values: such as DEVNAME."""

    action: str
    path: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def subsystem(self) -> str:
        """What kind of device it is, such as "block"."""
        return self.values.get("SUBSYSTEM", "")

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody had the kernel say it again, and nothing was plugged in or out."""
        return "SYNTH_UUID" in self.values

    @property
    def name(self) -> str:
        """The device's name, as in /sys/class."""
        return self.path.rpartition("/")[2]


class Uevents:
    """Listens to the kernel. A context manager. missed: whether it told more than could be kept since the last take."""

    def __init__(self) -> None:
        """Begin to listen. Raises OSError where that is not allowed, as in some containers."""
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, _PROTOCOL)
        self.missed = False
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM_BYTES)
            self._socket.bind((0, _OF_KERNEL))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor, readable when there is something to take."""
        return self._socket.fileno()

    def take(self) -> list[Uevent]:
        """Return what has come since the last time."""
        found: list[Uevent] = []
        self.missed = False
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    content, ancillary, _, sender = self._socket.recvmsg(
                        _READ_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size)
                    )
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
                    self.missed = True
                    continue
                event = parse(content) if _is_of_kernel(sender, ancillary) else None
                if event is not None:
                    found.append(event)
        return found


def parse(content: bytes) -> Uevent | None:
    """Return the message in a packet, ACTION@PATH and NAME=VALUE each ended by a zero byte; None for another shape."""
    head, *rest = content.decode("utf-8", "surrogateescape").split("\0")
    action, is_one, path = head.partition("@")
    if not is_one or not action.isalpha() or not path.startswith("/"):
        return None
    pairs = (part.partition("=") for part in rest)
    return Uevent(action, path, {name: value for name, is_pair, value in pairs if is_pair})


def _is_of_kernel(sender: object, ancillary: list[tuple[int, int, bytes]]) -> bool:
    """Return whether the kernel itself sent a message: its address has no process, and neither have its rights."""
    if not isinstance(sender, tuple) or sender[0] != _KERNEL:
        return False
    told = [data for level, kind, data in ancillary if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)]
    return bool(told) and all(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0] == _KERNEL for data in told)
