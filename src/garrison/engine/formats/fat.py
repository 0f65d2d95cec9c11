"""FAT12, FAT16 and FAT32, as on EFI system partitions, sticks and floppy disks.

Microsoft, "FAT: General Overview of On-Disk Format" 1.03 (also UEFI Specification 2.10, chapter 13.3); ECMA-107.
Which of the three it is follows Linux: FAT32 where the older field for the table's size is 0, else by the number of
clusters.
"""

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Listed, Member, clean_name, collect
from garrison.engine.formats.reading import Extent, Names, runs, take, told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import is_fat
from garrison.engine.source import Source

_ENTRY = 32
_FOLDER_BYTES = 65_536 * _ENTRY
_DEPTH = 256
_PIECE = 4096  # of the table or a folder, read at a time
_KEPT = 64
_MOST_IN_RUN = 4096  # clusters
_MOST_12 = 4084
_LONG, _VOLUME, _FOLDER = 0x0F, 0x08, 0x10
_DELETED, _LAST = 0xE5, 0x40
LOOP = "damaged: a folder's clusters run in a circle"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things are, in bytes. bits: of an entry of the table. root: the root folder's cluster, 0 if fixed."""

    bits: int
    table: int
    fixed_root: Extent
    root: int
    data: int
    cluster: int
    clusters: int


@dataclass(frozen=True, slots=True)
class _File:
    """An entry of a folder. cluster: its first; size: in bytes, for files only."""

    name: str
    cluster: int
    size: int
    is_folder: bool


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files that folders name; deleted ones are left out. Raises OSError."""
    return told(_Reader(source, guard).members())


def members_of_disk(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the files of a FAT that fills a whole disk and yet has a partition table. Raises OSError."""
    return members(source, guard, name) if is_fat(source.head()) else iter(())


class _Reader:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self._pieces: dict[int, bytes] = {}
        self._names = Names(guard)
        self._count = 0

    def members(self) -> Iterator[Member]:
        head = take(self._source, 0, 512, self._guard)
        if not is_fat(head):
            raise Incomplete(CORRUPT)
        self._layout = _layout(head)
        work = [(self._layout.root, "", 0)]
        seen: set[int] = set()
        while work:
            self._guard.check()
            cluster, path, depth = work.pop()
            if cluster in seen:
                continue
            seen.add(cluster)
            inner: list[tuple[int, str, int]] = []
            try:
                for entry in self._entries(cluster):
                    self._names.count()
                    place = f"{path}/{entry.name}"[:1000]
                    if not entry.is_folder:
                        yield self._file(place, entry)
                        self._guard.check()
                    elif depth < _DEPTH:
                        inner.append((entry.cluster, place, depth + 1))
            except Incomplete as reason:
                self._guard.check()
                yield Member((), None, reason.remark)
            work += reversed(inner)

    def _file(self, path: str, entry: _File) -> Member:
        self._count += 1
        text = clean_name(path.lstrip("/").encode("utf-8", "surrogateescape"))
        listed = Listed(text, entry.size, entry.size, position=self._count)
        extents = self._runs(entry.cluster, entry.size)
        return collect((text,), runs(self._source, extents, entry.size, self._guard), self._guard, listed=listed)

    def _entries(self, cluster: int) -> Iterator[_File]:
        """Yield what a folder names. Raises Incomplete."""
        long = _LongName()
        for record in self._records(cluster):
            if not record[0]:
                return
            attributes = record[11]
            if record[0] == _DELETED:
                long = _LongName()
            elif attributes & 0x3F == _LONG:
                long.add(record)
            else:
                name = long.of(record)
                long = _LongName()
                if not attributes & _VOLUME and record[:2] not in {b". ", b".."}:
                    yield self._entry(record, name)

    def _entry(self, record: bytes, name: str) -> _File:
        high, low, size = struct.unpack_from("<H4xHL", record, 20)
        first = low | (high << 16 if self._layout.bits == 32 else 0)
        return _File(name, first, size, bool(record[11] & _FOLDER))

    def _records(self, cluster: int) -> Iterator[bytes]:
        if not cluster:
            start, length = self._layout.fixed_root
            extents = iter([(start, length)])
        else:
            extents = self._folder(cluster)
        for start, length in extents:
            for at in range(start, start + length, _PIECE):
                content = take(self._source, at, min(_PIECE, start + length - at), self._guard)
                for begin in range(0, len(content) - _ENTRY + 1, _ENTRY):
                    yield content[begin : begin + _ENTRY]

    def _folder(self, cluster: int) -> Iterator[Extent]:
        """Yield a folder's clusters. Raises Incomplete where they run in a circle, or beyond the end."""
        seen: set[int] = set()
        layout = self._layout
        for _ in range(_FOLDER_BYTES // layout.cluster + 1):
            if cluster in seen:
                raise Incomplete(LOOP)
            seen.add(cluster)
            yield self._place(cluster), layout.cluster
            cluster = self._next(cluster)
            if self._is_end(cluster):
                return

    def _runs(self, cluster: int, size: int) -> Iterator[Extent]:
        """Yield the runs of neighbours that a file lies in; a circle ends where the file does."""
        each = self._layout.cluster
        left = -(-size // each)
        while left > 0 and 2 <= cluster < self._layout.clusters + 2:
            first, count = cluster, 1
            cluster = self._next(cluster)
            while count < min(left, _MOST_IN_RUN) and cluster == first + count < self._layout.clusters + 2:
                cluster = self._next(cluster)
                count += 1
            left -= count
            yield self._place(first), count * each

    def _place(self, cluster: int) -> int:
        if not 2 <= cluster < self._layout.clusters + 2:
            raise Incomplete(TOO_SHORT)
        return self._layout.data + (cluster - 2) * self._layout.cluster

    def _is_end(self, cluster: int) -> bool:
        bits = min(self._layout.bits, 28)
        return cluster >= (1 << bits) - 8

    def _next(self, cluster: int) -> int:
        """Return what the table says of a cluster."""
        bits = self._layout.bits
        if bits == 12:
            at = cluster + cluster // 2
            pair = self._byte(at) | self._byte(at + 1) << 8
            return pair >> 4 if cluster & 1 else pair & 0xFFF
        width = bits // 8
        at = cluster * width
        piece = self._piece(at)
        at %= _PIECE
        number = int.from_bytes(piece[at : at + width], "little")
        return number & 0x0FFFFFFF

    def _byte(self, at: int) -> int:
        piece = self._piece(at)
        at %= _PIECE
        return piece[at] if at < len(piece) else 0

    def _piece(self, at: int) -> bytes:
        number = at // _PIECE
        piece = self._pieces.get(number)
        if piece is None:
            if len(self._pieces) >= _KEPT:
                self._pieces.pop(next(iter(self._pieces)))
            piece = self._pieces[number] = self._source.read_at(self._layout.table + number * _PIECE, _PIECE)
            self._guard.grew(len(piece))
        return piece


class _LongName:
    """Puts together the records before a short name, the last part first. Others than belong to it are dropped."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._missing = -1
        self._sum = -1

    def add(self, record: bytes) -> None:
        """Take one more part."""
        number = record[0] & 0x3F
        if record[0] & _LAST:
            self._parts, self._missing, self._sum = [], number, record[13]
        if number != self._missing or record[13] != self._sum or not number:
            self._parts, self._missing = [], -1
            return
        self._missing -= 1
        self._parts.append(record[1:11] + record[14:26] + record[28:32])

    def of(self, record: bytes) -> str:
        """Return the name of a file: the long one where all parts of it are there and its sum is right."""
        if self._parts and not self._missing and self._sum == _sum(record[:11]):
            text = codecs.utf_16_le_decode(b"".join(reversed(self._parts)), "replace", True)[0]
            return text.partition("\x00")[0].replace("/", "_")
        return _short(record)


def _short(record: bytes) -> str:
    base, extension = record[:8].rstrip(b" "), record[8:11].rstrip(b" ")
    if base[:1] == b"\x05":
        base = b"\xe5" + base[1:]
    base = base.lower() if record[12] & 0x08 else base
    extension = extension.lower() if record[12] & 0x10 else extension
    return (base + (b"." + extension if extension else b"")).decode("latin-1").replace("/", "_")


def _sum(short: bytes) -> int:
    total = 0
    for byte in short:
        total = ((total & 1) << 7) + (total >> 1) + byte & 0xFF
    return total


def _layout(head: bytes) -> _Layout:
    sector, per_cluster, reserved, copies, entries, few, table_16 = struct.unpack_from("<HBHBHHxH", head, 11)
    many, table_32, root = struct.unpack_from("<LL4xL", head, 32)
    table = table_16 or table_32
    root_at = reserved + copies * table
    data = root_at + -(-entries * _ENTRY // sector)
    clusters = max(0, (few or many) - data) // per_cluster
    bits = 32 if not table_16 else 12 if clusters <= _MOST_12 else 16
    clusters = min(clusters, table * sector * 8 // bits)
    return _Layout(
        bits,
        reserved * sector,
        (root_at * sector, entries * _ENTRY),
        root if bits == 32 else 0,
        data * sector,
        per_cluster * sector,
        clusters,
    )
