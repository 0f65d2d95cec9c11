"""UDF file systems: ECMA-167 3rd edition, and OSTA UDF 1.02 to 2.01, on partitions without a map of their own.

Of UDF 2.50 and 2.60 the metadata partition is read where its file says; of sparable partitions the spare packets are
not looked up; virtual partitions (written track by track) are not opened.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from garrison.engine.formats.opener import CORRUPT, Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import Extent, Names, take, told, zeros
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_ANCHOR, _PARTITION, _LOGICAL, _TERMINATOR = 2, 5, 6, 8
_FILE_SET, _NAME, _FILE, _EXTENDED = 256, 257, 261, 266
_FOLDER_KIND, _CONTENT_KINDS = 4, {0, 5, 249}
_SEQUENCE_BYTES = 1024 * 1024
_FOLDER_BYTES = 16 * 1024 * 1024
_DEPTH = 256
_EXTENTS = 100_000
_NOT_RECORDED, _CONTINUES = (1, 2), 3
_VIRTUAL = "not opened: UDF of a kind that is written track by track"


@dataclass(slots=True)
class _Volume:
    """block: logical block size. starts: of the numbered partitions, maps: of a volume's partitions, in bytes."""

    block: int = 2048
    starts: dict[int, int] = field(default_factory=dict)
    maps: list[int] = field(default_factory=list)
    root: tuple[int, int] = (0, 0)  # block, partition


@dataclass(slots=True)
class _Node:
    """A file entry: its kind, size, and data: inline, or in extents (offset -1 where nothing is recorded)."""

    kind: int
    size: int
    inline: bytes | None
    extents: list[Extent]


def is_beside(source: Source) -> bool:
    """Return whether a disc with another file system has a UDF one as well. Raises OSError."""
    sectors = source.read_at(16 * 2048, 16 * 2048)
    return any(sectors[at + 1 : at + 6] in {b"NSR02", b"NSR03"} for at in range(0, len(sectors), 2048))


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside. Raises OSError."""
    return read(source, guard, set())


def read(source: Source, guard: Guard, seen: set[tuple[Extent, ...]]) -> Iterator[Member]:
    """Yield the files of a UDF file system. seen: extents of what was yielded before, in bytes. Raises OSError."""
    return told(_Reader(source, guard, seen).members())


class _Reader:
    def __init__(self, source: Source, guard: Guard, seen: set[tuple[Extent, ...]]) -> None:
        self._source = source
        self._guard = guard
        self._seen = seen
        self._is_beside = bool(seen)
        self._volume = _Volume()
        self._nodes: set[int] = set()
        self._found = Names(guard)
        self._count = 0

    def members(self) -> Iterator[Member]:
        self._read_volume()
        offset = self._offset(*self._volume.root)
        tag = take(self._source, offset, 512, self._guard)
        if _tag(tag) != _FILE_SET:
            raise Incomplete(CORRUPT)
        yield from self._walk(_address(tag, 400))

    def _read_volume(self) -> None:
        for sector in (2048, 512, 4096):
            for number in (256, self._source.size // sector - 257, self._source.size // sector - 1):
                anchor = self._source.read_at(number * sector, 512)
                if len(anchor) == 512 and _tag(anchor) == _ANCHOR:
                    for length, start in (struct.unpack_from("<LL", anchor, at) for at in (16, 24)):
                        self._read_sequence(start * sector, length, sector)
                        if self._volume.maps:
                            return
        raise Incomplete(CORRUPT)

    def _read_sequence(self, start: int, length: int, sector: int) -> None:
        """Read the volume descriptors (ECMA-167, 3/8.4.2)."""
        logical = b""
        for at in range(start, start + min(length, _SEQUENCE_BYTES), sector):
            descriptor = self._source.read_at(at, max(sector, 2048))
            self._guard.grew(len(descriptor))
            kind = _tag(descriptor)
            if kind == _PARTITION and len(descriptor) >= 512:
                number, begins = struct.unpack_from("<H164xL", descriptor, 22)
                self._volume.starts[number] = begins * sector
            elif kind == _LOGICAL and len(descriptor) >= 512:
                logical = descriptor
            elif kind in {_TERMINATOR, -1}:
                break
        if logical:
            self._read_logical(logical)

    def _read_logical(self, logical: bytes) -> None:
        volume = self._volume
        volume.block = int.from_bytes(logical[212:216], "little")
        if volume.block not in {512, 1024, 2048, 4096}:
            raise Incomplete(CORRUPT)
        volume.root = _address(logical, 248)
        at = 440
        end = min(len(logical), 440 + int.from_bytes(logical[264:268], "little"))
        while at + 6 <= end and logical[at + 1] >= 6:
            entry = logical[at : at + logical[at + 1]]
            volume.maps.append(self._map(entry))
            at += logical[at + 1]

    def _map(self, entry: bytes) -> int:
        """Return where the partition of a map begins, in bytes; -1 when that is nowhere, or not that simple."""
        if entry[0] == 1:
            return self._volume.starts.get(int.from_bytes(entry[4:6], "little"), -1)
        start = self._volume.starts.get(int.from_bytes(entry[38:40], "little"), -1)
        if b"*UDF Virtual" in entry or start < 0 or len(entry) < 44:
            return -1
        if b"*UDF Metadata" not in entry:
            return start
        # Its blocks are those of a file, which is one run on all pressed and freshly written discs.
        self._volume.maps.append(start)
        place = int.from_bytes(entry[40:44], "little") * self._volume.block
        node = self._node(start + place, len(self._volume.maps) - 1)
        self._volume.maps.pop()
        return node.extents[0][0] if node is not None and node.extents else -1

    def _offset(self, block: int, partition: int) -> int:
        maps = self._volume.maps
        if partition >= len(maps) or maps[partition] < 0:
            raise Incomplete(_VIRTUAL if partition < len(maps) else CORRUPT)
        return maps[partition] + block * self._volume.block

    def _walk(self, root: tuple[int, int]) -> Iterator[Member]:
        work: list[tuple[tuple[int, int], str, int]] = [(root, "", 0)]
        while work:
            address, path, depth = work.pop()
            offset = self._offset(*address)
            if offset in self._nodes:
                continue
            self._nodes.add(offset)
            node = self._node(offset, address[1])
            if node is None:
                yield Member((), None, f"damaged after member {self._count}")
            elif node.kind == _FOLDER_KIND and depth < _DEPTH:
                inner = [(at, f"{path}/{name}"[:1000], depth + 1) for name, at in self._names(node)]
                work += reversed(inner[: self._guard.limits.members])
            elif node.kind in _CONTENT_KINDS:
                yield from self._file(path.lstrip("/"), node)
            self._guard.check()

    def _file(self, path: str, node: _Node) -> Iterator[Member]:
        key = _clipped(node)
        if key in self._seen or (self._is_beside and not node.size):
            return
        if key:
            self._seen.add(key)
        self._count += 1
        text = clean_name(path.encode("utf-8", "surrogateescape"))
        listed = Listed(text, node.size, node.size, position=self._count)
        yield collect((text,), self._data(node), self._guard, listed=listed)

    def _data(self, node: _Node) -> Iterator[bytes]:
        if node.inline is not None:
            self._guard.grew(len(node.inline))
            yield node.inline
            return
        extents = _clipped(node)
        for start, length in extents:
            if start < 0:
                yield from zeros(length, self._guard)
            else:
                yield from stored(self._source, start, length, self._guard)
        if sum(length for _, length in extents) < node.size:
            raise Incomplete(CORRUPT)

    def _node(self, offset: int, partition: int) -> _Node | None:
        entry = take(self._source, offset, self._volume.block, self._guard)
        kind = _tag(entry)
        if kind not in {_FILE, _EXTENDED}:
            return None
        at = 168 if kind == _FILE else 208
        attributes, length = struct.unpack_from("<LL", entry, at)
        start = at + 8 + attributes
        size = int.from_bytes(entry[56:64], "little")
        table = entry[start : start + length]
        form = entry[34] & 7
        if form == 3:
            return _Node(entry[27], len(table[:size]), table[:size], [])
        return _Node(entry[27], size, None, self._extents(table, form, partition))

    def _extents(self, table: bytes, form: int, partition: int) -> list[Extent]:
        """Return the extents of allocation descriptors (ECMA-167, 4/14.14.1), short or long ones."""
        extents: list[Extent] = []
        width = 8 if form == 0 else 16
        at = 0
        tables = {-1}
        while at + width <= len(table) and len(extents) < _EXTENTS:
            length, block = struct.unpack_from("<LL", table, at)
            where = partition if form == 0 else int.from_bytes(table[at + 8 : at + 10], "little")
            at += width
            kind, length = length >> 30, length & 0x3FFFFFFF
            if not length:
                break
            offset = -1 if kind in _NOT_RECORDED else self._offset(block, where)
            if kind != _CONTINUES:
                extents.append((offset, length))
            elif offset in tables:
                break
            else:
                tables.add(offset)
                table = take(self._source, offset, self._volume.block, self._guard)
                table, at = table[24 : 24 + int.from_bytes(table[20:24], "little")], 0
        return extents

    def _names(self, node: _Node) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield what a folder lists: names, and the places of their entries."""
        node.size = min(node.size, _FOLDER_BYTES)
        content = b"".join(self._data(node))
        at = 0
        while at + 38 <= len(content) and _tag(content[at : at + 18]) == _NAME:
            length = content[at + 19]
            extra = int.from_bytes(content[at + 36 : at + 38], "little")
            start = at + 38 + extra
            self._found.count()
            if not content[at + 18] & 0x0C:  # neither deleted nor the folder above
                yield _text(content[start : start + length]), _address(content, at + 20)
            at = start + length
            at += -at % 4


def _clipped(node: _Node) -> tuple[Extent, ...]:
    """Return the extents of a file without what lies behind its end."""
    left = node.size
    extents: list[Extent] = []
    for start, length in node.extents:
        if left > 0:
            extents.append((start, min(length, left)))
            left -= length
    return tuple(extents)


def _tag(descriptor: bytes) -> int:
    """Return the kind of a descriptor (ECMA-167, 3/7.2), -1 when its tag's checksum is wrong."""
    tag = descriptor[:16]
    if len(tag) < 16 or (sum(tag) - tag[4]) & 0xFF != tag[4]:
        return -1
    return int.from_bytes(tag[:2], "little")


def _address(descriptor: bytes, at: int) -> tuple[int, int]:
    """Return block and partition of a long allocation descriptor."""
    block, partition = struct.unpack_from("<LH", descriptor, at + 4)
    return block, partition


def _text(field: bytes) -> str:
    """Return a name in OSTA's compressed Unicode (UDF 2.01, 2.1.1)."""
    if field[:1] == b"\x10":
        return field[1:].decode("utf-16-be", "replace")
    return field[1:].decode("latin-1")
