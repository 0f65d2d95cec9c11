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
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

from backports import zstd

from garrison.abilities.databases.index_delta import prefix_and_frame, put_together
from garrison.abilities.databases.table_records import Change, as_it_lies, numbers, swapped
from garrison.base.errors import Failed
from garrison.engine.hashes import ALGORITHMS, FOOT, MAGIC, PLACES, read_parts
from garrison.engine.patterns.layout import atoms_file
from garrison.engine.set_files import TABLES, table_file

Piece = bytes | bytearray | memoryview
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
ATOMS: Final = atoms_file(0).removesuffix("0.bin")  # what the files begin with that can be DERIVED
_PIECE = 1024 * 1024
_AT_ONCE = 1 << 16  # records: numbers of Python's take much room
_SLACK = 1024 * 1024  # a table's delta may be larger than the table by so much
_PLAIN_WINDOW = 27
_PATCH_WINDOW = 31
_MASK = 0xFFFFFFFF
_BLOCK_BITS = 6  # places in the names: a name takes some twenty
_MOST_BLOCK_BITS = 20


def algorithm_of(name: str) -> str:
    """Return the algorithm of a file that is a table of digests, "" for any other."""
    return _TABLE_ALGORITHMS.get(name, "")


def derived(name: str, index: memoryview) -> bytes:
    """Return the compiled atoms of patterns, made from the index of the same set.

    Another kind of processor, or of Vectorscan, makes others than the publisher has. Raises Failed.
    """
    import hyperscan  # noqa: PLC0415 # an update of digests alone needs no compiler

    from garrison.engine.patterns.writer import recompiled  # noqa: PLC0415 # likewise

    try:
        return recompiled(index, _TARGETS[name])
    except (*_DAMAGE, hyperscan.error) as error:
        raise _damaged(name) from error


def is_derivable(name: str) -> bool:
    """Return whether a file can be made from the index of patterns."""
    return name in _TARGETS


def pieces_of(form: str, name: str, old: memoryview, content: bytes, size: int) -> Iterator[Piece]:
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
    return Failed("What was published for {name} does not fit the databases that are here.", name=name)


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


def _table(algorithm: str, old: memoryview, delta: bytes, size: int) -> Iterator[Piece]:
    """Yield a table of digests."""
    length = ALGORITHMS[algorithm]
    was = read_parts(length, old)
    told = _read(delta)
    index, sizes, threats, lists, count, bits, size_bits, *_ = FOOT.unpack(told["foot"])
    copies = numbers(told["copies"])
    change = Change(length, was, told)
    words = change.records()
    is_sound = (
        4 * len(words) == count * (length + PLACES.size)
        and len(MAGIC) + 4 * len(words) == index
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
    _move(words, change.step, copies)
    change.settle(words)
    yield MAGIC
    yield memoryview(words).cast("B")
    yield change.index(words, bits)
    yield change.size_map(words, size_bits)
    yield from _names(was.threats, told["names"], copies, lists - threats)
    yield bytes(told["lists"])
    yield bytes(told["foot"])


def _names(old: memoryview, new: memoryview, copies: "array[int]", most: int) -> Iterator[Piece]:
    """Yield the names, as the copies say; not more than are to come."""
    if sum(copies[1::3]) + sum(copies[2::3]) != most or sum(copies[2::3]) != len(new):
        raise ValueError("the names do not fit")
    at = 0
    for begin, copied, added in _triples(copies):
        yield old[begin : begin + copied]
        yield new[at : at + added]
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
    end = min(max(begin + copied for begin, copied, _ in _triples(copies)), _MASK)
    bits, table = _coarse([*starts, end], shifts)

    def exact(place: int) -> int:
        return (place + shifts[bisect_right(starts, place)]) & _MASK

    def mapped(places: Sequence[int]) -> list[int]:
        try:
            return [exact(place) if (shift := table[place >> bits]) is None else place + shift for place in places]
        except IndexError:  # a place behind all names
            return list(map(exact, places))

    return mapped


def _coarse(starts: list[int], shifts: list[int]) -> tuple[int, list[int | None]]:
    """Return for blocks of places how far all of them are moved, None where they differ; and the bits of a block.

    Looking there is much faster than looking for the last of thousands of starts. starts: and the end of all. shifts:
    before each of them.
    """
    bits = max(_BLOCK_BITS, starts[-1].bit_length() - _MOST_BLOCK_BITS)
    table: list[int | None] = []
    for start, shift in zip(starts, shifts, strict=True):
        block = start >> bits
        if len(table) <= block:
            is_moved_soundly = (len(table) << bits) + shift >= 0 and start + shift <= _MASK
            table += [shift if is_moved_soundly else None] * (block - len(table))
            table.append(None)
    return bits, table


def follow_records(length: int, records: bytes | memoryview, copies: Sequence[int]) -> bytes:
    """Return records of a table whose threats lie where the copies bring them. length: of a digest."""
    words = as_it_lies(records)
    _move(words, (length + PLACES.size) // 4, copies)
    return words.tobytes()


def _move(words: "array[int]", step: int, copies: Sequence[int]) -> None:
    """Have the threats of records, each of so many words, lie where the copies bring them."""
    mapped = follow(copies)
    for start in range(step - 1, len(words), step * _AT_ONCE):
        end = min(start + step * _AT_ONCE, len(words))
        words[start:end:step] = swapped(array("I", mapped(swapped(words[start:end:step]))))
