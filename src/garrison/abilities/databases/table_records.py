"""The records of a table of digests, and what follows from them: what changes in them, told by an update (`delta`).

A column is an array of words as they lie in the file; `numbers` and `swapped` make numbers of it. All of this is done a
million times at every update, so it is done by columns and not record by record where that can be.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import add

from garrison.engine.hashes import ANY_SIZE, PLACES, Parts


def numbers(part: memoryview | bytes | bytearray) -> "array[int]":
    """Return a column of numbers, little-endian as in the files. Raises ValueError."""
    return _little(as_it_lies(part))


def as_it_lies(part: memoryview | bytes | bytearray) -> "array[int]":
    """Return a column of words. Raises ValueError."""
    found = array("I")
    found.frombytes(part)
    return found


def _little(column: "array[int]") -> "array[int]":
    """Turn little-endian numbers into this machine's, and back."""
    if sys.byteorder == "big":
        column.byteswap()
    return column


def swapped(column: "array[int]") -> "array[int]":
    """Turn big-endian numbers into this machine's, and back."""
    if sys.byteorder == "little":
        column.byteswap()
    return column


class Change:
    """Which records of a table go and come. step: words of a record. Raises ValueError when the columns do not fit."""

    def __init__(self, length: int, was: Parts, told: Mapping[str, memoryview]) -> None:
        self._length = length
        self._was = was
        self._told = told
        self.step = (length + PLACES.size) // 4
        self._removed = list(accumulate(numbers(told["removed"])))
        self._added = list(accumulate(numbers(told["added"])))
        self._gone = [was.records[4 * self.step * place :][: 4 * self.step] for place in self._removed]
        self._come = _rows(length, told)
        if len(self._added) != len(self._come):
            raise ValueError("the columns do not fit")
        if len(set(self._added)) != len(self._added) or len(set(self._removed)) != len(self._removed):
            raise ValueError("a place is told twice")

    def records(self) -> "array[int]":
        """Return the new records, in words as they lie there. Threats of old ones lie where they were."""
        step, old = 4 * self.step, self._was.records
        words = array("I")
        at = gone = 0
        for place, is_new, number in self._cuts():
            end = place + gone
            if not at <= end <= self._was.count:
                raise ValueError("a record has no place")
            words.frombytes(old[at * step : end * step])
            at = end
            if is_new:
                words.frombytes(self._come[number] + bytes(PLACES.size // 2))
            else:
                gone += 1
                at += 1
        if at > self._was.count:
            raise ValueError("there are fewer records")
        words.frombytes(old[at * step :])
        return words

    def _cuts(self) -> list[tuple[int, bool, int]]:
        """Return in turn before how many of the kept records one goes, or a new one comes: which."""
        removed = [(place - number, False, number) for number, place in enumerate(self._removed)]
        added = [(place - number, True, number) for number, place in enumerate(self._added)]
        return sorted(removed + added)

    def settle(self, words: "array[int]") -> None:
        """Have the threats of new records, and of those that the copies lead astray, lie where they are told to."""
        moved, threats = list(accumulate(numbers(self._told["moved"]))), self._told["moved_threats"]
        if len(threats) != 4 * len(moved):
            raise ValueError("the columns do not fit")
        for places, column in ((self._added, self._told["threats"]), (moved, threats)):
            for place, threat in zip(places, as_it_lies(column), strict=True):
                words[(place + 1) * self.step - 1] = threat

    def index(self, words: "array[int]", bits: int) -> bytes:
        """Return the index of the new records."""
        if bits != self._was.bits:
            return _index(words[:: self.step], bits)
        changes = [0] * ((1 << bits) + 2)
        for rows, change in ((self._gone, -1), (self._come, 1)):
            for row in rows:
                changes[(int.from_bytes(row[:4], "big") >> (32 - bits)) + 1] += change
        index = array("I", map(add, numbers(self._was.index), accumulate(changes)))
        return _little(index).tobytes()

    def size_map(self, words: "array[int]", bits: int) -> bytes:
        """Return the size map of the new records: that of the old ones, but for the sizes of those that go and come."""
        at, most = self._length // 4, bits - 1
        if bits != self._was.size_bits:
            return _size_map(words[at :: self.step], bits)
        found = bytearray(self._was.sizes)
        gone, come = self._sizes(self._gone, most), self._sizes(self._come, most)
        column = words[at :: self.step]
        if most in gone:  # records of any size look the same there
            return _size_map(column, bits)
        for size in gone.difference(_masked(column, most)):
            found[size >> 3] &= ~(1 << (size & 7))
        for size in come:
            found[size >> 3] |= 1 << (size & 7)
        return bytes(found)

    def _sizes(self, rows: Sequence[bytes | memoryview], most: int) -> set[int]:
        found = {int.from_bytes(row[self._length : self._length + 4], "big") for row in rows}
        return {size & most for size in found if size != ANY_SIZE}


def _masked(column: "array[int]", most: int) -> "array[int]":
    """Return sizes, as they lie there, by their bits in the size map. most: the last bit, where ANY_SIZE comes too."""
    content = bytearray(column.tobytes())
    for at, mask in enumerate(most.to_bytes(4, "big")):
        if mask != 0xFF:
            content[at::4] = content[at::4].translate(bytes(value & mask for value in range(256)))
    return swapped(as_it_lies(content))


def _rows(length: int, told: Mapping[str, memoryview]) -> list[bytes]:
    digests, sizes, threats = told["digests"], told["sizes"], told["threats"]
    count = len(sizes) // 4
    if len(digests) != count * length or len(threats) != 4 * count or len(sizes) % 4:
        raise ValueError("the columns do not fit")
    return [
        bytes(digests[length * number : length * (number + 1)]) + bytes(sizes[4 * number : 4 * number + 4])
        for number in range(count)
    ]


def _index(first: "array[int]", bits: int) -> bytes:
    """Return the index of sorted records. first: the first word of each, as it lies there."""
    column = swapped(first)
    index = array("I", bytes(4))
    at = 0
    for bucket in range(1, 1 << bits):
        at = bisect_left(column, bucket << (32 - bits), at)
        index.append(at)
    index.append(len(column))
    return _little(index).tobytes()


def _size_map(sizes: "array[int]", bits: int) -> bytes:
    found = bytearray(bits // 8)
    for at in {size & (bits - 1) for size in set(swapped(sizes)) if size != ANY_SIZE}:
        found[at >> 3] |= 1 << (at & 7)
    return bytes(found)
