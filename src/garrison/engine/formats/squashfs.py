"""Squashfs 4.0 (the kernel's Documentation/filesystems/squashfs.rst): gzip, LZMA, xz, lz4 and Zstandard; fragments."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.image_blocks import Unpack, lz4_block, lzma_block, xz_block, zlib_block, zstd_block
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Listed, Member, clean_name, closed, collect
from garrison.engine.formats.reading import Names, take, told, zeros
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_METHODS: dict[int, Unpack] = {1: zlib_block, 2: lzma_block, 4: xz_block, 5: lz4_block, 6: zstd_block}
_META_BYTES = 8192
_CACHED = 256  # blocks of tables: 2 MiB
_STORED_META, _STORED_DATA = 0x8000, 1 << 24
_NO_FRAGMENT = 0xFFFFFFFF
_FOLDERS, _FILES = {1, 8}, {2, 9}
_DEPTH = 256
_SIZES = 1024  # block sizes that are read in one go


@dataclass(frozen=True, slots=True)
class _File:
    """start: of the blocks, in bytes. fragment: its number, and offset in it. sizes: where the block sizes stand."""

    start: int
    size: int
    fragment: tuple[int, int]
    sizes: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Folder:
    block: int
    offset: int
    size: int


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; links and devices are left out. Raises OSError."""
    return told(_open(source, guard))


def _open(source: Source, guard: Guard) -> Iterator[Member]:
    head = take(source, 0, 96, guard)
    block, method, version = struct.unpack_from("<L4xH6xH", head, 12)
    unpack = _METHODS.get(method)
    if not head.startswith(b"hsqs") or version != 4 or not 4096 <= block <= 1 << 20:
        raise Incomplete(CORRUPT)
    if unpack is None:
        yield closed((), f"not opened: packed by method {method}", guard)
        return
    yield from _Reader(source, guard, unpack, head).members()


class _Reader:
    def __init__(self, source: Source, guard: Guard, unpack: Unpack, head: bytes) -> None:
        self._source = source
        self._guard = guard
        self._unpack = unpack
        self._block = int.from_bytes(head[12:16], "little")
        self._root, self._inodes, self._folders, self._fragments = struct.unpack_from("<Q24xQQQ", head, 32)
        self._cache: dict[int, tuple[bytes, int]] = {}
        self._fragment = (-1, b"")
        self._found = Names(guard)
        self._count = 0

    def members(self) -> Iterator[Member]:
        work = [(self._root, "", 0)]
        seen: set[int] = set()
        while work:
            self._guard.check()
            reference, path, depth = work.pop()
            if reference in seen:
                continue
            seen.add(reference)
            try:
                node = self._node(reference)
                inner = list(self._names(node)) if isinstance(node, _Folder) and depth < _DEPTH else []
            except Incomplete as reason:
                yield Member((), None, reason.remark)
                continue
            if isinstance(node, _File):
                yield self._file(path, node)
            work += [(at, f"{path}/{name}"[:1000], depth + 1) for name, at in reversed(inner)]

    def _file(self, path: str, file: _File) -> Member:
        self._count += 1
        text = clean_name(path.lstrip("/").encode("utf-8", "surrogateescape"))
        listed = Listed(text, -1, file.size, position=self._count)
        return collect((text,), self._data(file), self._guard, listed=listed)

    def _data(self, file: _File) -> Iterator[bytes]:
        has_fragment = file.fragment[0] != _NO_FRAGMENT
        count = file.size // self._block + (not has_fragment and file.size % self._block > 0)
        left = file.size
        at = file.start
        for size in self._sizes(file.sizes, count):
            packed = size & (_STORED_DATA - 1)
            expected = min(left, self._block)
            left -= expected
            if not packed:
                yield from zeros(expected, self._guard)
                continue
            piece = self._unpacked(at, packed, is_stored=bool(size & _STORED_DATA), most=self._block)
            yield piece[:expected]
            if len(piece) < expected:
                raise Incomplete(CORRUPT)
            at += packed
        if left and has_fragment:
            yield self._tail(*file.fragment, left)

    def _sizes(self, place: tuple[int, int], count: int) -> Iterator[int]:
        while count > 0:
            some = min(count, _SIZES)
            sizes, place = self._meta(place, 4 * some)
            yield from struct.unpack(f"<{some}L", sizes)
            count -= some

    def _tail(self, number: int, offset: int, length: int) -> bytes:
        """Return the end of a file out of the block that it shares with others."""
        if number != self._fragment[0]:
            pointer = take(self._source, self._fragments + number // 512 * 8, 8)
            entry, _ = self._meta((int.from_bytes(pointer, "little"), number % 512 * 16), 16)
            start, size = struct.unpack_from("<QL", entry)
            is_stored = bool(size & _STORED_DATA)
            self._fragment = (
                number,
                self._unpacked(start, size & (_STORED_DATA - 1), is_stored=is_stored, most=self._block),
            )
        piece = self._fragment[1][offset : offset + length]
        self._guard.grew(len(piece))
        if len(piece) < length:
            raise Incomplete(CORRUPT)
        return piece

    def _unpacked(self, at: int, length: int, *, is_stored: bool, most: int) -> bytes:
        piece = take(self._source, at, length)
        if not is_stored:
            room = self._guard.room
            try:
                piece = self._unpack(piece, min(most, room))
            except Incomplete:
                if room < most:  # LZ4 unpacks a whole block or nothing
                    self._guard.grew(room)
                raise
        self._guard.grew(len(piece))
        return piece

    def _node(self, reference: int) -> _File | _Folder | None:
        """Return the file or folder of an inode, None for anything else."""
        place = (self._inodes + (reference >> 16), reference & 0xFFFF)
        head, place = self._meta(place, 16)
        kind = int.from_bytes(head[:2], "little")
        if kind == 1:
            block, size, offset = struct.unpack_from("<L4xHH", self._meta(place, 16)[0])
            return _Folder(block, offset, size)
        if kind == 8:
            size, block, offset = struct.unpack_from("<4xLL6xH", self._meta(place, 24)[0])
            return _Folder(block, offset, size)
        if kind == 2:
            body, place = self._meta(place, 16)
            start, fragment, offset, size = struct.unpack("<LLLL", body)
            return _File(start, size, (fragment, offset), place)
        if kind == 9:
            body, place = self._meta(place, 40)
            start, size, fragment, offset = struct.unpack_from("<QQ12xLL", body)
            return _File(start, size, (fragment, offset), place)
        return None

    def _names(self, folder: _Folder) -> Iterator[tuple[str, int]]:
        """Yield the names of files and folders in a folder, and their inodes."""
        place = (self._folders + folder.block, folder.offset)
        left = folder.size - 3
        while left >= 12:
            head, place = self._meta(place, 12)
            count, block = struct.unpack_from("<LL", head)
            left -= 12
            for _ in range(min(count + 1, 256)):
                entry, place = self._meta(place, 8)
                offset, kind, length = struct.unpack("<H2xHH", entry)
                name, place = self._meta(place, length + 1)
                self._found.count()
                left -= 9 + length
                if kind in _FOLDERS or kind in _FILES:
                    yield clean_name(name), block << 16 | offset

    def _meta(self, place: tuple[int, int], length: int) -> tuple[bytes, tuple[int, int]]:
        """Return bytes of a table, and the place behind them. place: of a block in the source, and offset in it."""
        at, offset = place
        parts: list[bytes] = []
        while True:
            block, behind = self._meta_block(at)
            part = block[offset : offset + length]
            parts.append(part)
            length -= len(part)
            if not length:
                return b"".join(parts), (at, offset + len(part))
            at, offset = behind, 0

    def _meta_block(self, at: int) -> tuple[bytes, int]:
        known = self._cache.get(at)
        if known is None:
            head = int.from_bytes(take(self._source, at, 2), "little")
            size = head & (_STORED_META - 1)
            if not 0 < size <= _META_BYTES:
                raise Incomplete(CORRUPT)
            piece = self._unpacked(at + 2, size, is_stored=bool(head & _STORED_META), most=_META_BYTES)
            if not piece:
                raise Incomplete(TOO_SHORT)
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            known = self._cache[at] = (piece, at + 2 + size)
        return known
