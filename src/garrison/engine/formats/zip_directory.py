"""Where the members of a zip are: its central directory, and the local headers where that is missing.

APPNOTE.TXT 6.3.10 (PKWARE): 4.3.7 local header, 4.3.12 central directory, 4.3.14-4.3.16 its end, 4.5.3 zip64.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.source import Source

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
DESCRIPTOR = b"PK\x07\x08"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_END_BYTES = 22
_TAIL_BYTES = _END_BYTES + 65535 + 1024  # the longest comment, and some trailing garbage
_CENTRAL_FIELDS = struct.Struct("<4s4HH2x3L3H8xL")
_LOCAL_FIELDS = struct.Struct("<4s3HH2x3L2H")
_READ_BYTES = 256 * 1024
_ALL_ONES = 0xFFFFFFFF
_ENCRYPTED = 1
_HAS_DESCRIPTOR = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as a header tells it. Nothing of it is to be trusted.

    at: offset of its local header. packed, size: bytes, 0 in a local header whose descriptor follows the data.
    header: length of the header with its name and extra fields. stamp: the time of day in the format of DOS.
    checksum: CRC-32. aes: WinZip's strength and the method under its encryption, or none.
    """

    at: int
    name: bytes
    flags: int
    method: int
    packed: int
    size: int
    header: int
    stamp: int = 0
    checksum: int = 0
    aes: tuple[int, int] | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether its content needs a password."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def has_descriptor(self) -> bool:
        """Whether its sizes follow the data (4.3.9)."""
        return bool(self.flags & _HAS_DESCRIPTOR)


@dataclass(frozen=True, slots=True)
class Directory:
    """A central directory. start, length: in bytes; moved: what to add to its offsets (data was put before the zip)."""

    start: int
    length: int
    moved: int


def has_directory(source: Source) -> bool:
    """Return whether it ends like a zip, whatever it begins with: a self-extracting one. Raises OSError."""
    return find_directory(source) is not None


def find_directory(source: Source) -> Directory | None:
    """Return the central directory that the last sound end record points to, or None. Raises OSError."""
    start = max(0, source.size - _TAIL_BYTES)
    tail = source.read_at(start, _TAIL_BYTES)
    at = tail.rfind(_END)
    tries = 0
    while at >= 0 and tries < 16:
        if len(tail) - at >= _END_BYTES:
            found = _directory(source, start + at, tail[at : at + _END_BYTES])
            if found is not None:
                return found
        tries += 1
        at = tail.rfind(_END, 0, at)
    return None


def _directory(source: Source, at: int, end: bytes) -> Directory | None:
    length, offset = struct.unpack("<LL", end[12:20])
    top = at
    locator = source.read_at(at - 20, 20) if at >= 20 else b""
    if locator.startswith(_LOCATOR64):
        found = _end64(source, at, locator)
        if found is not None:
            top, length, offset = found
    for start in (top - length, offset):  # where it must be, and where it says to be
        if 0 <= start < source.size and source.read_at(start, 4) == CENTRAL:
            return Directory(start, length, start - offset)
    return None


def _end64(source: Source, at: int, locator: bytes) -> tuple[int, int, int] | None:
    """Return offset of the zip64 end record, length and offset of the directory."""
    (told,) = struct.unpack("<Q", locator[8:16])
    for start in (told, at - 20 - 56):
        record = source.read_at(start, 56) if 0 <= start < source.size else b""
        if len(record) == 56 and record.startswith(_END64):
            length, offset = struct.unpack("<QQ", record[40:56])
            return start, length, offset
    return None


class Entries:
    """The entries of a central directory, as far as it is sound. is_damaged: after the iteration, whether it was cut.

    Iterating raises OSError.
    """

    def __init__(self, source: Source, directory: Directory) -> None:
        self._source = source
        self._directory = directory
        self.is_damaged = False

    def __iter__(self) -> Iterator[Entry]:
        at = self._directory.start
        end = at + self._directory.length
        window = b""
        window_at = at
        while at < end:
            record = window[at - window_at : at - window_at + 46]
            if len(record) < 46 or not _fits(window, at - window_at):
                window, window_at = self._source.read_at(at, min(_READ_BYTES, end - at)), at
                record = window[:46]
            if len(record) < 46 or not record.startswith(CENTRAL) or not _fits(window, at - window_at):
                self.is_damaged = True
                return
            entry, length = self._entry(window, at - window_at)
            at += length
            yield entry

    def _entry(self, window: bytes, at: int) -> tuple[Entry, int]:
        _, _, _, flags, method, stamp, checksum, packed, size, name_length, extra_length, comment_length, offset = (
            _CENTRAL_FIELDS.unpack_from(window, at)
        )
        name_end = at + 46 + name_length
        name = window[at + 46 : name_end]
        extra = window[name_end : name_end + extra_length]
        if _ALL_ONES in {packed, size, offset}:
            size, packed, offset = _wide(extra, (size, packed, offset))
        length = 46 + name_length + extra_length + comment_length
        where = offset + self._directory.moved
        return Entry(where, name, flags, method, packed, size, length, stamp, checksum, _aes(extra)), length


def _fits(window: bytes, at: int) -> bool:
    if len(window) - at < 46:
        return False
    names, extra, comment = struct.unpack_from("<3H", window, at + 28)
    return len(window) >= at + 46 + int(names + extra + comment)


def _wide(extra: bytes, values: tuple[int, ...]) -> tuple[int, ...]:
    """Return the values with those that are all ones taken from the zip64 field (4.5.3), in its order."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
            return tuple(next(numbers, value) if value == _ALL_ONES else value for value in values)
        at += 4 + length
    return values


def _aes(extra: bytes) -> tuple[int, int] | None:
    """Return the strength and the method that WinZip's field tells of (AES Encryption Information, II.B), or None."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 0x9901 and at + 11 <= len(extra):
            return extra[at + 8], int.from_bytes(extra[at + 9 : at + 11], "little")
        at += 4 + length
    return None


def local_entry(source: Source, at: int) -> Entry | None:
    """Return what the local header at an offset says, or None when there is none. Raises OSError."""
    fixed = source.read_at(at, 30) if at >= 0 else b""
    if len(fixed) < 30 or not fixed.startswith(LOCAL):
        return None
    _, _, flags, method, stamp, checksum, packed, size, name_length, extra_length = _LOCAL_FIELDS.unpack(fixed)
    rest = source.read_at(at + 30, name_length + extra_length)
    if _ALL_ONES in {packed, size}:
        size, packed = _wide(rest[name_length:], (size, packed))
    header = 30 + name_length + extra_length
    name, aes = rest[:name_length], _aes(rest[name_length:])
    return Entry(at, name, flags, method, packed, size, header, stamp, checksum, aes)


def find(source: Source, signature: bytes, start: int, end: int) -> int:
    """Return the offset of a signature between two offsets, or -1. Raises OSError."""
    overlap = len(signature) - 1
    while start < end:
        window = source.read_at(start, min(_READ_BYTES, end - start))
        at = window.find(signature)
        if at >= 0:
            return start + at
        if len(window) <= overlap:
            break
        start += len(window) - overlap
    return -1
