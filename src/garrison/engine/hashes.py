"""Tables of digests: their file, and lookups in it where it lies in a memory map.

The file, all numbers little-endian unless told otherwise:

    0   8 bytes  "GARHASH2"
        records, sorted: digest, size (u32 big-endian, all ones: any), place of the threat (u32 big-endian)
        index: u32 for each bucket and one more; bucket B's records are those from INDEX[B] up to INDEX[B + 1]. A
               bucket is the leading bits of the digest.
        size map: bit SIZE mod BITS is set for every size of a record
        threats: number of the list (u16), length (u16), name in UTF-8
        lists: JSON [[kind, list], ...] in ASCII
        foot (64 bytes): places of the index, size map, threats, lists (u64 each); number of records, bits of a bucket,
               bits of the size map, 1 when a record has no size, length of a digest (u32 each); u32 0; "GARHASH2"

Opening parses the foot and the lists, nothing that grows with the number of records. Whatever a damaged file says, a
lookup stays inside it and ends.
"""

import json
import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from garrison.base.errors import Failed
from garrison.engine.verdict import Kind

ALGORITHMS: Final = {"md5": 16, "sha1": 20, "sha256": 32}
MAGIC: Final = b"GARHASH2"
FOOT: Final = struct.Struct("<QQQQLLLLLL8s")
PLACES: Final = struct.Struct(">LL")
NAME: Final = struct.Struct("<HH")
ANY_SIZE: Final = 0xFFFFFFFF
_PAIR = struct.Struct("<LL")
_MOST_BUCKET_BITS = 24
_SMALLEST_MAP = 64


class Skipped(NamedTuple):
    """Something that is not in the set. where: the source and line. what: the rule or line. why: a sentence."""

    where: str
    what: str
    why: str


class Threat(NamedTuple):
    """What a record stands for: the threat's name and kind, and the list that says so."""

    name: str
    kind: Kind
    listed_in: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of such a file lie. count: of records. bits: of a bucket. size_bits: of the size map."""

    count: int
    bits: int
    size_bits: int
    has_any: bool
    records: memoryview
    index: memoryview
    sizes: memoryview
    threats: memoryview
    lists: memoryview


def read_parts(length: int, view: memoryview) -> Parts:
    """Return the parts of a file with digests of this length. Raises ValueError or struct.error when it is none."""
    end = len(view) - FOOT.size
    if end < len(MAGIC) or bytes(view[: len(MAGIC)]) != MAGIC:
        raise ValueError("no such file")
    index, sizes, threats, lists, count, bits, size_bits, has_any, told, _, magic = FOOT.unpack_from(view, end)
    is_sound = (
        magic == MAGIC
        and told == length
        and bits <= _MOST_BUCKET_BITS
        and len(MAGIC) + count * (length + PLACES.size) == index
        and index + 4 * ((1 << bits) + 1) == sizes
        and sizes + size_bits // 8 == threats
        and threats <= lists <= end
        and size_bits >= _SMALLEST_MAP
        and not size_bits & (size_bits - 1)
    )
    if not is_sound:
        raise ValueError("its parts do not fit")
    return Parts(
        count,
        bits,
        size_bits,
        bool(has_any),
        view[len(MAGIC) : index],
        view[index:sizes],
        view[sizes:threats],
        view[threats:lists],
        view[lists:end],
    )


class HashTable:
    """One file of digests, looked up in a memory map.

    algorithm: of ALGORITHMS. view: the whole file. count: of records. Raises Failed when it is no such file.
    """

    def __init__(self, algorithm: str, view: memoryview) -> None:
        self.algorithm = algorithm
        self._length = ALGORITHMS[algorithm]
        self._record = self._length + PLACES.size
        try:
            self._open(view)
        except (struct.error, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Failed(
                "The list of {algorithm} digests is damaged.",
                "Update the databases.",
                "updates.check",
                algorithm=algorithm,
            ) from error

    def _open(self, view: memoryview) -> None:
        parts = read_parts(self._length, view)
        self.count = parts.count
        self._lists = [(Kind(kind), str(name)) for kind, name in json.loads(bytes(parts.lists))]
        self._has_any = parts.has_any
        self._shift = 32 - parts.bits
        self._mask = parts.size_bits - 1
        self._records = parts.records
        self._index = parts.index
        self._sizes = parts.sizes
        self._threats = parts.threats

    def wants(self, size: int) -> bool:
        """Return whether an object of this size in bytes may be listed, so that it is worth hashing."""
        if self._has_any:
            return True
        at = size & self._mask
        return bool(self._sizes[at >> 3] >> (at & 7) & 1)

    def find(self, digest: bytes, size: int | None) -> Threat | None:
        """Return the threat that is listed with this digest and size (None: whatever its size), or None."""
        bucket = int.from_bytes(digest[:4], "big") >> self._shift
        start, end = _PAIR.unpack_from(self._index, 4 * bucket)
        if start == end:
            return None
        record = self._record
        area = bytes(self._records[start * record : end * record])
        at = area.find(digest)
        while at >= 0:
            if at % record == 0:
                listed, place = PLACES.unpack_from(area, at + self._length)
                if size is None or listed in {size, ANY_SIZE}:
                    return self._threat(place)
            at = area.find(digest, at + 1)
        return None

    def _threat(self, place: int) -> Threat:
        try:
            number, length = NAME.unpack_from(self._threats, place)
            kind, listed_in = self._lists[number]
        except (struct.error, IndexError):
            return Threat("Unnamed", Kind.TROJAN, "a damaged list")
        start = place + NAME.size
        return Threat(bytes(self._threats[start : start + length]).decode("utf-8", "replace"), kind, listed_in)

    def close(self) -> None:
        """Let go of the memory map."""
        for view in (self._records, self._index, self._sizes, self._threats):
            view.release()
