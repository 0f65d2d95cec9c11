"""The rarest fixed bytes of a pattern: what an object is searched for before anything else is tried.

How rare two neighbouring bytes are was counted over 150 MB of ordinary programs, texts and images; pairs.bin holds the
binary logarithm, rounded, for each of the 65,536 pairs.
"""

import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from garrison.engine.patterns.hexadecimal import Element

LONGEST: Final = 8
_LEAST: Final = 2
_MOST_CHOICES: Final = 64
_RARE_ENOUGH: Final = 24  # bits; what is less rare finds so much that looking for it saves nothing


@dataclass(frozen=True, slots=True)
class Atom:
    """Fixed bytes at a distance from the start of an element. at: -1 when the distance is not fixed."""

    content: bytes
    any_case: bool
    element: int
    at: int


@cache
def _pairs() -> bytes:
    return zlib.decompress(files(__package__).joinpath("pairs.bin").read_bytes())


def choose(parts: list[Element], *, any_case: bool) -> list[Atom]:
    """Return the atoms of which every match holds one; [] when there are none of use.

    Raises ValueError when the pattern has no two fixed bytes beside each other: clamscan refuses it as well.
    """
    best: tuple[int, list[Atom]] = (0, [])
    longest = 0
    for number, element in enumerate(parts):
        for run in element.runs:
            longest = max(longest, len(run.content))
            found = _best(run.content)
            if found is not None and found[0] > best[0]:
                best = (found[0], [Atom(found[2], any_case, number, run.at + found[1])])
        if element.choices and len(element.choices) <= _MOST_CHOICES:
            longest = max(longest, min(map(len, element.choices)))
            each = [_best(choice) for choice in element.choices]
            sound = [found for found in each if found is not None]
            least = min((found[0] for found in sound), default=0) - len(sound).bit_length()
            if len(sound) == len(each) and least > best[0]:
                best = (least, [Atom(found[2], any_case, number, -1) for found in sound])
    if longest < _LEAST:
        raise ValueError("it has no two fixed bytes beside each other")
    return best[1] if best[0] >= _RARE_ENOUGH else []


def _best(run: bytes) -> tuple[int, int, bytes] | None:
    if len(run) < _LEAST:
        return None
    size = min(LONGEST, len(run))
    pairs = _pairs()
    costs = [pairs[high << 8 | low] for high, low in pairwise(run)]
    bits = sum(costs[: size - 1])
    best, place = -1, 0
    for at in range(len(run) - size + 1):
        if at:
            bits += costs[at + size - 2] - costs[at - 1]
        if bits > best:
            window = run[at : at + size]
            told = _weighed(window, bits)
            if told > best:
                best, place = told, at
    return best, place, run[place : place + size]


def _weighed(window: bytes, bits: int) -> int:
    distinct = len(set(window))
    if distinct == 1:
        return _LEAST
    if window[2:] == window[:-2]:  # it overlaps itself
        return bits // 2
    return bits if distinct > 3 or len(window) < 5 else bits * 3 // 4  # long runs of one byte are everywhere
