"""ARJ archives: TECHNOTE.TXT of ARJ; methods 0 to 4."""

import struct
from collections.abc import Iterator
from functools import partial

from garrison.engine.formats import lzh
from garrison.engine.formats.lzh_codes import counted, packed_room
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Listed, Member, by_method, clean_name, closed
from garrison.engine.formats.reading import told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_MAGIC = b"\x60\xea"
_GARBLED, _VOLUME, _CONTINUED = 1, 4, 8
_MOST_HEADER = 2600
_WINDOW = 32768  # of which ARJ itself uses 26,624 bytes


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; folders are left out. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    _, at = _header(source, 0)
    position = 0
    while True:
        guard.check()
        header, at = _header(source, at)
        if not header:
            return
        first, flags, method, kind = header[0], header[4], header[5], header[6]
        packed, size, checksum = struct.unpack_from("<3L", header, 12)
        text = clean_name(header[first:].split(b"\x00", 1)[0])
        position += 1
        listed = Listed(text, packed, size, bool(flags & _GARBLED), position, checksum)
        if kind in {0, 1}:
            yield _member(source, guard, at, flags, method, listed)
        at += packed


def _member(source: Source, guard: Guard, at: int, flags: int, method: int, listed: Listed) -> Member:
    if flags & (_VOLUME | _CONTINUED) and not listed.is_encrypted:
        return closed((listed.name,), "not opened: it is spread over several archives", guard, listed)
    return by_method(source, guard, at, method, listed, partial(_unpacked, source, guard, at, method, listed))


def _unpacked(source: Source, guard: Guard, at: int, method: int, listed: Listed) -> Iterator[bytes] | None:
    if method > 4:
        return None
    data = source.read_at(at, min(listed.packed, packed_room(guard)))
    pieces = lzh.fastest(data, listed.size) if method == 4 else lzh.unpacked(data, listed.size, _WINDOW, 17, 5)
    return counted(pieces, guard, len(data) + 1)


def _header(source: Source, at: int) -> tuple[bytes, int]:
    """Return a header, empty at the archive's end, and the offset behind it. Raises Incomplete."""
    head = source.read_at(at, 4)
    if len(head) < 4:
        raise Incomplete(TOO_SHORT)
    size = int.from_bytes(head[2:], "little")
    if not head.startswith(_MAGIC) or size > _MOST_HEADER or 0 < size < 30:
        raise Incomplete(CORRUPT)
    header = source.read_at(at + 4, size)
    if len(header) < size:
        raise Incomplete(TOO_SHORT)
    at += 8 + size
    if not size:
        return b"", at
    more = int.from_bytes(source.read_at(at, 2), "little")
    while more:
        at += 2 + more + 4
        more = int.from_bytes(source.read_at(at, 2), "little")
    return header, at + 2
