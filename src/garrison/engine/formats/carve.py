"""Programs and archives that lie inside other bytes, found by their signatures.

Each signature is looked for once, from the left, and a hit counts only when the header behind it makes sense. How many
are looked at is bounded, whatever the bytes are.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from garrison.engine.formats.opener import Member, collect, stored
from garrison.engine.formats.zip_directory import has_directory
from garrison.engine.guard import Guard
from garrison.engine.programs import elf, pe
from garrison.engine.programs.pe_headers import find_headers
from garrison.engine.source import Source

_SEARCHED = 32 * 1024 * 1024  # bytes: looking costs ten nanoseconds for each
_HITS = 4096  # of one signature, looked at
_OBJECTS = 32  # of one signature, taken
_HEADER = 64 * 1024
_METHODS = {*range(13), 14, 18, 19, 20, *range(93, 100)}  # of zip, APPNOTE.TXT 4.4.5


def carve(source: Source, start: int, end: int, guard: Guard, taken: set[int] | None = None) -> Iterator[Member]:
    """Yield what lies inside a run of bytes; `taken` are offsets of what is known already. Raises OSError."""
    content = source.read_at(start, min(end - start, _SEARCHED))
    known = taken or set()
    has_own_zip = has_directory(source)  # which is opened for itself
    for name, signature, size_of, most in _KINDS:
        if has_own_zip and name == "zip":
            continue
        for at, size in _found(content, signature, size_of, most):
            if start + at in known:
                continue
            yield collect((f"{name} at {start + at:#x}",), stored(source, start + at, size, guard), guard)
            if guard.stopped:
                return


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield what lies inside bytes of no known type. Raises OSError."""
    yield from carve(source, 1, source.size, guard)


def _found(
    content: bytes, signature: bytes, size_of: Callable[[bytes, int], int], most: int
) -> Iterator[tuple[int, int]]:
    """Yield (offset, size) of the first `most` objects; what lies inside one of them is that one's own."""
    at, count = -1, 0
    for _ in range(_HITS):
        at = content.find(signature, at + 1)
        if at < 0 or count >= most:
            return
        size = size_of(content, at)
        if size > 0:
            count += 1
            yield at, size
            at += size - 1


def _pe(content: bytes, at: int) -> int:
    header = content[at : at + 64]
    where = int.from_bytes(header[60:64], "little")
    if len(header) < 64 or where > _HEADER or content[at + where : at + where + 4] != b"PE\x00\x00":
        return 0
    start = content[at : at + _HEADER]
    if find_headers(start) < 0:
        return 0
    headers = pe.read_headers(start)
    if headers is None or not headers.sections:
        return 0
    return _end(content, at, _pe_end(start, where))


def _pe_end(start: bytes, where: int) -> int:
    """Return where the last section ends, by the numbers in the table, rounded up to a page."""
    count, optional = struct.unpack_from("<H12xH", start, where + 6)
    end = 0
    for entry in range(where + 24 + optional, where + 24 + optional + 40 * min(count, 96), 40):
        if entry + 40 > len(start):
            break
        size, offset = struct.unpack_from("<II", start, entry + 16)
        end = max(end, offset + size)
    return end + -end % 4096


def _end(content: bytes, at: int, size: int) -> int:
    return min(size, len(content) - at)


def _elf(content: bytes, at: int) -> int:
    if content[at + 4 : at + 7] not in {b"\x01\x01\x01", b"\x02\x01\x01", b"\x01\x02\x01", b"\x02\x02\x01"}:
        return 0
    program = elf.read(content[at:] if len(content) - at < _HEADER else content[at : at + 64 * 1024 * 1024])
    return _end(content, at, program.overlay) if program is not None and program.sections else 0


def _rar(content: bytes, at: int) -> int:
    # Version 4 begins with its main header, of type 0x73; the signature of version 5 is one byte longer.
    is_sound = content[at + 6 : at + 8] == b"\x01\x00" or (content[at + 6 : at + 7], content[at + 9 : at + 10]) == (
        b"\x00",
        b"s",
    )
    return len(content) - at if is_sound else 0


def _zip(content: bytes, at: int) -> int:
    header = content[at + 4 : at + 30]
    if len(header) < 26:
        return 0
    version, _, method = struct.unpack_from("<HHH", header)
    (length,) = struct.unpack_from("<H", header, 22)
    name = content[at + 30 : at + 30 + length]
    is_sound = 10 <= version & 0xFF <= 63 and method in _METHODS and 0 < length <= 512 and b"\x00" not in name
    return len(content) - at if is_sound else 0


def _ole(content: bytes, at: int) -> int:
    # MS-CFB 2.2: byte order, sector shift, number of FAT sectors, each of which tells of as many sectors as fit.
    header = content[at : at + 512]
    if len(header) < 512 or header[28:30] != b"\xfe\xff" or header[30] not in {9, 12}:
        return 0
    sector = 1 << header[30]
    tables = int.from_bytes(header[44:48], "little")
    return _end(content, at, 512 + tables * sector * (sector // 4))


def _cab(content: bytes, at: int) -> int:
    size = int.from_bytes(content[at + 8 : at + 12], "little")
    is_sound = content[at + 4 : at + 8] == bytes(4) and content[at + 25 : at + 26] == b"\x01"
    return _end(content, at, size) if is_sound and size > 36 else 0


def _seven_zip(content: bytes, at: int) -> int:
    header = content[at + 12 : at + 28]
    if len(header) < 16:
        return 0
    if zlib.crc32(content[at + 12 : at + 32]) != int.from_bytes(content[at + 8 : at + 12], "little"):
        return 0
    start, size = struct.unpack("<QQ", header)
    return _end(content, at, 32 + start + size)


_KINDS: tuple[tuple[str, bytes, Callable[[bytes, int], int], int], ...] = (
    ("program", b"MZ", _pe, _OBJECTS),
    ("program", b"\x7fELF", _elf, _OBJECTS),
    ("OLE", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _ole, 8),
    ("zip", b"PK\x03\x04", _zip, 1),  # the opener of zips finds all that follow
    ("cab", b"MSCF\x00\x00\x00\x00", _cab, _OBJECTS),
    ("RAR", b"Rar!\x1a\x07", _rar, 1),
    ("7z", b"7z\xbc\xaf\x27\x1c", _seven_zip, 8),
)
