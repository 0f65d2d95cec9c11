"""Small updates of a set's files: how the new file is made from the old one and what was published for it.

There are four forms. A `whole` file is one zstd frame. A `patch` is a zstd frame too, with the old file as its prefix.
An `index` is told in `index_delta`. A `table`, for the digests of `engine.hashes`, is a zstd frame of what changed, all
numbers u32 and little-endian:

    "GARDELTA", then the lengths in bytes of the parts that follow
    foot      the foot of the new file
    lists     its lists
    copies    begin and length in the old names, and length of what follows them from the new names: the names of the
              new table are, for each of these in turn, that part of the old names and that much of the new ones
    names     the new names
    removed   places of the records in the old table that go away: each the distance from the one before
    added     places of new records in the new table, likewise
    digests, sizes, threats    their columns
    moved, moved_threats       places of records in the new table whose threat lies elsewhere than the copies say

Index and size map follow from the records. What is made is compared with its digest by the caller: nothing here has to
be believed. Whatever a delta says, making its file takes memory and time in proportion to the published size.
"""

import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

import hyperscan
from backports import zstd

from garrison.abilities.databases.index_delta import prefix_and_frame, put_together
from garrison.base.errors import Failed
from garrison.engine.hashes import ALGORITHMS, ANY_SIZE, FOOT, MAGIC, PLACES, Parts, read_parts
from garrison.engine.patterns.layout import atoms_file
from garrison.engine.patterns.writer import recompiled
from garrison.engine.set_files import TABLES, table_file

DELTA_MAGIC: Final = b"GARDELTA"
PARTS: Final = (
    "foot",
    "lists",
    "copies",
    "names",
    "removed",
    "added",
    "digests",
    "sizes",
    "threats",
    "moved",
    "moved_threats",
)
SAME: Final = "same"  # the old file, as it is
WHOLE: Final = "whole"
PATCH: Final = "patch"
TABLE: Final = "table"
INDEXED: Final = "index"
DERIVED: Final = "derived"  # compiled from the new index of patterns
FORMS: Final = (SAME, WHOLE, PATCH, TABLE, INDEXED)
MOST_BYTES: Final = 2**31 - 1  # of a file: the window of a patch reaches as far
_HEADER: Final = struct.Struct(f"<8s{len(PARTS)}L")
_TABLE_ALGORITHMS = {table_file(table, algorithm): algorithm for table in TABLES for algorithm in ALGORITHMS}
_TARGETS = {atoms_file(target): target for target in range(256)}
_PIECE = 1024 * 1024
_AT_ONCE = 1 << 16  # records: numbers of Python's take much room
_SLACK = 1024 * 1024  # a table's delta may be larger than the table by so much
_PLAIN_WINDOW = 27
_PATCH_WINDOW = 31
_MASK = 0xFFFFFFFF


def algorithm_of(name: str) -> str:
    """Return the algorithm of a file that is a table of digests, "" for any other."""
    return _TABLE_ALGORITHMS.get(name, "")


def derived(name: str, index: memoryview) -> bytes:
    """Return the compiled atoms of patterns, made from the index of the same set.

    Another kind of processor, or of Vectorscan, makes others than the publisher has. Raises Failed.
    """
    try:
        return recompiled(index, _TARGETS[name])
    except (*_DAMAGE, hyperscan.error) as error:
        raise _damaged(name) from error


def is_derivable(name: str) -> bool:
    """Return whether a file can be made from the index of patterns."""
    return name in _TARGETS


def pieces_of(form: str, name: str, old: memoryview, content: bytes, size: int) -> Iterator[bytes | bytearray]:
    """Yield the new file. form: of FORMS, but for SAME. old: the file before, of no account for a whole one.

    content: what was published. size: of the new file in bytes; no more is made. Raises Failed.
    """
    if not 0 < size <= MOST_BYTES or form not in FORMS:
        raise _damaged(name)
    try:
        if form == TABLE:
            yield from _table(algorithm_of(name), old, _unpacked(content, size + _SLACK), size)
        elif form == INDEXED:
            prefix, frame = prefix_and_frame(old, content)
            yield put_together(b"".join(_frames(frame, size, zstd.ZstdDict(prefix, is_raw=True))))
        else:
            yield from _frames(content, size, zstd.ZstdDict(old, is_raw=True) if form == PATCH else None)
    except _DAMAGE as error:
        raise _damaged(name) from error


_DAMAGE = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
    zstd.ZstdError,
)


def _damaged(name: str) -> Failed:
    return Failed(f"What was published for {name} does not fit the databases that are here.")


def _frames(content: bytes, size: int, prefix: zstd.ZstdDict | None) -> Iterator[bytes]:
    """Unpack one frame, which has to bring so many bytes and no more."""
    window = _PLAIN_WINDOW if prefix is None else _PATCH_WINDOW
    unpacker = zstd.ZstdDecompressor(
        None if prefix is None else prefix.as_prefix, {zstd.DecompressionParameter.window_log_max: window}
    )
    left, packed = size, content
    while not unpacker.eof:
        piece = unpacker.decompress(packed, min(_PIECE, left + 1))
        packed = b""
        left -= len(piece)
        if left < 0 or (not piece and unpacker.needs_input):
            raise ValueError("it has another size")
        yield piece
    if left or unpacker.unused_data:
        raise ValueError("it has another size")


def _unpacked(content: bytes, most: int) -> bytes:
    told = zstd.get_frame_info(content).decompressed_size
    if told is None or told > most:
        raise ValueError("it is larger than what it makes")
    return b"".join(_frames(content, told, None))


def _read(delta: bytes) -> dict[str, memoryview]:
    magic, *lengths = _HEADER.unpack_from(delta)
    if magic != DELTA_MAGIC or _HEADER.size + sum(lengths) != len(delta):
        raise ValueError("no such delta")
    ends = list(accumulate(lengths, initial=_HEADER.size))
    return {name: memoryview(delta)[start:end] for name, (start, end) in zip(PARTS, pairwise(ends), strict=True)}


def numbers(part: memoryview | bytes) -> "array[int]":
    """Return a column of numbers, little-endian as in the files. Raises ValueError."""
    found = array("I")
    found.frombytes(part)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _table(algorithm: str, old: memoryview, delta: bytes, size: int) -> Iterator[bytes | bytearray]:
    """Yield a table of digests."""
    length = ALGORITHMS[algorithm]
    was = read_parts(length, old)
    told = _read(delta)
    index, sizes, threats, lists, count, bits, size_bits, *_ = FOOT.unpack(told["foot"])
    copies = numbers(told["copies"])
    records = _records(length, was, told, copies)
    is_sound = (
        len(records) == count * (length + PLACES.size)
        and len(MAGIC) + len(records) == index
        and bits <= 24
        and index + 4 * ((1 << bits) + 1) == sizes
        and sizes + size_bits // 8 == threats
        and size_bits >= 64
        and not size_bits & (size_bits - 1)
        and threats <= lists
        and lists + len(told["lists"]) + FOOT.size == size
    )
    if not is_sound:
        raise ValueError("its parts do not fit")
    words = array("I")
    words.frombytes(records)
    yield MAGIC
    yield records
    yield _index(words[:: (length + PLACES.size) // 4], bits)
    yield _size_map(words[length // 4 :: (length + PLACES.size) // 4], size_bits)
    yield from _names(was.threats, told["names"], copies, lists - threats)
    yield bytes(told["lists"])
    yield bytes(told["foot"])


def _names(old: memoryview, new: memoryview, copies: "array[int]", most: int) -> Iterator[bytes]:
    """Yield the names, as the copies say; not more than are to come."""
    if sum(copies[1::3]) + sum(copies[2::3]) != most or sum(copies[2::3]) != len(new):
        raise ValueError("the names do not fit")
    at = 0
    for begin, copied, added in _triples(copies):
        yield bytes(old[begin : begin + copied])
        yield bytes(new[at : at + added])
        at += added


def _triples(copies: Sequence[int]) -> Iterable[tuple[int, int, int]]:
    return zip(copies[::3], copies[1::3], copies[2::3], strict=True)


def follow(copies: Sequence[int]) -> Callable[[Sequence[int]], list[int]]:
    """Return what maps places in the old names to where the copies bring them.

    copies: begin, copied, added, in turn. A place that no copy holds is mapped all the same, to a place that is no use.
    """
    found: dict[int, int] = {}
    at = 0
    for begin, copied, added in _triples(copies):
        if copied:
            found.setdefault(begin, at - begin)
        at += copied + added
    starts = sorted(found)
    shifts = [0, *(found[start] for start in starts)]
    if not any(shifts):
        return list
    return lambda places: [(place + shifts[bisect_right(starts, place)]) & _MASK for place in places]


def follow_records(length: int, records: bytes | memoryview, copies: Sequence[int]) -> bytes:
    """Return records of a table whose threats lie where the copies bring them. length: of a digest."""
    words = array("I")
    words.frombytes(records)
    step = (length + PLACES.size) // 4
    mapped = follow(copies)
    for start in range(step - 1, len(words), step * _AT_ONCE):
        end = min(start + step * _AT_ONCE, len(words))
        words[start:end:step] = _swapped(array("I", mapped(_swapped(words[start:end:step]))))
    return words.tobytes()


def _swapped(column: "array[int]") -> "array[int]":
    """Turn big-endian numbers into this machine's, and back."""
    if sys.byteorder == "little":
        column.byteswap()
    return column


def _records(length: int, was: Parts, told: dict[str, memoryview], copies: "array[int]") -> bytearray:
    """Return the records of the new table."""
    step = length + PLACES.size
    kept = b"".join(_without(follow_records(length, was.records, copies), step, numbers(told["removed"])))
    records = bytearray().join(_with(kept, step, numbers(told["added"]), _rows(length, told)))
    view = memoryview(records)
    for place, threat in _paired(told):
        at = (place + 1) * step - 4
        view[at : at + 4] = threat
    view.release()
    return records


def _paired(told: dict[str, memoryview]) -> Iterator[tuple[int, memoryview]]:
    threats = told["moved_threats"]
    places = list(accumulate(numbers(told["moved"])))
    if len(threats) != 4 * len(places):
        raise ValueError("the columns do not fit")
    for number, place in enumerate(places):
        yield place, threats[4 * number : 4 * number + 4]


def _without(records: bytes, step: int, gaps: "array[int]") -> Iterator[bytes]:
    at = 0
    for place in accumulate(gaps):
        if place * step < at:
            raise ValueError("a record goes away twice")
        yield records[at : place * step]
        at = (place + 1) * step
    if at > len(records):
        raise ValueError("there are fewer records")
    yield records[at:]


def _with(kept: bytes, step: int, gaps: "array[int]", rows: list[bytes]) -> Iterator[bytes]:
    """Yield the kept records with new rows at their places."""
    at = 0
    if len(gaps) != len(rows):
        raise ValueError("the columns do not fit")
    for number, (place, row) in enumerate(zip(accumulate(gaps), rows, strict=True)):
        end = (place - number) * step
        if not at <= end <= len(kept):
            raise ValueError("a record has no place")
        yield kept[at:end]
        yield row
        at = end
    yield kept[at:]


def _rows(length: int, told: dict[str, memoryview]) -> list[bytes]:
    digests, sizes, threats = told["digests"], told["sizes"], told["threats"]
    count = len(sizes) // 4
    if len(digests) != count * length or len(threats) != 4 * count or len(sizes) % 4:
        raise ValueError("the columns do not fit")
    return [
        bytes(digests[length * number : length * (number + 1)])
        + bytes(sizes[4 * number : 4 * number + 4])
        + bytes(threats[4 * number : 4 * number + 4])
        for number in range(count)
    ]


def _index(first: "array[int]", bits: int) -> bytes:
    """Return the index of sorted records. first: the first word of each, as it lies there."""
    column = _swapped(first)
    index = array("I", bytes(4))
    at = 0
    for bucket in range(1, 1 << bits):
        at = bisect_left(column, bucket << (32 - bits), at)
        index.append(at)
    index.append(len(column))
    if sys.byteorder == "big":
        index.byteswap()
    return index.tobytes()


def _size_map(sizes: "array[int]", bits: int) -> bytes:
    found = bytearray(bits // 8)
    for at in {size & (bits - 1) for size in set(_swapped(sizes)) if size != ANY_SIZE}:
        found[at >> 3] |= 1 << (at & 7)
    return bytes(found)
