"""Images of optical discs: ISO 9660 (ECMA-119) with Joliet and Rock Ridge names, El Torito boot images, UDF beside it.

Joliet Specification 1995; Rock Ridge Interchange Protocol 1.12 (NM and SL only);
"El Torito" Bootable CD-ROM Format 1.0. All trees are walked, and every extent is yielded once, under the first name.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats import udf
from garrison.engine.formats.opener import CORRUPT, Listed, Member, clean_name, collect
from garrison.engine.formats.reading import Extent, Names, runs, take, told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_SECTOR = 2048
_FIRST_VOLUME = 16
_VOLUMES = 64
_BOOT, _PRIMARY, _SUPPLEMENTARY, _END = 0, 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_FOLDER, _MORE = 2, 128
_FOLDER_BYTES = 16 * 1024 * 1024
_DEPTH = 256
_PIECE = 256 * 1024


@dataclass(slots=True)
class _Tree:
    """block: logical block size. root: the extent of the root folder, in bytes."""

    block: int
    root: Extent
    is_joliet: bool


@dataclass(slots=True)
class _Entry:
    """An entry of a folder; extents as offset and length in bytes."""

    name: str
    extents: list[Extent]
    is_folder: bool


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files of all trees, boot images, and what only a UDF file system beside them has. Raises OSError."""
    reader = _Reader(source, guard)
    yield from told(reader.members())
    if not guard.stopped and udf.is_beside(source):
        yield from udf.read(source, guard, reader.seen)


class _Reader:
    """seen: the extents of what was yielded, in bytes."""

    def __init__(self, source: Source, guard: Guard) -> None:
        self.seen: set[tuple[Extent, ...]] = set()
        self._source = source
        self._guard = guard
        self._folders: set[int] = set()
        self._names = Names(guard)
        self._is_again = False  # whether a tree was walked before; then what is empty adds nothing
        self._count = 0

    def members(self) -> Iterator[Member]:
        trees: list[_Tree] = []
        catalogs: list[int] = []
        for number in range(_FIRST_VOLUME, _FIRST_VOLUME + _VOLUMES):
            volume = self._source.read_at(number * _SECTOR, _SECTOR)
            if volume[1:6] != b"CD001" or volume[0] == _END or len(volume) < _SECTOR:
                break
            if volume[0] in {_PRIMARY, _SUPPLEMENTARY}:
                trees.append(_tree(volume))
            elif volume[0] == _BOOT and volume[7:30] == b"EL TORITO SPECIFICATION":
                catalogs.append(int.from_bytes(volume[71:75], "little"))
        if not trees:
            raise Incomplete(CORRUPT)
        # The tree with long names first: the names of the others are the same in eight letters.
        for tree in sorted(trees, key=self._rank):
            yield from self._walk(tree)
            self._is_again = True
        for catalog in catalogs:
            yield from self._boot(catalog)

    def _rank(self, tree: _Tree) -> int:
        if tree.is_joliet:
            return 1
        head = self._source.read_at(tree.root[0], 256)
        return 0 if b"SP\x07\x01\xbe\xef" in head else 2

    def _walk(self, tree: _Tree) -> Iterator[Member]:
        work: list[tuple[Extent, str, int]] = [(tree.root, "", 0)]
        while work:
            extent, path, depth = work.pop()
            if extent[0] in self._folders:
                continue
            self._folders.add(extent[0])
            inner: list[tuple[Extent, str, int]] = []
            for entry in self._entries(extent, tree):
                self._names.count()
                place = f"{path}/{entry.name}" if path else entry.name
                if not entry.is_folder:
                    yield from self._file(place, entry)
                    self._guard.check()
                elif depth < _DEPTH and len(inner) < self._guard.limits.members:
                    inner.append((entry.extents[0], place[:1000], depth + 1))
            work += reversed(inner)

    def _file(self, place: str, entry: _Entry) -> Iterator[Member]:
        size = sum(length for _, length in entry.extents)
        key = tuple(entry.extents)
        if key in self.seen if size else self._is_again:
            return
        self.seen.add(key)
        self._count += 1
        text = clean_name(place.encode("utf-8", "surrogateescape"))
        listed = Listed(text, size, size, position=self._count)
        yield collect((text,), runs(self._source, entry.extents, size, self._guard), self._guard, listed=listed)

    def _entries(self, extent: Extent, tree: _Tree) -> Iterator[_Entry]:
        """Yield the entries of a folder; one file's extents are one entry (ECMA-119, 9.1.6)."""
        start, length = extent
        pending: _Entry | None = None
        for record in _records(self._source, start, min(length, _FOLDER_BYTES), self._guard):
            entry = _entry(record, tree)
            if entry is None:
                continue
            if pending is not None:
                pending.extents += entry.extents
                entry = pending
            pending = entry if record[25] & _MORE else None
            if pending is None:
                yield entry
        if pending is not None:
            yield pending

    def _boot(self, catalog: int) -> Iterator[Member]:
        """Yield the boot images of a catalog; a size of 0 or 1 sectors is a loader whose real size nobody tells."""
        table = take(self._source, catalog * _SECTOR, _SECTOR, self._guard)
        if table[:1] != b"\x01" or table[30:32] != b"\x55\xaa":
            return
        for at in range(32, _SECTOR, 32):
            mark, media, count, start = table[at], table[at + 1] & 15, table[at + 6 : at + 8], table[at + 8 : at + 12]
            offset = int.from_bytes(start, "little") * _SECTOR
            if mark != 0x88 or not offset:
                continue
            size = {1: 1_228_800, 2: 1_474_560, 3: 2_949_120}.get(media, int.from_bytes(count, "little") * 512)
            yield from self._file("boot image", _Entry("", [(offset, size)], is_folder=False))
            self._guard.check()


def _tree(volume: bytes) -> _Tree:
    block = int.from_bytes(volume[128:130], "little")
    if block not in {512, 1024, 2048}:
        block = _SECTOR
    start, length = struct.unpack_from("<L4xL", volume, 156 + 2)
    is_joliet = volume[0] == _SUPPLEMENTARY and volume[88:91] in _JOLIET
    return _Tree(block, ((start + volume[157]) * block, length), is_joliet)


def _records(source: Source, start: int, length: int, guard: Guard) -> Iterator[bytes]:
    """Yield the directory records of a folder; none crosses a sector (ECMA-119, 6.8.1.1)."""
    for at in range(start, start + length, _PIECE):
        wanted = min(_PIECE, start + length - at)
        piece = source.read_at(at, wanted)
        guard.grew(len(piece))
        for sector in range(0, len(piece), _SECTOR):
            yield from _in_sector(piece[sector : sector + _SECTOR])
        if len(piece) < wanted:
            raise Incomplete("damaged: its list of members cannot be read")


def _in_sector(sector: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(sector) and sector[at] >= 34:
        record = sector[at : at + sector[at]]
        if len(record) == sector[at] and 33 + record[32] <= len(record):
            yield record
        at += sector[at]


def _entry(record: bytes, tree: _Tree) -> _Entry | None:
    """Return what a record says; None for the folder itself, the one above, and symbolic links."""
    identifier = record[33 : 33 + record[32]]
    is_folder = bool(record[25] & _FOLDER)
    if is_folder and identifier in {b"\x00", b"\x01"}:
        return None
    start, length = struct.unpack_from("<L4xL", record, 2)
    extent = ((start + record[1]) * tree.block, length)
    if tree.is_joliet:
        name = identifier.decode("utf-16-be", "replace")
    else:
        given, is_link = _rock_ridge(record[33 + len(identifier) + (len(identifier) + 1) % 2 :])
        if is_link and not length:
            return None
        name = clean_name(given or identifier)
    return _Entry(name if "\x00" in name or is_folder else name.rsplit(";", 1)[0], [extent], is_folder)


def _rock_ridge(fields: bytes) -> tuple[bytes, bool]:
    """Return the name in the NM fields of a record (RRIP 4.1.4), and whether it is a link (SL, 4.1.3)."""
    name = b""
    is_link = False
    at = 0
    while at + 4 <= len(fields) and fields[at + 2] >= 4:
        if fields[at : at + 2] == b"NM":
            name += fields[at + 5 : at + fields[at + 2]]
        is_link = is_link or fields[at : at + 2] == b"SL"
        at += fields[at + 2]
    return name, is_link
