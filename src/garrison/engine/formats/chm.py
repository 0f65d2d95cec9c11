"""Compiled HTML help: ITSF version 3 with the section MSCompressed; no public specification, facts of "chmspec"."""

import struct
from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import counted, packed_room
from garrison.engine.formats.lzx import FRAME, Lzx
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import take, told
from garrison.engine.formats.unpack import Solid
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_STORAGE = b"::DataSpace/Storage/MSCompressed/"
_RESETS = _STORAGE + b"Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable"
_MOST_CHUNK = 1 << 20
_File = tuple[bytes, int, int, int]  # name, section, offset, length


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; the format's own tables are left out. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    content = int.from_bytes(take(source, 0x58, 8), "little")
    own: dict[bytes, _File] = {}
    files: list[_File] = []
    remark = ""
    try:
        for file in _directory(source, guard):
            if file[0].startswith(b"::"):
                own[file[0]] = file
            elif file[3]:
                files.append(file)
    except Incomplete as reason:
        remark = reason.remark
    run = Solid(_unpacked(source, guard, own, content))
    files.sort(key=lambda file: file[1:3])
    for position, (untrusted, section, start, length) in enumerate(files, 1):
        guard.check()
        text = clean_name(untrusted.lstrip(b"/"))
        pieces = run.take(start, length) if section else stored(source, content + start, length, guard)
        yield collect((text,), pieces, guard, listed=Listed(text, -1, length, False, position))
    if remark:
        yield Member((), None, remark)


def _directory(source: Source, guard: Guard) -> Iterator[_File]:
    """Yield the entries of all listing chunks. Raises Incomplete."""
    at = int.from_bytes(take(source, 0x48, 8), "little")
    head = take(source, at, 0x54)
    length, chunk, count = struct.unpack_from("<8xL4xL24xL", head)
    if not head.startswith(b"ITSP") or not 32 <= chunk <= _MOST_CHUNK:
        raise Incomplete(CORRUPT)
    for number in range(count):
        data = take(source, at + length + number * chunk, chunk, guard)
        if data.startswith(b"PMGL"):
            yield from _entries(data, chunk - int.from_bytes(data[4:8], "little"))


def _entries(data: bytes, end: int) -> Iterator[_File]:
    at = 20
    while at < end:
        size, at = _number(data, at)
        name = data[at : at + size]
        at += size
        numbers = []
        for _ in range(3):
            number, at = _number(data, at)
            numbers.append(number)
        yield name, numbers[0], numbers[1], numbers[2]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, highest first, and the offset behind it."""
    value = 0
    for size in range(10):
        if at + size >= len(data):
            break
        byte = data[at + size]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + size + 1
    raise Incomplete(CORRUPT)


def _unpacked(source: Source, guard: Guard, own: dict[bytes, _File], content: int) -> Iterator[bytes]:
    """Yield what the compressed section unpacks to, counted. Raises Incomplete."""
    wanted = [own.get(_STORAGE + b"ControlData"), own.get(_RESETS), own.get(_STORAGE + b"Content")]
    if None in wanted:
        raise Incomplete(CORRUPT)
    control, resets, packed = ((content + file[2], file[3]) for file in wanted if file)
    version, reset, window = struct.unpack_from("<8x3L", take(source, control[0], 28))
    if version == 2:
        reset, window = reset * FRAME, window * FRAME
    size = int.from_bytes(take(source, resets[0] + 16, 8), "little")
    data = source.read_at(packed[0], min(packed[1], packed_room(guard)))
    if not data or window.bit_count() != 1:
        raise Incomplete(CORRUPT if data else TOO_SHORT)
    run = Lzx(data, window.bit_length() - 1, size, reset // FRAME)
    yield from counted(iter(run), guard, len(data))
