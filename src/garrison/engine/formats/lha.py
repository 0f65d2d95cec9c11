"""LHA archives (.lzh): header levels 0 to 3, stored members, lh1 and lh4 to lh7; facts of LHa for UNIX' header.doc."""

import struct
from collections.abc import Iterator

from garrison.engine.formats import lzh, lzh_dynamic
from garrison.engine.formats.lzh_codes import counted, packed_room
from garrison.engine.formats.opener import (
    CORRUPT,
    TOO_SHORT,
    Listed,
    Member,
    clean_name,
    closed,
    collect,
    stored,
)
from garrison.engine.formats.reading import told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

# Size of the window, codes for distances, bits of their number.
_METHODS = {b"-lh4-": (4096, 14, 4), b"-lh5-": (8192, 14, 4), b"-lh6-": (32768, 16, 5), b"-lh7-": (65536, 17, 5)}
_OLDEST = b"-lh1-"
_STORED = {b"-lh0-", b"-lz4-"}
_MOST_HEADER = 65536
_MOST_EXTENSIONS = 64


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; folders are left out. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    at = position = 0
    while True:
        guard.check()
        head = source.read_at(at, 32)
        if not head.strip(b"\x00")[:1] or head[:1] == b"\x00" or (position and head[2:4] != b"-l"):
            return
        if len(head) < 22:
            raise Incomplete(TOO_SHORT)
        method, packed, size = head[2:7], *struct.unpack_from("<LL", head, 7)
        if method[:2] != b"-l" or method[4:] != b"-":
            raise Incomplete(CORRUPT)
        text, start, end = _header(source, at, head, packed)
        position += 1
        listed = Listed(text, end - start, size, False, position)
        if method != b"-lhd-":
            yield _member(source, guard, method, (start, end - start, size), listed)
        at = end


def _member(source: Source, guard: Guard, method: bytes, place: tuple[int, int, int], listed: Listed) -> Member:
    at, packed, size = place
    names = (listed.name,)
    if method in _STORED:
        return collect(names, stored(source, at, packed, guard), guard, listed=listed)
    known = _METHODS.get(method)
    if known is None and method != _OLDEST:
        text = method[1:4].decode("ascii") if method[1:4].isalnum() else method.hex()
        return closed(names, f"not opened: packed by method {text}", guard, listed)
    data = source.read_at(at, min(packed, packed_room(guard)))
    pieces = lzh.unpacked(data, size, *known) if known is not None else lzh_dynamic.unpacked(data, size)
    return collect(names, counted(pieces, guard, len(data) + 1), guard, listed=listed)


def _header(source: Source, at: int, head: bytes, packed: int) -> tuple[str, int, int]:
    """Return a member's name, where its data starts, and where it ends. Raises Incomplete."""
    level = head[20]
    if level <= 1:
        size = head[0] + 2
        whole = source.read_at(at, size)
        length = head[21]
        name = whole[22 : 22 + length]
        if level == 0:
            return _name(name, b""), at + size, at + size + packed
        more = int.from_bytes(whole[size - 2 : size], "little")
        found, folder, start = _extensions(source, at + size, more, 2)
        return _name(found or name, folder), start, max(start, at + size + packed)
    wide = 4 if level == 3 else 2
    if level > 3 or len(head) < 32:
        raise Incomplete(CORRUPT)
    size = int.from_bytes(head[24:28] if level == 3 else head[:2], "little")
    first = 28 if level == 3 else 24
    more = int.from_bytes(head[first : first + wide], "little")
    found, folder, _ = _extensions(source, at + first + wide, more, wide)
    if size < first:
        raise Incomplete(CORRUPT)
    return _name(found, folder), at + size, at + size + packed


def _extensions(source: Source, at: int, size: int, wide: int) -> tuple[bytes, bytes, int]:
    """Return the name and the folder that extended headers tell, and the offset behind them."""
    name = folder = b""
    for _ in range(_MOST_EXTENSIONS):
        if size <= wide or size > _MOST_HEADER:
            break
        whole = source.read_at(at, size)
        if len(whole) < size:
            raise Incomplete(TOO_SHORT)
        content = whole[1:-wide]
        name = content if whole[0] == 1 else name
        folder = content if whole[0] == 2 else folder
        at += size
        size = int.from_bytes(whole[-wide:], "little")
    return name, folder, at


def _name(name: bytes, folder: bytes) -> str:
    return clean_name((folder + name).replace(b"\xff", b"/").split(b"\x00", 1)[0])
