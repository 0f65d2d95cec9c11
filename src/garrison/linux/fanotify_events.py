"""What a fanotify group writes, read: plain events by the batch, and those with records about who and what."""

import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

VERSION = 3  # FANOTIFY_METADATA_VERSION
METADATA = struct.Struct("=IBBHQii")  # struct fanotify_event_metadata
_RECORD = struct.Struct("=BBH")  # struct fanotify_event_info_header
_FSID = struct.Struct("=8sIi")  # the fsid, and how long and of which kind the file handle behind it is
_PIDFD = struct.Struct("=i")
_RANGE = struct.Struct("=4xQQ")
_MNT = struct.Struct("=4xQ")
_ERROR = struct.Struct("=iI")
_FID, _DFID_NAME, _DFID, _OF_PIDFD, _OF_ERROR, _OF_RANGE, _OF_MNT = 1, 2, 3, 4, 5, 6, 7
_OLD_DFID_NAME, _NEW_DFID_NAME = 10, 12
_HANDLES = {_FID: "self", _DFID_NAME: "folder", _DFID: "folder", _OLD_DFID_NAME: "old", _NEW_DFID_NAME: "new"}
_BATCH = 128
READ_BYTES = _BATCH * METADATA.size


class Nonsense(ValueError):
    """What was read is no event of this version; with it, where the next one begins is lost too."""


class Handle(NamedTuple):
    """A file as open_by_handle_at(2) takes it. fsid: 8 bytes as statfs(2) has them; name: in the folder, b"" for none.

    role: "self" for the object, "folder" for the folder it is in, "old" and "new" for those of a renaming.
    """

    role: str
    fsid: bytes
    kind: int
    handle: bytes
    name: bytes


class Event(NamedTuple):
    """One event. descriptor: the file, open, to be closed by the reader; negative for none. pid: or thread, as asked.

    pidfd: likewise to be closed, None when not asked for, negative when the process had gone. span: offset and count
    of bytes about to be used. mount: its number, of a mount event. error: of the file system, or of opening the file.
    """

    what: int
    descriptor: int
    pid: int
    pidfd: int | None = None
    handles: tuple[Handle, ...] = ()
    span: tuple[int, int] | None = None
    mount: int | None = None
    error: int = 0


def read_plain(group: int) -> list[tuple[int, int, int]]:
    """Wait for events of a group that reports nothing extra; return (what, descriptor, pid) of each. Raises OSError."""
    content = os.read(group, READ_BYTES)
    return [(what, descriptor, pid) for _, _, _, _, what, descriptor, pid in METADATA.iter_unpack(content)]


def parse(content: bytes) -> Iterator[Event]:
    """Yield the events in what one read(2) brought. Raises Nonsense; events before that have been yielded."""
    at = 0
    while at < len(content):
        if len(content) - at < METADATA.size:
            raise Nonsense("an event that was cut")
        length, version, _, metadata, what, descriptor, pid = METADATA.unpack_from(content, at)
        if version != VERSION:
            raise Nonsense(f"an event of version {version}")
        if not METADATA.size <= metadata <= length <= len(content) - at:
            raise Nonsense("an event whose lengths do not fit")
        yield _event(Event(what, descriptor, pid), content[at + metadata : at + length])
        at += length


def _event(event: Event, records: bytes) -> Event:
    handles: list[Handle] = []
    at = 0
    while at < len(records):
        if len(records) - at < _RECORD.size:
            raise Nonsense("a record that was cut")
        kind, _, length = _RECORD.unpack_from(records, at)
        if not _RECORD.size <= length <= len(records) - at:
            raise Nonsense("a record whose length does not fit")
        body = records[at + _RECORD.size : at + length]
        if kind in _HANDLES:
            handles.append(_handle(_HANDLES[kind], body))
        else:
            event = _told(event, kind, body)
        at += length
    return event._replace(handles=tuple(handles)) if handles else event


def _told(event: Event, kind: int, body: bytes) -> Event:
    """Return an event with what a record says; records of kinds that came later are passed over. Raises Nonsense."""
    try:
        if kind == _OF_PIDFD:
            return event._replace(pidfd=_PIDFD.unpack_from(body)[0])
        if kind == _OF_RANGE:
            return event._replace(span=_RANGE.unpack_from(body))
        if kind == _OF_MNT:
            return event._replace(mount=_MNT.unpack_from(body)[0])
        if kind == _OF_ERROR:
            return event._replace(error=_ERROR.unpack_from(body)[0])
    except struct.error:
        raise Nonsense("a record that is too short") from None
    return event


def _handle(role: str, body: bytes) -> Handle:
    if len(body) < _FSID.size:
        raise Nonsense("a handle that is too short")
    fsid, size, kind = _FSID.unpack_from(body)
    if size > len(body) - _FSID.size:
        raise Nonsense("a handle that was cut")
    end = _FSID.size + size
    return Handle(role, fsid, kind, body[_FSID.size : end], body[end:].split(b"\0", 1)[0])
