"""Small updates of the index of patterns: where one signature goes, the numbers of all behind it change.

An update is "GARINDEX", how many records of the old set go and how many come (u32 each), their places, each the
distance from the one before (u32, little-endian), and a zstd frame. The frame brings the new index with its running
numbers told as differences, and needs as its prefix the old index told likewise, its records numbered as in the new.
The layout is that of `engine.patterns`; a file that does not keep to it cannot be updated so, and comes otherwise.
"""

import json
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

from garrison.engine.patterns.layout import MARK, REFERENCE

INDEX_MAGIC: Final = b"GARINDEX"
GONE: Final = 0xFFFFFFFF
COUNTS: Final = struct.Struct("<LL")
_LENGTH = struct.Struct("<L")
_WORDS = REFERENCE.size // 4


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the running numbers of an index lie: begin and count. offsets: u64; starts: u32 for each target.

    references: the begin of each target's.
    """

    records: int
    offsets: int
    starts: tuple[tuple[int, int], ...]
    references: tuple[int, ...]


def layout_of(index: bytes | bytearray | memoryview) -> Layout:
    """Return where the parts of an index lie. Raises ValueError, KeyError, TypeError or struct.error."""
    if bytes(index[: len(MARK)]) != MARK:
        raise ValueError("no such index")
    (length,) = _LENGTH.unpack_from(index, len(MARK))
    base = len(MARK) + _LENGTH.size + length
    header: dict[str, Any] = json.loads(bytes(index[len(MARK) + _LENGTH.size : base]))
    targets = [header["targets"][name] for name in sorted(header["targets"])]
    starts = tuple((base + int(told["starts"]), int(told["atoms"]) + 1) for told in targets)
    references = tuple(base + int(told["references"]) for told in targets)
    found = Layout(int(header["records"]), base + int(header["offsets"]), starts, references)
    ends = [found.offsets + 8 * (found.records + 1), *(start + 4 * count for start, count in starts), *references]
    begins = [found.records, found.offsets, *(number for pair in starts for number in pair), *references]
    if min(begins) < 0 or max(ends) > len(index):
        raise ValueError("its parts do not fit")
    return found


def told_apart(index: bytes | memoryview, renumbered: Sequence[int] | None = None) -> bytes:
    """Return an index with its running numbers told as differences. renumbered: by record, its other number.

    Raises ValueError, KeyError, TypeError, IndexError or struct.error.
    """
    found, made = layout_of(index), bytearray(index)
    _change(made, "Q", found.offsets, found.records + 1, _differences)
    for (start, count), at in zip(found.starts, found.references, strict=True):
        references = _column(made, "I", start, count)[-1]
        _change(made, "I", start, count, _differences)
        if renumbered is not None:
            words = _column(made, "I", at, references * _WORDS)
            words[::_WORDS] = array("I", [renumbered[record] for record in words[::_WORDS]])
            made[at : at + 4 * len(words)] = _little(words).tobytes()
    return bytes(made)


def put_together(told: bytes) -> bytes:
    """Return the index again. Raises as `told_apart`."""
    found, made = layout_of(told), bytearray(told)
    _change(made, "Q", found.offsets, found.records + 1, accumulate)
    for start, count in found.starts:
        _change(made, "I", start, count, accumulate)
    return bytes(made)


def _differences(numbers: Sequence[int]) -> Iterator[int]:
    yield numbers[0]
    for before, after in pairwise(numbers):
        yield after - before


def _column(content: bytearray, kind: str, at: int, count: int) -> "array[int]":
    found = array(kind)
    found.frombytes(content[at : at + count * found.itemsize])
    if len(found) != count or not count:
        raise ValueError("a column is cut")
    return _little(found)


def _little(column: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _change(content: bytearray, kind: str, at: int, count: int, change: Any) -> None:
    """Put other numbers in place of those of a column. Raises OverflowError (an ArithmeticError) for one too large."""
    column = array(kind, change(_column(content, kind, at, count)))
    content[at : at + count * column.itemsize] = _little(column).tobytes()


def renumbering(records: int, removed: Sequence[int], added: Sequence[int]) -> list[int]:
    """Return the new number of each old record, GONE for those that go. removed: of the old; added: of the new ones."""
    gone, come = set(removed), set(added)
    if len(gone) != len(removed) or len(come) != len(added) or (gone and max(gone) >= records):
        raise ValueError("the records do not fit")
    free = (number for number in range(records + len(come)) if number not in come)
    return [GONE if record in gone else next(free) for record in range(records)]


def prefix_and_frame(old: memoryview, update: bytes) -> tuple[bytes, bytes]:
    """Return what an update's frame needs as its prefix, and the frame. Raises as `told_apart`."""
    if update[: len(INDEX_MAGIC)] != INDEX_MAGIC:
        raise ValueError("no such update")
    removed, added = COUNTS.unpack_from(update, len(INDEX_MAGIC))
    start = len(INDEX_MAGIC) + COUNTS.size
    gaps = _column(bytearray(update[start : start + 4 * (removed + added)]) + bytes(4), "I", 0, removed + added + 1)
    places = list(accumulate(gaps[:removed])), list(accumulate(gaps[removed:-1]))
    numbers = renumbering(layout_of(old).records, *places)
    return told_apart(old, numbers), update[start + 4 * (removed + added) :]
