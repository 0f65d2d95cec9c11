"""Finds which parts of a whole are harmful, by examining wholes made of fewer parts."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
MOST_QUESTIONS = 400  # examinations for one file


class TooManyQuestions(Exception):  # no error of ours: the file is not cured
    """It would take too long to find what is harmful."""


class Questions:
    """Counts what is asked, so that a hostile file cannot keep us asking."""

    def __init__(self, is_clean: Callable[[bytes], bool], most: int = MOST_QUESTIONS) -> None:
        self._is_clean = is_clean
        self._left = most

    def is_clean(self, content: bytes) -> bool:
        """Return whether nothing is found in a content. Raises TooManyQuestions."""
        if not self._left:
            raise TooManyQuestions
        self._left -= 1
        return self._is_clean(content)


def harmful_parts(parts: Sequence[T], join: Callable[[Sequence[T]], bytes], questions: Questions) -> set[int]:
    """Return the numbers of the parts in which something is found, each taken by itself.

    Halves are examined first, so that few harmful parts among many take few questions. Raises TooManyQuestions.
    """
    found: set[int] = set()
    spans = [(0, len(parts))]
    while spans:
        first, last = spans.pop()
        if first == last or questions.is_clean(join(parts[first:last])):
            continue
        if last - first == 1:
            found.add(first)
            continue
        middle = (first + last) // 2
        spans += [(first, middle), (middle, last)]
    return found
