"""Encrypted members of RAR archives, as members of a plain archive that is made in memory.

libarchive knows the packing of RAR and nothing of its encryption: it gets headers of our own, with the decrypted data.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from garrison.engine.formats import libarchive, rar_2, rar_3, rar_crypto_2
from garrison.engine.formats.rar_crypto import Keys, Lock, decrypted
from garrison.engine.formats.rar_headers import MAGIC_4, MAGIC_5, SINCE_AES, VERSION_5, Entry
from garrison.engine.formats.reading import Extent
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_NAME = b"x"
_STORED_4 = 0x30
_TRIED_BYTES = 16 * 1024 * 1024  # of a member, to see whether a password is right


@dataclass(slots=True)
class Plain:
    """The plain archive. opened: of the members that were encrypted, by position from 1, where they are in it now."""

    source: Source = field(default_factory=lambda: Source(b""))
    opened: dict[int, Extent] = field(default_factory=dict)


def unlocked(source: Source, guard: Guard, found: list[Entry], keys: Keys) -> Plain:
    """Return a plain archive with an entry for each of the members, in order; those that stay closed are empty in it.

    Stops at a limit. Raises OSError.
    """
    plain = Plain()
    pieces = [_start(found[0].version if found else 0)]
    at, room = len(pieces[0]), guard.limits.total_bytes // 2  # they are in memory twice when they are joined
    for position, entry in enumerate(found, 1):
        try:
            data = _data(source, guard, entry, keys, room)
        except Incomplete:
            break
        header = _header(entry, data)
        pieces += [header, data or b""]
        at += len(header)
        if data is not None and entry.is_encrypted:
            plain.opened[position] = (at, len(data))
        at += len(data or b"")
        room -= len(data or b"")
    plain.source = Source(b"".join((*pieces, END_5 if pieces[0].startswith(MAGIC_5) else _END_4)))
    return plain


def _data(source: Source, guard: Guard, entry: Entry, keys: Keys, room: int) -> bytes | None:
    """Return a member's packed data, or None when it is not to be had, or not needed. Raises Incomplete, OSError."""
    is_not_needed = entry.is_folder or (entry.is_rest and not entry.is_stored)
    if is_not_needed or entry.packed > room or (entry.is_encrypted and entry.lock is None):
        return None
    if not entry.size:
        return b""
    if entry.lock is None:
        return None if entry.is_stored else source.read_at(entry.at, entry.packed)
    for password, data in _decrypted(source, guard, entry, entry.lock, keys):
        guard.check()
        if entry.is_stored and entry.size >= 0:
            data = data[: entry.size]  # noqa: PLW2901 # what is behind is padding
        if entry.version == VERSION_5 or _fits(entry, data, guard, is_known=password == keys.right):
            keys.right = password
            return data if entry.is_stored or entry.version != VERSION_5 else _without_padding(data)
    return None


def _decrypted(source: Source, guard: Guard, entry: Entry, lock: Lock, keys: Keys) -> Iterator[tuple[bytes, bytes]]:
    """Yield passwords that may be right, and what they make of a member's data. Raises Incomplete, OSError."""
    if entry.version >= SINCE_AES:
        for password, secret in keys.of(lock):
            yield password, decrypted(source.read_at(entry.at, entry.packed), secret)
    elif entry.packed <= rar_crypto_2.MOST_BYTES:
        for password in keys.passwords():
            yield password, rar_crypto_2.Cipher(password).decrypted(source.read_at(entry.at, entry.packed), guard)


def _without_padding(data: bytes) -> bytes:
    """Return the blocks of packed data of RAR 5: libarchive takes anything behind the last one for one more."""
    at = 0
    while at + 3 < len(data):
        flags = data[at]
        head = 3 + (flags >> 3 & 3)
        at += head + int.from_bytes(data[at + 2 : at + head], "little")
        if flags & 0x40:
            break
    return data[:at]


def _fits(entry: Entry, data: bytes, guard: Guard, *, is_known: bool) -> bool:
    """Return whether decrypted data of RAR 2 or 3 unpacks to what the header says. Raises Incomplete at a limit."""
    if entry.is_stored:
        return zlib.crc32(data) == entry.checksum
    if entry.is_solid:
        return is_known
    unpacker = rar_3.Unpacker() if entry.version >= SINCE_AES else rar_2.Unpacker()
    ways = [unpacker.unpacked(data, entry.size)]
    if libarchive.is_loaded() and entry.version >= SINCE_AES:
        ways.insert(0, _by_library(_start(entry.version) + _header(entry, data) + data + _END_4))
    return any(_checksum(pieces, guard) in {entry.checksum, None} for pieces in ways)


def _by_library(archive: bytes) -> Iterator[bytes]:
    reader = libarchive.RarReader(archive)
    try:
        reader.next()
        yield from reader.pieces()
    finally:
        reader.close()


def _checksum(pieces: Iterator[bytes], guard: Guard) -> int | None:
    """Return the checksum of what comes out, -1 where that is damaged, None where so much came that it must be right.

    Raises Incomplete at a limit.
    """
    left, checksum = _TRIED_BYTES, 0
    try:
        for piece in pieces:
            guard.check()
            checksum = zlib.crc32(piece, checksum)
            left -= len(piece)
            if left < 0:
                return None
    except Incomplete:
        guard.check()
        return -1
    return checksum


def _start(version: int) -> bytes:
    if version == VERSION_5:
        return MAGIC_5 + _block_5(_number(1) + _number(0) + _number(4))
    return MAGIC_4 + _block_4(0x73, 0, bytes(6))


def _header(entry: Entry, data: bytes | None) -> bytes:
    size = 0 if data is None else entry.size
    if entry.version == VERSION_5:
        told = 8 if size < 0 else 0
        packing = 0 if data is None else entry.packing
        numbers = (2, 2, len(data or b""), told, max(size, 0), 0x20, packing, 0, len(_NAME))
        return _block_5(b"".join(map(_number, numbers)) + _NAME)
    packed = len(data or b"")
    flags = 0x8100 | (0 if data is None else entry.packing & 0xF0)
    method = _STORED_4 if data is None else entry.method
    mask = 0xFFFFFFFF
    fields = (packed & mask, size & mask, 2, entry.checksum & mask, 0, max(entry.version, 20), method, len(_NAME), 0x20)
    return _block_4(0x74, flags, struct.pack("<LLBLLBBHLLL", *fields, packed >> 32, size >> 32) + _NAME)


def _block_4(kind: int, flags: int, fields: bytes) -> bytes:
    header = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header


def _block_5(fields: bytes) -> bytes:
    header = _number(len(fields)) + fields
    return struct.pack("<L", zlib.crc32(header)) + header


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_END_4 = _block_4(0x7B, 0x4000, b"")
END_5 = _block_5(b"\x05\x00\x00")
