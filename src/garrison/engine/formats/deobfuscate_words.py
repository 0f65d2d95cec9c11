"""The words that tell which ways to hide something a script may use, all looked for in one pass."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import hyperscan


class Words:
    """Sets of words, in any letters' case. sets: the words of each, as expressions."""

    def __init__(self, sets: Iterable[tuple[bytes, ...]]) -> None:
        self._sets = tuple(sets)

    def present(self, text: bytes) -> set[int]:
        """Return the numbers of the sets of which a word occurs."""
        found: set[int] = set()
        database(self._sets).scan(text, match_event_handler=_note, context=found)
        return found


@cache
def database(sets: tuple[tuple[bytes, ...], ...]) -> Any:  # hyperscan has no types
    """Return the compiled words; the first call takes some 20 ms, so it is made before the sandbox closes."""
    words = [(number, word) for number, words in enumerate(sets) for word in words]
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    made.compile(
        expressions=[word for _, word in words],
        ids=[number for number, _ in words],
        flags=[hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH] * len(words),
    )
    made.scratch = hyperscan.Scratch(made)
    return made


def _note(number: int, _start: int, _end: int, _flags: int, found: set[int]) -> None:
    found.add(number)
