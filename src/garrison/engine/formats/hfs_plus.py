"""HFS Plus and HFSX volumes (Apple, Technical Note TN1150): the leaves of the catalog, and both forks of every file.

Files that the system compresses (an extended attribute says so) have an empty first fork, and the packed data in the
attribute or the second.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from garrison.engine.formats import hfs_plus_packed
from garrison.engine.formats.opener import CORRUPT, Listed, Member, clean_name, closed, collect
from garrison.engine.formats.reading import Extent, runs, take, told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_HEADER = 1024
_LEAF = 0xFF
_ROOT = 2
_PACKED = 0x20  # UF_COMPRESSED of chflags(2)
_DEPTH = 256
_FOLDERS = 200_000  # whose names are kept
_OVERFLOWS = 200_000
_DATA, _RESOURCES = 0, 0xFF


@dataclass(frozen=True, slots=True)
class _Fork:
    size: int
    blocks: int
    extents: tuple[tuple[int, int], ...]  # start and count, in blocks


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; second forks as NAME/..namedfork/rsrc. Raises OSError."""
    return told(_Reader(source, guard).members())


class _Reader:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self._block = 0
        self._more: dict[tuple[int, int, int], tuple[tuple[int, int], ...]] = {}
        self._folders: dict[int, tuple[int, str]] = {}
        self._attributes: dict[int, bytes] = {}
        self._count = 0

    def members(self) -> Iterator[Member]:
        header = take(self._source, _HEADER, 512, self._guard)
        self._block = int.from_bytes(header[40:44], "big")
        if header[:2] not in {b"H+", b"HX"} or self._block < 512 or self._block & (self._block - 1):
            raise Incomplete(CORRUPT)
        self._read_overflow(_fork(header, 192))
        catalog = _fork(header, 272)
        try:
            self._read_attributes(_fork(header, 352))
        except Incomplete as reason:
            yield Member((), None, reason.remark)
        for key, record in self._leaves(catalog, 4):
            if record[:2] == b"\x00\x01" and len(record) >= 12 and len(self._folders) < _FOLDERS:
                self._folders[int.from_bytes(record[8:12], "big")] = _place(key)
        for key, record in self._leaves(catalog, 4):
            if record[:2] == b"\x00\x02" and len(record) >= 248:
                yield from self._file(key, record)

    def _read_overflow(self, fork: _Fork) -> None:
        """Read the extents that have no room in the catalog (TN1150, "Extents Overflow File")."""
        if not fork.size:
            return
        for key, record in self._leaves(fork, 3):
            if len(key) >= 12 and len(record) >= 64 and len(self._more) < _OVERFLOWS:
                kind, number, start = struct.unpack_from(">BxLL", key, 2)
                self._more[number, kind, start] = _extents(record, 0)

    def _read_attributes(self, fork: _Fork) -> None:
        """Keep how files are packed (TN1150, "Attributes File"; inline data, as the kernel's hfs_format.h has it)."""
        if not fork.size:
            return
        name = hfs_plus_packed.ATTRIBUTE.encode("utf-16-be")
        for key, record in self._leaves(fork, 8):
            if key[14:] == name and record[:4] == b"\x00\x00\x00\x10" and len(self._attributes) < _FOLDERS:
                length = int.from_bytes(record[12:16], "big")
                self._attributes[int.from_bytes(key[4:8], "big")] = record[16 : 16 + length]

    def _packed(self, path: str, number: int, record: bytes) -> Member:
        """Return a file that the file system packed by itself."""
        self._count += 1
        text = clean_name(path.encode("utf-8", "surrogateescape"))
        attribute = self._attributes.get(number, b"")
        listed = Listed(text, -1, hfs_plus_packed.size(attribute), position=self._count)
        if not attribute:
            return closed((text,), "not opened: packed by the file system", self._guard, listed)
        fork = _Tree(self._source, list(self._places(_fork(record, 168), number, _RESOURCES)), self._guard)
        return collect((text,), hfs_plus_packed.unpack(attribute, fork.read, self._guard), self._guard, listed=listed)

    def _file(self, key: bytes, record: bytes) -> Iterator[Member]:
        number = int.from_bytes(record[8:12], "big")
        path = self._path(key)
        if record[41] & _PACKED and not _fork(record, 88).size:
            yield self._packed(path, number, record)
            self._guard.check()
            return
        for at, kind, ending in ((88, _DATA, ""), (168, _RESOURCES, "/..namedfork/rsrc")):
            fork = _fork(record, at)
            if kind == _RESOURCES and not fork.size:
                continue
            self._guard.check()
            self._count += 1
            text = clean_name((path + ending).encode("utf-8", "surrogateescape"))
            listed = Listed(text, fork.size, fork.size, position=self._count)
            pieces = runs(self._source, self._places(fork, number, kind), fork.size, self._guard)
            yield collect((text,), pieces, self._guard, listed=listed)

    def _path(self, key: bytes) -> str:
        parent, name = _place(key)
        parts = [name]
        for _ in range(_DEPTH):
            if parent <= _ROOT or parent not in self._folders:
                break
            parent, name = self._folders[parent]
            parts.append(name)
        return "/".join(reversed(parts))

    def _places(self, fork: _Fork, number: int, kind: int) -> Iterator[Extent]:
        """Yield where a fork's data is, in bytes."""
        blocks = 0
        extents = fork.extents
        while extents:
            for start, count in extents:
                yield start * self._block, count * self._block
                blocks += count
            extents = self._more.get((number, kind, blocks), ()) if 0 < blocks < fork.blocks else ()

    def _leaves(self, fork: _Fork, number: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield key and record of all leaves of a tree, from the first to the last."""
        tree = _Tree(self._source, list(self._places(fork, number, _DATA)), self._guard)
        head = tree.read(0, 512)
        node = int.from_bytes(head[24:28], "big")
        size = int.from_bytes(head[32:34], "big")
        if size < 512 or size & (size - 1):
            raise Incomplete(CORRUPT)
        seen: set[int] = set()
        while node and node not in seen:
            seen.add(node)
            content = tree.read(node * size, size)
            if content[8] != _LEAF:
                raise Incomplete(CORRUPT)
            yield from _records(content)
            node = int.from_bytes(content[:4], "big")


class _Tree:
    """A B-tree's file, read at any place."""

    def __init__(self, source: Source, extents: list[Extent], guard: Guard) -> None:
        self._source = source
        self._extents = extents
        self._starts = [0, *accumulate(length for _, length in extents)]
        self._guard = guard

    def read(self, at: int, length: int) -> bytes:
        """Return so many bytes. Raises Incomplete behind the end, OSError."""
        parts: list[bytes] = []
        while length:
            number = bisect_right(self._starts, at) - 1
            if number >= len(self._extents):
                raise Incomplete(CORRUPT)
            start, size = self._extents[number]
            within = at - self._starts[number]
            part = take(self._source, start + within, min(length, size - within), self._guard)
            parts.append(part)
            length -= len(part)
            at += len(part)
        return b"".join(parts)


def _records(node: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and records of a leaf; their offsets stand at its end, backwards."""
    count = min(int.from_bytes(node[10:12], "big"), (len(node) - 14) // 2 - 1)
    offsets = struct.unpack_from(f">{count + 1}H", node, len(node) - 2 * (count + 1))[::-1]
    for start, end in pairwise(offsets):
        length = int.from_bytes(node[start : start + 2], "big")
        behind = start + 2 + length + length % 2
        if 14 <= start < behind <= end <= len(node):
            yield node[start : start + 2 + length], node[behind:end]


def _place(key: bytes) -> tuple[int, str]:
    """Return the folder's number and the name of a key in the catalog. Names may have slashes, shown as colons."""
    name = key[8 : 8 + 2 * int.from_bytes(key[6:8], "big")].decode("utf-16-be", "replace")
    return int.from_bytes(key[2:6], "big"), name.replace("/", ":").strip("\x00")


def _fork(record: bytes, at: int) -> _Fork:
    size, blocks = struct.unpack_from(">Q4xL", record, at)
    return _Fork(size, blocks, _extents(record, at + 16))


def _extents(record: bytes, at: int) -> tuple[tuple[int, int], ...]:
    numbers = struct.unpack_from(">16L", record, at)
    return tuple((start, count) for start, count in zip(numbers[::2], numbers[1::2], strict=True) if count)
