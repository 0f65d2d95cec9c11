"""The headers of RAR archives: 1.5 to 4 (technote.txt of RAR 4) and 5 (RAR 5.0 archive format), both by RARLAB."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.opener import CORRUPT, ENCRYPTED, TOO_SHORT
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

MAGIC_4 = b"Rar!\x1a\x07\x00"
MAGIC_5 = b"Rar!\x1a\x07\x01\x00"
_HEADER_BYTES = 2 * 1024 * 1024  # the most that RAR 5 allows


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. at, packed: its packed bytes; size: unpacked, -1 when not told; version: of the packing method.

    is_part: it begins or goes on in another volume.
    """

    name: bytes
    at: int
    packed: int
    size: int
    checksum: int
    version: int
    is_stored: bool
    is_folder: bool
    is_encrypted: bool
    is_part: bool


def entries(source: Source, guard: Guard) -> Iterator[Entry]:
    """Yield the members in order. Raises Incomplete where the list is damaged or encrypted, OSError."""
    head = source.read_at(0, 8)
    return _entries_5(source, guard) if head == MAGIC_5 else _entries_4(source, guard)


def _entries_4(source: Source, guard: Guard) -> Iterator[Entry]:
    at = len(MAGIC_4)
    while at < source.size:
        guard.check()
        fixed = source.read_at(at, 7)
        if len(fixed) < 7:
            raise Incomplete(TOO_SHORT)
        kind, flags, size = struct.unpack_from("<xxBHH", fixed)
        if kind == 0x7B:
            return
        if size < 7 or not 0x72 <= kind <= 0x7A:
            raise Incomplete(CORRUPT)
        if kind == 0x73 and flags & 0x80:
            raise Incomplete(ENCRYPTED)
        header = source.read_at(at, size)
        data = 0
        if kind in {0x74, 0x7A}:
            entry = _entry_4(header, flags, at + size)
            data = entry.packed
            if kind == 0x74:
                yield entry
        elif flags & 0x8000:
            data = int.from_bytes(header[7:11], "little")
        at += size + data


def _entry_4(header: bytes, flags: int, at: int) -> Entry:
    if len(header) < 32:
        raise Incomplete(TOO_SHORT)
    packed, size, checksum, version, method, length = struct.unpack_from("<7xLLxL4xBBH", header)
    start = 32
    if flags & 0x100 and len(header) >= 40:
        high_packed, high_size = struct.unpack_from("<LL", header, 32)
        packed |= high_packed << 32
        size |= high_size << 32
        start = 40
    name = _name_4(header[start : start + length], bool(flags & 0x200))
    return Entry(
        name,
        at,
        packed,
        size,
        checksum,
        version,
        method == 0x30,
        flags & 0xE0 == 0xE0,
        bool(flags & 4),
        bool(flags & 3),
    )


def _name_4(field: bytes, is_wide: bool) -> bytes:
    """Return a name; behind a zero, the wide form is packed as differences to the narrow one."""
    narrow, has_wide, packed = field.partition(b"\x00")
    if not is_wide or not has_wide or not packed:
        return narrow
    high, at, flags, bits = packed[0] << 8, 1, 0, 0
    units: list[int] = []
    while at < len(packed):
        if not bits:
            flags, bits, at = packed[at], 8, at + 1
            continue
        bits -= 2
        kind = flags >> bits & 3
        if kind < 2:
            units.append(packed[at] | (high if kind else 0))
        elif kind == 2:
            units.append(int.from_bytes(packed[at : at + 2], "little"))
            at += 1
        else:
            units += _copied(narrow, packed, at, len(units), high)
            at += packed[at] >> 7
        at += 1
    return struct.pack(f"<{len(units)}H", *units).decode("utf-16-le", "replace").encode()


def _copied(narrow: bytes, packed: bytes, at: int, start: int, high: int) -> list[int]:
    count = packed[at]
    if not count & 0x80:
        return list(narrow[start : start + count + 2])
    added = packed[at + 1] if at + 1 < len(packed) else 0
    return [(byte + added & 0xFF) | high for byte in narrow[start : start + (count & 0x7F) + 2]]


def _entries_5(source: Source, guard: Guard) -> Iterator[Entry]:
    at = len(MAGIC_5)
    while at < source.size:
        guard.check()
        size, start = _number(source.read_at(at + 4, 10), 0)
        if not 0 < size <= _HEADER_BYTES:
            raise Incomplete(CORRUPT)
        at += 4 + start
        header = source.read_at(at, size)
        if len(header) < size:
            raise Incomplete(TOO_SHORT)
        kind, place = _number(header, 0)
        flags, place = _number(header, place)
        extra, data = 0, 0
        if flags & 1:
            extra, place = _number(header, place)
        if flags & 2:
            data, place = _number(header, place)
        if kind == 4:
            raise Incomplete(ENCRYPTED)
        if kind == 5:
            return
        if kind == 2:
            is_encrypted = _is_encrypted(header[max(place, size - extra) :] if extra else b"")
            yield _entry_5(header, place, at + size, data, is_encrypted, bool(flags & 0x18))
        at += size + data


def _entry_5(header: bytes, place: int, at: int, packed: int, is_encrypted: bool, is_part: bool) -> Entry:  # the fields
    flags, place = _number(header, place)
    size, place = _number(header, place)
    _, place = _number(header, place)
    place += 4 if flags & 2 else 0
    checksum = int.from_bytes(header[place : place + 4], "little") if flags & 4 else -1
    place += 4 if flags & 4 else 0
    method, place = _number(header, place)
    _, place = _number(header, place)
    length, place = _number(header, place)
    name = header[place : place + length]
    size = -1 if flags & 8 else size
    is_stored = method >> 7 & 7 == 0
    return Entry(name, at, packed, size, checksum, 50, is_stored, bool(flags & 1), is_encrypted, is_part)


def _is_encrypted(extra: bytes) -> bool:
    place = 0
    while place < len(extra):
        size, start = _number(extra, place)
        kind, _ = _number(extra, start)
        if kind == 1:
            return True
        place = start + size
    return False


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and the offset behind it. Raises Incomplete."""
    value = 0
    for count, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, at + count + 1
    raise Incomplete(TOO_SHORT)
