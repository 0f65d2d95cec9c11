"""Compound files, which hold old Office documents, MSI packages and Outlook's mails: [MS-CFB] 9.0.

`Compound` reads one; the opener that tells what its streams mean is in `ole_streams.py`.
"""

import codecs
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.source import Source

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAM, _ROOT = 2, 5
_ENTRY_BYTES = 128
_MOST_ENTRIES = 64 * 1024
_MINI_CUTOFF = 4096
_PIECE_BYTES = 256 * 1024
_PATH_CHARS = 900


def wide(content: bytes) -> str:
    """Return little-endian UTF-16 as text. `bytes.decode` would load the codec from a file, which a worker cannot."""
    return codecs.utf_16_le_decode(content, "replace", True)[0]


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream. path: its storages and its name, with slashes. start: its first sector; size: bytes it says to have."""

    path: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class Compound:
    """A compound file. is_sound: whether its header and list of streams could be read.

    Chains that run in circles end where they have as many sectors as the file. Raises OSError.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        header = source.read_at(0, 512).ljust(512, b"\x00")
        shift, mini_shift = struct.unpack_from("<HH", header, 30)
        self._shift = shift if 7 <= shift <= 16 else 9
        self._mini_shift = mini_shift if 3 <= mini_shift < self._shift else 6
        self._sectors = max(0, (source.size - 1 >> self._shift))  # the header takes the place of one
        self._wide = struct.unpack_from("<H", header, 26)[0] >= 4
        cutoff = struct.unpack_from("<I", header, 56)[0]
        self._cutoff = cutoff if 0 < cutoff <= 1 << 20 else _MINI_CUTOFF
        self._table = self._numbers(self._table_sectors(header))
        directory_start, mini_start = struct.unpack_from("<I8xI", header, 48)
        self._entries = self._directory(directory_start)
        self.is_sound = bool(self._entries) and header.startswith(MAGIC)
        root = self._entries[0] if self._entries else None
        self._mini_holder = self._chain(root.start, self._sectors) if root else array("I")
        self._mini_table = self._numbers(self._chain(mini_start, self._sectors))
        self._by_path: dict[str, Stream] = {}
        self._list()

    def streams(self) -> list[Stream]:
        """Return the streams, in the order of their names; of several in one place the first."""
        return list(self._by_path.values())

    def read(self, path: str, most: int = 1 << 20) -> bytes:
        """Return the first `most` bytes of a stream, as far as they are there; b"" for no stream. Raises OSError."""
        stream = self._by_path.get(path)
        if stream is None:
            return b""
        kept: list[bytes] = []
        for piece in self.pieces(stream):
            kept.append(piece)
            most -= len(piece)
            if most <= 0:
                break
        content = b"".join(kept)
        return content[:most] if most < 0 else content

    def pieces(self, stream: Stream) -> Iterator[bytes]:
        """Yield a stream in pieces; less than its size when its chain or the file ends. Raises OSError."""
        is_mini = stream.size < self._cutoff
        shift = self._mini_shift if is_mini else self._shift
        table = self._mini_table if is_mini else self._table
        left = stream.size
        for start, count in self._runs(stream.start, table, (left + (1 << shift) - 1) >> shift, shift):
            for offset, length in self._places(start, min(count << shift, left), is_mini=is_mini):
                piece = self._source.read_at(offset, length)
                left -= len(piece)
                yield piece
                if len(piece) < length:
                    return

    def _places(self, start: int, length: int, *, is_mini: bool) -> Iterator[tuple[int, int]]:
        """Yield where in the file a run of sectors lies: offset and length."""
        if not is_mini:
            yield (start + 1) << self._shift, length
            return
        at = start << self._mini_shift  # a place in the stream that holds all the small ones
        while length > 0:
            number, within = at >> self._shift, at & ((1 << self._shift) - 1)
            if number >= len(self._mini_holder):
                return
            part = min(length, (1 << self._shift) - within)
            yield ((self._mini_holder[number] + 1) << self._shift) + within, part
            at += part
            length -= part

    def _runs(self, sector: int, table: "array[int]", most: int, shift: int) -> Iterator[tuple[int, int]]:
        """Yield the runs of neighbours in a chain: first sector and count, of a piece's size at most."""
        longest = _PIECE_BYTES >> shift
        most = min(most, len(table), (self._source.size >> shift) + 1)
        while most > 0 and sector < len(table):
            first, count = sector, 1
            sector = table[sector]
            while count < longest and count < most and sector == first + count and sector < len(table):
                sector = table[sector]
                count += 1
            most -= count
            yield first, count

    def _chain(self, sector: int, most: int) -> "array[int]":
        """Return the sectors of a chain; a circle ends after as many as the file has."""
        chain = array("I")
        for start, count in self._runs(sector, self._table, most, self._shift):
            chain.extend(range(start, start + count))
        return chain

    def _numbers(self, sectors: "array[int]") -> "array[int]":
        """Return all numbers in some sectors."""
        table = array("I")
        for sector in sectors:
            content = self._source.read_at((sector + 1) << self._shift, 1 << self._shift)
            table.frombytes(content[: len(content) // 4 * 4])
            if len(content) < 1 << self._shift:
                break
        if sys.byteorder == "big":
            table.byteswap()
        return table

    def _table_sectors(self, header: bytes) -> "array[int]":
        """Return where the sector table is (2.2, 2.5): no more of it than the file has sectors."""
        found = array("I")
        most = (self._sectors >> (self._shift - 2)) + 1
        self._take(struct.unpack_from("<109I", header, 76), found, most)
        (sector,) = struct.unpack_from("<I", header, 68)
        for _ in range(most):
            if sector >= self._sectors or len(found) >= most:
                break
            content = self._source.read_at((sector + 1) << self._shift, 1 << self._shift)
            if len(content) < 8:
                break
            numbers = struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])
            self._take(numbers[:-1], found, most)
            sector = numbers[-1]
        return found

    def _take(self, numbers: tuple[int, ...], found: "array[int]", most: int) -> None:
        for number in numbers:
            if number < self._sectors and len(found) < most:
                found.append(number)

    def _directory(self, start: int) -> list[_Entry]:
        """Return the list's entries (2.6.1)."""
        entries: list[_Entry] = []
        per_sector = max(1, (1 << self._shift) // _ENTRY_BYTES)
        for sector in self._chain(start, min(self._sectors, _MOST_ENTRIES // per_sector)):
            content = self._source.read_at((sector + 1) << self._shift, 1 << self._shift)
            entries.extend(
                self._entry(content[at : at + _ENTRY_BYTES])
                for at in range(0, len(content) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
            )
        return entries

    def _entry(self, content: bytes) -> _Entry:
        length, kind, _, left, right, child = struct.unpack_from("<HBBIII", content, 64)
        start, size = struct.unpack_from("<IQ", content, 116)
        name = wide(content[: max(0, min(length, 64) - 2)])
        return _Entry(name, kind, left, right, child, start, size if self._wide else size & 0xFFFFFFFF)

    def _list(self) -> None:
        """Give every entry its path: first what the tree of names reaches, then what it does not."""
        seen: set[int] = set()
        starts: set[tuple[int, bool]] = set()
        waiting = [(0, "")] if self._entries else []
        while waiting:
            number, folder = waiting.pop()
            if number in seen or number >= len(self._entries):
                continue
            seen.add(number)
            entry = self._entries[number]
            is_root = entry.kind == _ROOT and number == 0
            path = folder if is_root else f"{folder}{entry.name}"[-_PATH_CHARS:]
            inside = path if is_root else f"{path}/"
            # The last in is the first out: what is left of an entry comes before it, as in any sorted list.
            waiting += [(entry.right, folder), (entry.child, inside), (entry.left, folder)]
            self._add(entry, path, starts)
        for number, entry in enumerate(self._entries):
            if number not in seen:
                self._add(entry, entry.name, starts)

    def _add(self, entry: _Entry, path: str, starts: set[tuple[int, bool]]) -> None:
        place = (entry.start, entry.size < self._cutoff)
        if entry.kind != _STREAM or not entry.size or place in starts:
            return
        starts.add(place)
        if path in self._by_path:
            path = f"{path}~{len(self._by_path)}"
        self._by_path[path] = Stream(path, entry.start, entry.size)
