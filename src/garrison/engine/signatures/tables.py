"""Tables of digests as they are built: any number of records in bounded memory, and the same bytes for the same input.

Records are parted by the first byte of their digest, so that one part at a time is sorted in memory. Full blocks of a
part lie in a nameless file until then.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO
from zlib import crc32

from garrison.engine.hashes import ALGORITHMS, ANY_SIZE, FOOT, MAGIC, NAME, PLACES
from garrison.engine.signatures.spool import Scratch, Spool
from garrison.engine.verdict import Kind

_PARTS = 256
_BLOCK = 32 * 1024  # a part is written out when it has so many bytes
_REMEMBERED = 1 << 16  # names, so that the same one in the next line takes no room
_MAP_BYTES = 1 << 22
_BITS_PER_SIZE = 64
_RECORDS_PER_BUCKET = 8
_MOST_BUCKET_BITS = 20
_MOST_LISTS = 0xFFFF
_MOST_NAMES = 0xFFFFFFFF

Doubled = Callable[[str, bytes, str], None]


class TableWriter:
    """Gathers the records of one table. algorithm: of ALGORITHMS. added: records so far, with those that come twice."""

    def __init__(self, algorithm: str, scratch: Scratch) -> None:
        self.added = 0
        self._length = ALGORITHMS[algorithm]
        self._record = self._length + PLACES.size
        self._parts = [bytearray() for _ in range(_PARTS)]
        self._blocks: list[list[tuple[int, int]]] = [[] for _ in range(_PARTS)]
        self._spilled = Spool(scratch)
        self._names = Spool(scratch)
        self._remembered: list[tuple[int, bytes, int] | None] = [None] * _REMEMBERED
        self._lists: dict[tuple[Kind, str], int] = {}
        self._sizes = bytearray(_MAP_BYTES)
        self._has_any = False

    def add(self, digest: bytes, size: int, name: bytes, kind: Kind, source: str) -> None:
        """Take a record. size: in bytes, or ANY_SIZE. name: in UTF-8. source: the list's name.

        Raises ValueError when the table is full.
        """
        record = digest + PLACES.pack(size, self._place(name, kind, source))
        part = self._parts[digest[0]]
        part += record
        if len(part) >= _BLOCK:
            self._blocks[digest[0]].append((self._spilled.append(bytes(part)), len(part)))
            part.clear()
        if size == ANY_SIZE:
            self._has_any = True
        else:
            at = size & (_MAP_BYTES * 8 - 1)
            self._sizes[at >> 3] |= 1 << (at & 7)
        self.added += 1

    def _place(self, name: bytes, kind: Kind, source: str) -> int:
        number = self._lists.setdefault((kind, source), len(self._lists))
        slot = crc32(name) % _REMEMBERED  # so that a few other names elsewhere change little, and updates are small
        known = self._remembered[slot]
        if known is not None and known[1] == name and known[0] == number:
            return known[2]
        if number > _MOST_LISTS or self._names.size > _MOST_NAMES:
            raise ValueError("there are too many names")
        place = self._names.append(NAME.pack(number, len(name)) + name)
        self._remembered[slot] = (number, name, place)
        return place

    def write(self, file: BinaryIO, doubled: Doubled) -> int:
        """Write the table, and return how many records it has.

        doubled: is told of each digest that comes again under another name: the list, the digest, the name.
        """
        file.write(MAGIC)
        bits = _bucket_bits(self.added)
        index = [0] * ((1 << bits) + 1)
        count = self._write_records(file, doubled, index, bits)
        parts: list[Iterable[bytes]] = [_packed(index), [_folded(self._sizes)], self._names.pieces(), [self._listed()]]
        places, at = [], len(MAGIC) + count * self._record
        for part in parts:
            places.append(at)
            at += _write_all(file, part)
        size_bits = (places[2] - places[1]) * 8
        file.write(FOOT.pack(*places, count, bits, size_bits, self._has_any, self._length, 0, MAGIC))
        return count

    def _write_records(self, file: BinaryIO, doubled: Doubled, index: list[int], bits: int) -> int:
        """Write the records, count them, and fill the index: INDEX[B] is where bucket B begins."""
        for number in range(_PARTS):
            records = list(self._once(self._sorted(number), doubled))
            file.write(b"".join(records))
            for record in records:
                index[(int.from_bytes(record[:4], "big") >> (32 - bits)) + 1] += 1
        total = 0
        for bucket, there in enumerate(index):
            total += there
            index[bucket] = total
        return total

    def _listed(self) -> bytes:
        lists = [[kind, name] for kind, name in self._lists]
        return json.dumps(lists, ensure_ascii=True, separators=(",", ":")).encode("ascii")

    def _sorted(self, number: int) -> list[bytes]:
        blocks = [self._spilled.read(at, length) for at, length in self._blocks[number]]
        part = b"".join((*blocks, bytes(self._parts[number])))
        return sorted(part[at : at + self._record] for at in range(0, len(part), self._record))

    def _once(self, records: list[bytes], doubled: Doubled) -> Iterator[bytes]:
        """Yield the first of each digest and size."""
        last = b""
        for record in records:
            if record[:-4] != last[:-4]:
                last = record
                yield record
            elif record != last:
                self._tell(last, record, doubled)

    def _tell(self, first: bytes, again: bytes, doubled: Doubled) -> None:
        source, name = self._name(again)
        if name != self._name(first)[1]:
            doubled(source, again[: self._length], name)

    def _name(self, record: bytes) -> tuple[str, str]:
        place = int.from_bytes(record[-4:], "big")
        number, length = NAME.unpack(self._names.read(place, NAME.size))
        name = self._names.read(place + NAME.size, length).decode("utf-8", "replace")
        return list(self._lists)[number][1], name

    def close(self) -> None:
        """Let go of what lies in files."""
        self._spilled.close()
        self._names.close()


def _packed(index: list[int]) -> Iterator[bytes]:
    for at in range(0, len(index), 1 << 16):
        part = index[at : at + (1 << 16)]
        yield struct.pack(f"<{len(part)}L", *part)


def _write_all(file: BinaryIO, pieces: Iterable[bytes]) -> int:
    size = 0
    for piece in pieces:
        file.write(piece)
        size += len(piece)
    return size


def _bucket_bits(count: int) -> int:
    return min(max(count // _RECORDS_PER_BUCKET, 1).bit_length() - 1, _MOST_BUCKET_BITS)


def _folded(sizes: bytearray) -> bytes:
    """Return the smallest map that says as much: most of its bits stay empty."""
    whole = int.from_bytes(sizes, "little")
    wanted = whole.bit_count() * _BITS_PER_SIZE
    bits = len(sizes) * 8
    while bits > 64 and bits // 2 >= wanted:
        bits //= 2
        whole = (whole & ((1 << bits) - 1)) | (whole >> bits)
    return whole.to_bytes(bits // 8, "little")
