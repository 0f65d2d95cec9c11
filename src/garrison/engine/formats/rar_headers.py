"""The headers of RAR archives: 1.5 to 4 (technote.txt of RAR 4) and 5 (RAR 5.0 archive format), both by RARLAB."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from garrison.engine.formats.opener import CORRUPT, ENCRYPTED, TOO_SHORT
from garrison.engine.formats.rar_crypto import BLOCK, Keys, Lock, decrypted, is_header_4
from garrison.engine.formats.reading import take
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

MAGIC_4 = b"Rar!\x1a\x07\x00"
MAGIC_5 = b"Rar!\x1a\x07\x01\x00"
SINCE_AES = 29  # RAR 3 and the packing of it; RAR 2 encrypts in another way, and without a salt
VERSION_5 = 50
SINCE_2 = 20  # RAR 2: that a member is solid; before, all of the archive is
_STREAM = b"STM"  # the name of headers for what NTFS keeps beside a file
_FILE, _SERVICE = 2, 3  # kinds of headers
_ENCRYPTION, _SERVICE_DATA = 1, 7  # kinds of records
_HEADER_BYTES = 2 * 1024 * 1024  # the most that RAR 5 allows


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. at, packed: its packed bytes; size: unpacked, -1 when not told; version: of the packing method.

    is_part: it begins or goes on in another volume. packing: how it is packed, as its header says it (RAR 5: the
    compression information; before: the flags, and 0x10000 when the archive is solid). method: of RAR before 5. lock:
    of data that is encrypted, and how. is_stream: another stream (of NTFS) of the member before, not a file.
    is_rest: a part, and it begins in another volume.
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
    packing: int = 0
    method: int = 0
    lock: Lock | None = None
    is_stream: bool = False
    is_rest: bool = False

    @property
    def is_solid(self) -> bool:
        """Whether it can be unpacked only after the member before it."""
        if self.version == VERSION_5:
            return bool(self.packing & 0x40)
        return bool(self.packing & (0x10 if self.version >= SINCE_2 else 0x10000))


def entries(source: Source, guard: Guard, keys: Keys) -> Iterator[Entry]:
    """Yield the members in order. Raises Incomplete where the list is damaged or stays encrypted, OSError."""
    head = source.read_at(0, 8)
    return _entries_5(source, guard, keys) if head == MAGIC_5 else _entries_4(source, guard, keys)


def _header_4(source: Source, at: int) -> tuple[bytes, int]:
    """Return a header, and where it ends. Raises Incomplete."""
    fixed = take(source, at, 7)
    size = int.from_bytes(fixed[5:], "little")
    return fixed if size < 7 else source.read_at(at, size), at + size


def _locked_4(source: Source, at: int, keys: Keys) -> tuple[bytes, int]:
    """Return an encrypted header, decrypted, and where it ends. Raises Incomplete when no password fits."""
    salt, first = take(source, at, 8), take(source, at + 8, BLOCK)
    for password, secret in keys.of(Lock(salt)):
        size = int.from_bytes(decrypted(first, secret)[5:7], "little")
        padded = size + -size % BLOCK
        header = decrypted(source.read_at(at + 8, padded), secret)[:size]
        if is_header_4(header):
            keys.right = password
            return header, at + 8 + padded
    raise Incomplete(CORRUPT if keys.right else ENCRYPTED)


def _entries_4(source: Source, guard: Guard, keys: Keys) -> Iterator[Entry]:
    at = len(MAGIC_4)
    main, file = 0, b""
    while at < source.size:
        guard.check()
        header, end = _locked_4(source, at, keys) if main & 0x80 else _header_4(source, at)
        kind, flags, size = struct.unpack_from("<xxBHH", header)
        if kind == 0x7B:
            return
        if size < 7 or not 0x72 <= kind <= 0x7A:
            raise Incomplete(CORRUPT)
        main = flags if kind == 0x73 else main
        data = 0
        if kind in {0x74, 0x7A}:
            entry = _entry_4(header, flags | (main & 8) << 13, end)
            data = entry.packed
            if kind == 0x74:
                file = entry.name
                yield entry
            elif entry.name == _STREAM:
                yield replace(entry, name=file + b":", is_stream=True)
        elif flags & 0x8000:
            data = int.from_bytes(header[7:11], "little")
        at = end + data


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
    salt = header[start + length : start + length + 8] if flags & 0x400 else b""
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
        flags,
        method,
        Lock(salt) if flags & 4 and version >= SINCE_2 else None,
        is_rest=bool(flags & 1),
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


def _header_5(source: Source, at: int) -> tuple[bytes, int]:
    """Return a header without its checksum and size, and where it ends. Raises Incomplete."""
    size, start = _size_5(source.read_at(at, 14))
    return take(source, at + start, size), at + start + size


def _locked_5(source: Source, at: int, key: bytes) -> tuple[bytes, int]:
    """Return an encrypted header, decrypted, without its checksum and size, and where it ends. Raises Incomplete."""
    secret = key, take(source, at, BLOCK)
    size, start = _size_5(decrypted(take(source, at + BLOCK, BLOCK), secret))
    padded = start + size + -(start + size) % BLOCK
    header = decrypted(take(source, at + BLOCK, padded), secret)
    return header[start : start + size], at + BLOCK + padded


def _size_5(head: bytes) -> tuple[int, int]:
    size, start = _number(head, 4)
    if not 0 < size <= _HEADER_BYTES:
        raise Incomplete(CORRUPT)
    return size, start


def _entries_5(source: Source, guard: Guard, keys: Keys) -> Iterator[Entry]:
    at = len(MAGIC_5)
    key = file = b""
    while at < source.size:
        guard.check()
        header, end = _locked_5(source, at, key) if key else _header_5(source, at)
        kind, place = _number(header, 0)
        flags, place = _number(header, place)
        extra, data = 0, 0
        if flags & 1:
            extra, place = _number(header, place)
        if flags & 2:
            data, place = _number(header, place)
        if kind == 4:
            key = _key_5(header, place, keys)
        if kind == 5:
            return
        if kind in {_FILE, _SERVICE}:
            records = dict(_records(header[max(place, len(header) - extra) :] if extra else b""))
            entry = _entry_5(header, place, (end, data), _lock(records), flags & 0x18)
            if kind == _FILE:
                file = entry.name
                yield entry
            elif entry.name == _STREAM:
                yield replace(entry, name=file + records.get(_SERVICE_DATA, b":"), is_stream=True)
        at = end + data


def _key_5(header: bytes, place: int, keys: Keys) -> bytes:
    """Return the key of the headers that follow. Raises Incomplete when no password fits."""
    _, place = _number(header, place)
    flags, place = _number(header, place)
    salt, check = header[place + 1 : place + 17], header[place + 17 : place + 25]
    lock = Lock(salt, b"", header[place] if place < len(header) else 255, check if flags & 1 else b"")
    for password, secret in keys.of(lock):
        keys.right = password
        return secret[0]
    raise Incomplete(ENCRYPTED)


def _entry_5(header: bytes, place: int, data: tuple[int, int], lock: Lock | None, split: int) -> Entry:
    flags, place = _number(header, place)
    size, place = _number(header, place)
    _, place = _number(header, place)
    place += 4 if flags & 2 else 0
    checksum = int.from_bytes(header[place : place + 4], "little") if flags & 4 else -1
    place += 4 if flags & 4 else 0
    packing, place = _number(header, place)
    _, place = _number(header, place)
    length, place = _number(header, place)
    return Entry(
        header[place : place + length],
        *data,
        -1 if flags & 8 else size,
        checksum,
        VERSION_5,
        packing >> 7 & 7 == 0,
        bool(flags & 1),
        lock is not None,
        bool(split),
        packing,
        lock=lock,
        is_rest=bool(split & 8),
    )


def _records(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each extra record. Raises Incomplete."""
    place = 0
    while place < len(extra):
        size, start = _number(extra, place)
        kind, at = _number(extra, start)
        place = start + size
        yield kind, extra[at:place]


def _lock(records: dict[int, bytes]) -> Lock | None:
    """Return how the data is encrypted, None when it is not."""
    if _ENCRYPTION not in records:
        return None
    record = records[_ENCRYPTION]
    _, at = _number(record, 0)
    flags, at = _number(record, at)
    salt, block, check = (record[at + a : at + b] for a, b in ((1, 17), (17, 33), (33, 41)))
    power = record[at] if at < len(record) else 255
    return Lock(salt, block.ljust(BLOCK, b"\x00"), power, check if flags & 1 else b"")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and the offset behind it. Raises Incomplete."""
    value = 0
    for count, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, at + count + 1
    raise Incomplete(TOO_SHORT)
