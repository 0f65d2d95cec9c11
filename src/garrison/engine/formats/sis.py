"""Packages for Symbian: SIS of EPOC releases 3 to 5 (and 6 to 8), and the fields of release 9.

The older form after A. Thoelke's "Symbian Installation File Format" (2002). Of release 9 ("SIS File Format", Symbian
2006) the compressed fields are looked for, whatever the tree around them: the names are in a list of their own there,
so the files are numbered.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.image_blocks import ZlibDecoder
from garrison.engine.formats.opener import CORRUPT, Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import take, told
from garrison.engine.formats.unpack import Unpacking
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_RELEASE_9 = b"\x7a\x1a\x20\x10"
_HEADER = 72
_UNICODE, _STORED = 1, 8
_VERSION_6 = 200
_NAME_BYTES = 1024
_FILE, _FILES, _OPTIONS, _IF, _ELSE_IF, _ELSE, _END_IF = range(7)
# A compressed field: kind, length, algorithm (none, deflate), unpacked size. Sizes of 2 GiB and more occur nowhere.
_FIELD = re.compile(
    rb"\x03\x00\x00\x00(...[\x00-\x7f])([\x00\x01])\x00\x00\x00(...[\x00-\x7f])\x00\x00\x00\x00", re.DOTALL
)
_FIELD_BYTES = 20
_WINDOW = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _File:
    name: bytes
    runs: list[tuple[int, int, int]]  # offset, packed and unpacked length of each language, in bytes


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the packaged files. Raises OSError."""
    if source.read_at(0, 4) == _RELEASE_9:
        return told(_fields(source, guard))
    return told(_files(source, guard))


def _files(source: Source, guard: Guard) -> Iterator[Member]:
    header = take(source, 0, _HEADER, guard)
    languages, files = struct.unpack_from("<HH", header, 18)
    version, flags = struct.unpack_from("<LH", header, 32)
    position = 0
    for file in _records(source, int.from_bytes(header[52:56], "little"), files, (languages, version), guard):
        text = clean_name(file.name.decode("utf-16-le", "replace").encode() if flags & _UNICODE else file.name)
        for start, packed, size in file.runs:
            position += 1
            is_stored = flags & _STORED or not packed
            pieces = stored(source, start, packed, guard) if is_stored else _inflated(source, guard, start, packed)
            yield collect((text,), pieces, guard, listed=Listed(text, packed, size, position=position))
            guard.check()


def _inflated(source: Source, guard: Guard, start: int, packed: int) -> Iterator[bytes]:
    return iter(Unpacking(source, guard, ZlibDecoder, start, packed))


def _records(source: Source, at: int, count: int, form: tuple[int, int], guard: Guard) -> Iterator[_File]:
    """Yield the files of a package's list. form: count of languages, version of the installer."""
    languages, version = form
    for number in range(count):
        kind, length = struct.unpack("<LL", take(source, at, 8, guard))
        if kind in {_FILE, _FILES}:
            many = languages if kind == _FILES else 1
            numbers = 3 if version >= _VERSION_6 else 2
            entry = take(source, at, 28 + 4 * numbers * many, guard)
            yield _file(source, entry, many, numbers)
            at += len(entry) + (8 if version >= _VERSION_6 else 0)
        elif kind == _OPTIONS:
            at += 8 + 8 * length * languages + 16
        elif kind in {_IF, _ELSE_IF}:
            at += 8 + length
        elif kind in {_ELSE, _END_IF}:
            at += 4
        else:
            raise Incomplete(f"damaged after member {number}" if number else CORRUPT)


def _file(source: Source, entry: bytes, many: int, numbers: int) -> _File:
    length, start = struct.unpack_from("<LL", entry, 20)
    name = source.read_at(start, min(length, _NAME_BYTES))
    columns = [struct.unpack_from(f"<{many}L", entry, 28 + 4 * many * number) for number in range(numbers)]
    sizes = columns[2] if numbers > 2 else (-1,) * many
    return _File(name, list(zip(columns[1], columns[0], sizes, strict=True)))


def _fields(source: Source, guard: Guard) -> Iterator[Member]:
    """Yield what the compressed fields of a package of release 9 hold."""
    at = 16
    position = 0
    while at < source.size:
        guard.check()
        window = source.read_at(at, _WINDOW)
        behind = at + max(len(window) - _FIELD_BYTES + 1, 1)
        for match in _FIELD.finditer(window):
            start = at + match.end()
            length, size = (int.from_bytes(match[group], "little") for group in (1, 3))
            packed = length - 12
            is_stored = match[2] == b"\x00"
            if packed < 0 or (is_stored and packed != size) or start + packed > source.size + (0 if is_stored else 1):
                continue
            position += 1
            pieces = stored(source, start, packed, guard) if is_stored else _inflated(source, guard, start, packed)
            text = f"file {position}"
            yield collect((text,), pieces, guard, listed=Listed(text, packed, size, position=position))
            guard.check()
            behind = max(behind, start + packed) if is_stored else start + max(packed, 1)
            break
        at = behind
    if not position:
        raise Incomplete(CORRUPT)
