"""Apple disk images (UDIF): a trailer, a property list with a table of blocks for each partition, packed blocks.

After the fields that macOS' hdiutil shows ("koly", "mish"); no specification is public. A partition is one object,
which is opened in turn when it is a file system that the engine knows; HFS Plus of any size is.
"""

import base64
import binascii
import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from garrison.engine.formats import hfs_plus
from garrison.engine.formats.image_blocks import Unpack, adc_block, by_decoder, xz_block, zlib_block
from garrison.engine.formats.opener import CORRUPT, Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import take, told, zeros
from garrison.engine.formats.unpack import bzip2_decoder
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import identify
from garrison.engine.source import PIECE_BYTES, Source
from garrison.engine.type import Type

_TRAILER = 512
_MARK = b"koly\x00\x00\x00\x04"
_LIST_BYTES = 16 * 1024 * 1024
_SECTOR = 512
_CHUNK_BYTES = 16 * 1024 * 1024
_KEPT = 4  # unpacked blocks
_SEARCHED = 64 * 1024  # for the trailer, when something was added behind it
_ZEROS, _STORED, _IGNORED, _COMMENT, _END = 0, 1, 2, 0x7FFFFFFE, 0xFFFFFFFF
_METHODS: dict[int, Unpack] = {
    0x80000004: adc_block,
    0x80000005: zlib_block,
    0x80000006: by_decoder(bzip2_decoder),
    0x80000008: xz_block,
}
_LZFSE = 0x80000007
_DATA = re.compile(rb"<data>([A-Za-z0-9+/=\s]{200,})</data>")
_NAME = re.compile(rb"<key>Name</key>\s*<string>([^<]{0,200})</string>")


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the partitions. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    trailer = _trailer(source)
    data = int.from_bytes(trailer[24:32], "big")
    start, length = struct.unpack_from(">QQ", trailer, 216)
    if not length:
        raise Incomplete("not opened: disk image with an old list of partitions")
    if length > _LIST_BYTES:
        raise Incomplete(CORRUPT)
    listing = take(source, start, length, guard)
    position = 0
    for match in _DATA.finditer(listing):
        guard.check()
        try:
            table = base64.b64decode(b"".join(match[1].split()))
        except binascii.Error:
            table = b""
        if not table.startswith(b"mish") or len(table) < 204:
            continue  # a resource of another kind
        position += 1
        found = _NAME.search(listing, match.end(), match.end() + 1024)
        text = clean_name(found[1]) if found else f"partition {position}"
        size = int.from_bytes(table[16:24], "big") * _SECTOR
        if size > guard.limits.object_bytes:
            disk = _Disk(source, data, table, guard)
            if identify(disk.head()) == Type.HFS_PLUS:
                for member in hfs_plus.members(disk, guard, text):
                    yield replace(member, names=(text, *member.names))
                continue
        listed = Listed(text, -1, size, position=position)
        yield collect((text,), _blocks(source, data, table, guard), guard, listed=listed)
    if not position:
        raise Incomplete(CORRUPT)


def _trailer(source: Source) -> bytes:
    """Return the trailer at the end, or before what was added behind it. Raises Incomplete without one."""
    end = source.size
    trailer = source.read_at(end - _TRAILER, _TRAILER)
    if not trailer.startswith(_MARK):
        tail = source.read_at(max(0, end - _SEARCHED), _SEARCHED)
        at = tail.rfind(_MARK)
        trailer = tail[at : at + _TRAILER] if at >= 0 else b""
    if len(trailer) < _TRAILER:
        raise Incomplete(CORRUPT)
    return trailer


class _Disk(Source):
    """A partition that is too large for one object: any part of it is unpacked when it is asked for.

    Raises Incomplete as well, at damage and when all that was unpacked is too much.
    """

    __slots__ = ("_base", "_guard", "_image", "_kept", "_starts", "_table")

    def __init__(self, image: Source, data: int, table: bytes, guard: Guard) -> None:
        super().__init__(b"")
        self.size = int.from_bytes(table[16:24], "big") * _SECTOR
        self._image = image
        self._guard = guard
        self._base = data + int.from_bytes(table[24:32], "big")
        self._table = sorted(
            (number * _SECTOR, kind, sectors * _SECTOR, start, length)
            for kind, number, sectors, start, length in struct.iter_unpack(">L4xQQQQ", _entries(table))
            if kind not in {_COMMENT, _END} and sectors
        )
        self._starts = [block[0] for block in self._table]
        self._kept: dict[int, bytes] = {}

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`. Raises OSError, Incomplete."""
        parts: list[bytes] = []
        while length > 0:
            number = bisect_right(self._starts, offset) - 1
            if number < 0 or offset >= sum(self._table[number][:3:2]):
                break
            part = self._part(number, offset - self._starts[number], length)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def _part(self, number: int, at: int, most: int) -> bytes:
        """Return some bytes of a block, from one of its own offsets on."""
        _, kind, size, start, length = self._table[number]
        count = min(most, size - at, PIECE_BYTES)
        if kind in {_ZEROS, _IGNORED}:
            return bytes(count)
        if kind == _STORED:
            return self._image.read_at(self._base + start + at, count)
        if number not in self._kept:
            packed = take(self._image, self._base + start, min(length, _CHUNK_BYTES))
            if len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[number] = _unpacked(kind, packed, size, self._guard)
        return self._kept[number][at : at + count]


def _entries(table: bytes) -> bytes:
    count = min(int.from_bytes(table[200:204], "big"), (len(table) - 204) // 40)
    return table[204 : 204 + 40 * count]


def _blocks(source: Source, data: int, table: bytes, guard: Guard) -> Iterator[bytes]:
    """Yield what a partition's blocks unpack to. data: where the image's data begins."""
    begins = data + int.from_bytes(table[24:32], "big")
    for kind, sectors, start, length in struct.iter_unpack(">L12xQQQ", _entries(table)):
        size = sectors * _SECTOR
        if kind == _END:
            return
        if kind in {_ZEROS, _IGNORED}:
            yield from zeros(size, guard)
        elif kind == _STORED:
            yield from stored(source, begins + start, length, guard)
        elif kind != _COMMENT:
            yield _unpacked(kind, take(source, begins + start, min(length, _CHUNK_BYTES)), size, guard)


def _unpacked(kind: int, packed: bytes, size: int, guard: Guard) -> bytes:
    unpack = _METHODS.get(kind)
    if unpack is None:
        method = "LZFSE" if kind == _LZFSE else f"method {kind:#x}"
        raise Incomplete(f"not opened: packed by {method}")
    piece = unpack(packed, min(size, _CHUNK_BYTES, guard.room))
    guard.grew(len(piece))
    if len(piece) < size:
        raise Incomplete(CORRUPT)
    return piece
