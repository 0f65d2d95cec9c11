"""Compound files read whole and written anew: [MS-CFB] 9.0. Nothing is guessed: what is not sound is refused.

`engine/formats/ole.py` reads what it can of a broken one, to examine it; a document is only rewritten from a sound one.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STORAGE, STREAM, ROOT = 1, 2, 5
_END, _FREE, _TABLE, _MORE_TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
_NONE = 0xFFFFFFFF
_HEADER = struct.Struct("<8s16s5H6s9I")  # 2.2, up to the list of the table's sectors
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")  # 2.6.1
_IN_HEADER = 109
_SHIFTS = {3: 9, 4: 12}  # of sectors, by version
_MINI, _MINI_SHIFT, _CUTOFF = 64, 6, 4096
_MOST_ENTRIES = 64 * 1024
_DEPTH = 200


class NoCompound(ValueError):  # what it is, not an error of ours
    """It is no compound file that can be written again. The words say why."""


@dataclass(slots=True)
class Node:
    """A storage or a stream. name: UTF-16-LE without its end. facts: class, state and times, as they are stored."""

    name: bytes
    kind: int
    facts: tuple[bytes, int, int, int] = (bytes(16), 0, 0, 0)
    content: bytes = b""
    inside: list["Node"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The name as text, a character a code unit."""
        return "".join(map(chr, struct.unpack(f"<{len(self.name) // 2}H", self.name)))


@dataclass(slots=True)
class CompoundFile:
    """A whole compound file. version: 3 or 4, by which its sectors have 512 or 4096 bytes."""

    root: Node
    version: int = 3


def read(content: bytes) -> CompoundFile:
    """Return what is in a sound compound file. Raises NoCompound."""
    return _Reading(content).file()


class _Reading:
    def __init__(self, content: bytes) -> None:
        if len(content) < 1536 or not content.startswith(MAGIC):
            raise NoCompound("it is cut off")
        header = _HEADER.unpack_from(content)
        _, _, _, self._version, order, shift, mini_shift, _, *numbers = header
        _, tables, directory, _, cutoff, mini_start, _, more, _ = numbers
        if order != 0xFFFE or _SHIFTS.get(self._version) != shift or mini_shift != _MINI_SHIFT or cutoff != _CUTOFF:
            raise NoCompound("its header is damaged")
        self._bytes = 1 << shift
        self._content = content + bytes(-len(content) % self._bytes)
        self._count = len(self._content) // self._bytes - 1
        self._used, self._minis_used = bytearray(self._count), bytearray()
        self._table = self._numbers(self._tables(tables, more))
        self._entries = [_ENTRY.unpack_from(each) for each in self._directory(directory)]
        root = self._entries[0]
        if root[2] != ROOT:
            raise NoCompound("its list of streams is damaged")
        self._holder = self._stream(root[11], self._size(root)) if self._size(root) else b""
        self._minis_used = bytearray(len(self._holder) // _MINI + 1)
        self._mini_table = self._numbers(self._chain(mini_start) if mini_start < _TABLE - 1 else [])

    def file(self) -> CompoundFile:
        """Return it all."""
        seen = {0}
        root = self._node(0)
        waiting = [(root, self._entries[0][6], 0)]
        while waiting:
            holder, first, depth = waiting.pop()
            if depth > _DEPTH:
                raise NoCompound("its storages lie too deep in each other")
            for number in self._siblings(first, seen):
                node = self._node(number)
                holder.inside.append(node)
                if node.kind == STORAGE:
                    waiting.append((node, self._entries[number][6], depth + 1))
            if len({_order(node) for node in holder.inside}) < len(holder.inside):
                raise NoCompound("two streams have the same name")
        return CompoundFile(root, self._version)

    def _siblings(self, first: int, seen: set[int]) -> Iterator[int]:
        waiting = [first]
        while waiting:
            number = waiting.pop()
            if number == _NONE:
                continue
            if number in seen or number >= len(self._entries):
                raise NoCompound("its list of streams is damaged")
            seen.add(number)
            yield number
            waiting += [self._entries[number][4], self._entries[number][5]]

    def _node(self, number: int) -> Node:
        name, length, kind, *_, start, _ = entry = self._entries[number]
        if not 2 <= length <= 64 or length % 2 or (kind not in {STORAGE, STREAM} and number):
            raise NoCompound("its list of streams is damaged")
        content = self._stream(start, self._size(entry)) if kind == STREAM else b""
        return Node(name[: length - 2], kind, (entry[7], entry[8], entry[9], entry[10]), content)

    def _size(self, entry: tuple[int, ...]) -> int:
        return entry[12] if self._version > 3 else entry[12] & 0xFFFFFFFF

    def _stream(self, start: int, size: int) -> bytes:
        if not size:
            return b""
        if size > len(self._content):
            raise NoCompound("a stream is cut off")
        if size < _CUTOFF and self._minis_used:
            return self._mini_stream(start, size)
        wanted = -(-size // self._bytes)
        return b"".join(self._sector(number) for number in self._chain(start, wanted))[:size]

    def _mini_stream(self, start: int, size: int) -> bytes:
        pieces = []
        for _ in range(-(-size // _MINI)):
            piece = self._holder[start * _MINI : start * _MINI + _MINI]
            if start >= len(self._mini_table) or not piece:
                raise NoCompound("a stream is cut off")
            _use(self._minis_used, start)
            pieces.append(piece)
            start = self._mini_table[start]
        content = b"".join(pieces)
        if len(content) < size:
            raise NoCompound("a stream is cut off")
        return content[:size]

    def _chain(self, start: int, wanted: int | None = None) -> list[int]:
        """Return the sectors of a chain: all, or so many."""
        chain: list[int] = []
        while start < _TABLE - 1 if wanted is None else len(chain) < wanted:
            if start >= min(self._count, len(self._table)):
                raise NoCompound("a stream is cut off")
            _use(self._used, start)
            chain.append(start)
            start = self._table[start]
        return chain

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._bytes
        return self._content[at : at + self._bytes]

    def _numbers(self, sectors: list[int]) -> "array[int]":
        table = array("I", b"".join(self._sector(number) for number in sectors))
        if sys.byteorder == "big":
            table.byteswap()
        return table

    def _tables(self, count: int, more: int) -> list[int]:
        """Return the sectors of the table of sectors (2.5.1)."""
        listed = list(struct.unpack_from(f"<{_IN_HEADER}I", self._content, _HEADER.size))
        each = self._bytes // 4
        for _ in range(-(-(count - _IN_HEADER) // (each - 1)) if count > _IN_HEADER else 0):
            if more >= self._count:
                raise NoCompound("its table of sectors is damaged")
            *numbers, more = struct.unpack(f"<{each}I", self._sector(more))
            listed += numbers
            if len(listed) > self._count + _IN_HEADER + each:
                raise NoCompound("its table of sectors is damaged")
        if count > len(listed) or any(number >= self._count for number in listed[:count]):
            raise NoCompound("its table of sectors is damaged")
        return listed[:count]

    def _directory(self, start: int) -> Iterator[bytes]:
        chain = self._chain(start)
        if not chain or len(chain) * (self._bytes // _ENTRY.size) > _MOST_ENTRIES:
            raise NoCompound("its list of streams is damaged, or too long")
        for number in chain:
            sector = self._sector(number)
            for at in range(0, self._bytes, _ENTRY.size):
                yield sector[at : at + _ENTRY.size]


def _use(used: bytearray, number: int) -> None:
    """Mark a sector as one of a chain; no sector is in two, or twice in one that runs in a circle."""
    if used[number]:
        raise NoCompound("streams lie over each other")
    used[number] = 1


def write(file: CompoundFile) -> bytes:
    """Return the bytes of a compound file: its streams as they are, its tables new."""
    return _Writing(file).content()


class _Writing:
    def __init__(self, file: CompoundFile) -> None:
        self._version = file.version
        self._bytes = 1 << _SHIFTS[file.version]
        self._root = file.root
        self._sectors: list[bytes] = []
        self._table: list[int] = []
        self._minis: list[bytes] = []
        self._mini_table: list[int] = []
        self._entries: list[tuple[Node, list[int]]] = []  # with left, right, child, colour

    def content(self) -> bytes:
        """Return it all."""
        self._number(self._root)
        places = [self._place(node) for node, _ in self._entries]
        holder = b"".join(self._minis)
        places[0] = self._big(holder), len(holder)
        mini_start = self._big(_packed(self._mini_table, self._bytes))
        minis = -(-len(self._mini_table) * 4 // self._bytes)
        entries = b"".join(
            _entry(node, links, place) for (node, links), place in zip(self._entries, places, strict=True)
        )
        free = _ENTRY.pack(b"", 0, 0, 0, _NONE, _NONE, _NONE, bytes(16), 0, 0, 0, 0, 0)
        entries += free * (-len(entries) % self._bytes // _ENTRY.size)
        directory = self._big(entries)
        tables, more = self._finish()
        of_list = len(entries) // self._bytes if self._version > 3 else 0
        header = _HEADER.pack(
            MAGIC, bytes(16), 0x3E, self._version, 0xFFFE, _SHIFTS[self._version], _MINI_SHIFT, bytes(6),
            of_list, len(tables), directory, 0, _CUTOFF, mini_start, minis, more[0] if more else _END, len(more),
        )  # fmt: skip
        shown = [*tables[:_IN_HEADER], *[_FREE] * max(0, _IN_HEADER - len(tables))]
        header += struct.pack(f"<{_IN_HEADER}I", *shown)
        return b"".join([header.ljust(self._bytes, b"\x00"), *self._sectors])

    def _number(self, root: Node) -> None:
        """Give each node its number and its place in the tree of its storage (2.6.4)."""
        self._entries.append((root, [_NONE, _NONE, _NONE, 1]))
        waiting = [0]
        while waiting:
            holder = waiting.pop()
            first = len(self._entries)
            inside = sorted(self._entries[holder][0].inside, key=_order)
            if not inside:
                continue
            self._entries += [(node, [_NONE, _NONE, _NONE, 1]) for node in inside]
            self._entries[holder][1][2] = self._tree(first, first + len(inside))
            waiting += [first + at for at, node in enumerate(inside) if node.kind == STORAGE]

    def _tree(self, first: int, last: int) -> int:
        """Make a tree as shallow as can be of neighbours; those on its last, unfilled level are red, as rules ask."""
        count = last - first
        deepest = count.bit_length() - 1
        is_full = count & (count + 1) == 0
        top = first + count // 2
        waiting = [(first, last, 0)]
        while waiting:
            low, high, depth = waiting.pop()
            middle = low + (high - low) // 2
            links = self._entries[middle][1]
            links[3] = int(depth < deepest or is_full)
            for side, (begin, end) in enumerate(((low, middle), (middle + 1, high))):
                if begin < end:
                    links[side] = begin + (end - begin) // 2
                    waiting.append((begin, end, depth + 1))
        return top

    def _place(self, node: Node) -> tuple[int, int]:
        size = len(node.content)
        if node.kind != STREAM:
            return 0, 0
        if not size:
            return _END, 0
        return (self._big(node.content) if size >= _CUTOFF else self._small(node.content)), size

    def _small(self, content: bytes) -> int:
        first = len(self._minis)
        self._minis += [content[at : at + _MINI].ljust(_MINI, b"\x00") for at in range(0, len(content), _MINI)]
        self._mini_table += [*range(first + 1, len(self._minis)), _END]
        return first

    def _big(self, content: bytes) -> int:
        if not content:
            return _END
        first = len(self._sectors)
        self._sectors += [
            content[at : at + self._bytes].ljust(self._bytes, b"\x00") for at in range(0, len(content), self._bytes)
        ]
        self._table += [*range(first + 1, len(self._sectors)), _END]
        return first

    def _finish(self) -> tuple[list[int], list[int]]:
        """Write the table of sectors behind all, and the list of its own sectors; return where both are."""
        each = self._bytes // 4
        used, count, more = len(self._sectors), 0, 0
        while count * each < used + count + more:
            count += 1
            more = -(-max(0, count - _IN_HEADER) // (each - 1))
        tables = list(range(used, used + count))
        lists = list(range(used + count, used + count + more))
        table = _packed([*self._table, *[_TABLE] * count, *[_MORE_TABLE] * more], self._bytes)
        self._sectors += [table[at : at + self._bytes] for at in range(0, len(table), self._bytes)]
        for at, following in enumerate([*lists[1:], _END][: len(lists)]):
            begin = _IN_HEADER + at * (each - 1)
            part = tables[begin : begin + each - 1]
            part += [_FREE] * (each - 1 - len(part))
            self._sectors.append(struct.pack(f"<{each}I", *part, following))
        return tables, lists


def _packed(numbers: list[int], sector: int) -> bytes:
    filled = numbers + [_FREE] * (-len(numbers) % (sector // 4))
    return struct.pack(f"<{len(filled)}I", *filled)


def _entry(node: Node, links: list[int], place: tuple[int, int]) -> bytes:
    left, right, child, colour = links
    return _ENTRY.pack(node.name, len(node.name) + 2, node.kind, colour, left, right, child, *node.facts, *place)


def _order(node: Node) -> tuple[int, tuple[str, ...]]:
    """Return by what names are ordered: the shorter first, then by code units in capitals (2.6.4)."""
    return len(node.name), tuple(capital if len(capital := unit.upper()) == 1 else unit for unit in node.text)
