"""Look for one pattern in one buffer: element by element, never trying the same place twice."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from garrison.engine.budget import Budget
from garrison.engine.patterns.hexadecimal import ENDLESS

MOST: Final = 20_000  # occurrences of one element that are followed
_BEHIND: Final = 40  # what an element looks at behind its own end
_STEP: Final = 512

Place = tuple[int, int]  # start and end of an occurrence
Known = tuple[int, Sequence[int]]  # an element, and all offsets at which it lies, sorted
_Alternatives = list[tuple[re.Pattern[bytes], int]]


class Spent(Exception):  # no error of ours: the time for the object is over
    """The time for the object is over."""


class Variant:
    """The elements of one pattern, ready to be looked for. plain: as `Element.to_plain` gave them."""

    __slots__ = ("_elements", "_gaps", "_groups")

    def __init__(self, plain: list[Any]) -> None:
        self._gaps = [(int(least), int(most)) for least, most, _ in plain]
        self._elements: list[_Alternatives] = [
            [(re.compile(source.encode("latin-1"), re.DOTALL), int(length)) for source, length in each]
            for _, _, each in plain
        ]
        # A group is what clamscan keeps as one part: elements at fixed distances.
        firsts = [0] + [number for number, (least, most) in enumerate(self._gaps) if number and least != most]
        self._groups = list(zip(firsts, [*firsts[1:], len(plain)], strict=True))

    @property
    def is_one(self) -> bool:
        """Whether it has one element."""
        return len(self._elements) == 1

    def fits(self, content: bytes, element: int, start: int) -> bool:
        """Return whether an element lies at an offset."""
        if start < 0:
            return False
        return any(each.match(content, start) is not None for each, _ in self._elements[element])

    def starts(
        self,
        content: bytes,
        ranges: Iterable[tuple[int, int]],
        most: int,
        budget: Budget,
        known: Known | None = None,
    ) -> list[int]:
        """Return where the pattern begins, once for each place at which its last part lies; `most` at most.

        known: an element and all the offsets at which it lies, when that has been found out. As in clamscan, of several
        beginnings that lead to one end the first counts. Raises Spent.
        """
        is_single = len(self._groups) == 1
        reached = self._group(0, content, ranges, most if is_single else MOST, budget, known)
        origins = {place: place[0] for place in reached}
        for number in range(1, len(self._groups)):
            if not origins:
                return []
            gap = self._gaps[self._groups[number][0]]
            before = sorted((end, origins[start, end]) for start, end in origins)
            found = self._group(number, content, _windows([end for end, _ in before], *gap), MOST, budget, known)
            origins = _led(before, found, *gap)
        first: dict[int, int] = {}
        for place in sorted(origins):
            first.setdefault(place[0], origins[place])
        return list(first.values())[:most]

    def _group(  # what a group is looked for in, and how far
        self,
        number: int,
        content: bytes,
        ranges: Iterable[tuple[int, int]],
        most: int,
        budget: Budget,
        known: Known | None,
    ) -> list[Place]:
        """Return where the elements of a group lie at their distances, `most` places at most."""
        first, end = self._groups[number]
        if known is not None and known[0] == first:
            found = _known_places(self._elements[first], content, ranges, known[1])
        else:
            found = _places(self._elements[first], content, ranges, budget)
        places = _limited(found, most if end - first == 1 else MOST)
        for element in range(first + 1, end):
            places = self._followed(places, element, content, budget)
        return places

    def _followed(self, places: list[Place], number: int, content: bytes, budget: Budget) -> list[Place]:
        """Return the places that an element follows at its distance, as far as that element's end."""
        gap, alternatives = self._gaps[number][0], self._elements[number]
        known: dict[int, list[int]] = {}
        longer: dict[Place, None] = {}
        for start, end in places:
            at = end + gap
            if at not in known:
                known[at] = [at + length for each, length in alternatives if each.match(content, at) is not None]
                if not len(known) % _STEP and budget.spent():
                    raise Spent
            for each_end in known[at]:
                longer[start, each_end] = None
            if len(longer) >= MOST:
                break
        return list(longer)


def _known_places(
    alternatives: _Alternatives, content: bytes, ranges: Iterable[tuple[int, int]], starts: Sequence[int]
) -> Iterator[Place]:
    """Yield the places of an element of which all beginnings are known, sorted."""
    for low, high in ranges:
        for at in range(bisect_left(starts, low), bisect_right(starts, high)):
            start = starts[at]
            for expression, length in alternatives:
                if expression.match(content, start) is not None:
                    yield start, start + length


def _places(
    alternatives: _Alternatives, content: bytes, ranges: Iterable[tuple[int, int]], budget: Budget
) -> Iterator[Place]:
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


def _windows(ends: list[int], least: int, most: int) -> list[tuple[int, int]]:
    """Return where the next part may begin, as ranges that do not overlap. ends: sorted."""
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


def _led(before: list[tuple[int, int]], found: list[Place], least: int, most: int) -> dict[Place, int]:
    """Return the places that can be reached, each with the first beginning that leads there.

    before: where the part before ends, with its beginning, sorted.
    """
    ends = [end for end, _ in before]
    origins = {}
    for place in found:
        at = bisect_left(ends, place[0] - most) if most != ENDLESS else 0
        if at < len(ends) and ends[at] <= place[0] - least:
            origins[place] = before[at][1]
    return origins
