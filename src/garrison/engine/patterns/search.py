"""Look for one pattern in one buffer: element by element, never trying the same place twice."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, Final

from garrison.engine.budget import Budget
from garrison.engine.patterns.hexadecimal import ENDLESS

MOST: Final = 20_000  # occurrences of one element that are followed
_BEHIND: Final = 4  # what an element looks at behind its own end
_STEP: Final = 512

Place = tuple[int, int]  # start and end of an occurrence


class Spent(Exception):  # no error of ours: the time for the object is over
    """The time for the object is over."""


class Variant:
    """The elements of one pattern, ready to be looked for. plain: as `Element.to_plain` gave them."""

    __slots__ = ("_elements", "_gaps")

    def __init__(self, plain: list[Any]) -> None:
        self._gaps = [(int(least), int(most)) for least, most, _ in plain]
        self._elements = [
            [(re.compile(source.encode("latin-1"), re.DOTALL), int(length)) for source, length in each]
            for _, _, each in plain
        ]

    @property
    def is_one(self) -> bool:
        """Whether it has one element."""
        return len(self._elements) == 1

    def fits(self, content: bytes, element: int, start: int) -> bool:
        """Return whether an element lies at an offset."""
        if start < 0:
            return False
        return any(each.match(content, start) is not None for each, _ in self._elements[element])

    def starts(self, content: bytes, ranges: Iterable[tuple[int, int]], most: int, budget: Budget) -> list[int]:
        """Return the offsets at which the pattern begins, `most` at most. Raises Spent."""
        first = _limited(self._places(0, content, ranges, budget), most if len(self._elements) == 1 else MOST)
        if len(self._elements) == 1:
            return _distinct(first)[:most]
        reached = [first]
        for number in range(1, len(self._elements)):
            if not reached[-1]:
                return []
            windows = _windows(reached[-1], *self._gaps[number])
            reached.append(_limited(self._places(number, content, windows, budget), MOST))
        good = reached[-1]
        for number in range(len(reached) - 2, -1, -1):
            good = _leading(reached[number], good, *self._gaps[number + 1])
        return _distinct(good)[:most]

    def _places(
        self, number: int, content: bytes, ranges: Iterable[tuple[int, int]], budget: Budget
    ) -> Iterator[Place]:
        alternatives = self._elements[number]
        for low, high in ranges:
            high = min(high, len(content))  # noqa: PLW2901 # a bound that is far outside
            if len(alternatives) == 1:
                yield from _each(alternatives[0], content, max(low, 0), high, budget)
            else:
                found = [_each(alternative, content, max(low, 0), high, budget) for alternative in alternatives]
                yield from sorted(place for each in found for place in _limited(each, MOST))


def _each(
    element: tuple[re.Pattern[bytes], int], content: bytes, low: int, high: int, budget: Budget
) -> Iterator[Place]:
    expression, length = element
    end = min(high + length + _BEHIND, len(content))
    search = expression.search
    count = 0
    while low <= high:
        found = search(content, low, end)
        if found is None:
            return
        start = found.start()
        if start > high:
            return
        yield start, start + length
        low = start + 1
        count += 1
        if not count % _STEP and budget.spent():
            raise Spent


def _limited(places: Iterator[Place], most: int) -> list[Place]:
    return [place for _, place in zip(range(most), places, strict=False)]


def _distinct(places: list[Place]) -> list[int]:
    return sorted({start for start, _ in places})


def _windows(places: list[Place], least: int, most: int) -> list[tuple[int, int]]:
    """Return where the next element may begin, as ranges that do not overlap."""
    ends = sorted({end for _, end in places})
    if most == ENDLESS:
        return [(ends[0] + least, 1 << 40)]
    windows: list[tuple[int, int]] = []
    for end in ends:
        low, high = end + least, end + most
        if windows and low <= windows[-1][1] + 1:
            windows[-1] = (windows[-1][0], high)
        else:
            windows.append((low, high))
    return windows


def _leading(places: list[Place], following: list[Place], least: int, most: int) -> list[Place]:
    """Return the places from which one of the following can be reached."""
    starts = _distinct(following)
    good = []
    for place in places:
        at = bisect_left(starts, place[1] + least)
        if at < len(starts) and (most == ENDLESS or starts[at] <= place[1] + most):
            good.append(place)
    return good
