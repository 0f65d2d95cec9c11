"""Takes injected lines out of scripts and settings that are otherwise somebody's own."""

import re
from collections.abc import Callable

from garrison.engine.curing.parts import Questions

_MOST_BYTES = 1024 * 1024
_MOST_BLOCKS = 8  # injected in different places
_PIECE = re.compile(rb"[^\n]*?(?:\?>|\n|\Z)")  # a line, or what is before the end of PHP's own part in one
_SAYS_NOTHING = re.compile(rb"(?:#.*|//.*|<\?php|\?>|@echo off)?\Z", re.IGNORECASE)


def without_injected_lines(content: bytes, questions: Questions) -> tuple[bytes, list[str]] | None:
    """Return the text without the smallest blocks of lines that make it harmful, and where they were, 1 the first.

    None when there is no telling an injection from the rest: the harmful part is half of the text or more, or what
    is left says nothing. Raises TooManyQuestions.
    """
    if not content or len(content) > _MOST_BYTES:
        return None
    pieces = [match.group() for match in _PIECE.finditer(content) if match.group()]
    kept = list(enumerate(pieces))
    removed: list[int] = []
    for _ in range(_MOST_BLOCKS):
        if questions.is_clean(_text(kept)):
            break
        first, last = _block(kept, questions)
        removed += [number for number, _ in kept[first:last]]
        del kept[first:last]
    else:
        return None
    cured = _text(kept)
    is_injection = removed and len(cured) * 2 > len(content) and _says_something(cured)
    return (cured, _places(pieces, removed)) if is_injection else None


def _block(pieces: list[tuple[int, bytes]], questions: Questions) -> tuple[int, int]:
    """Return the shortest run of pieces that is found by itself, with what precedes it as far as it takes."""
    last = _least(len(pieces), lambda count: not questions.is_clean(_text(pieces[:count])))
    length = _least(last, lambda count: not questions.is_clean(_text(pieces[last - count : last])))
    return last - length, last


def _least(most: int, holds: Callable[[int], bool]) -> int:
    """Return the least number from 1 to `most` for which something holds, if it holds for all beyond too."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _text(pieces: list[tuple[int, bytes]]) -> bytes:
    return b"".join(piece for _, piece in pieces)


def _says_something(text: bytes) -> bool:
    return not all(_SAYS_NOTHING.match(line.strip()) for line in text.splitlines())


def _places(pieces: list[bytes], removed: list[int]) -> list[str]:
    gone = set(removed)
    line = 1
    lines: list[int] = []
    for number, piece in enumerate(pieces):
        if number in gone and line not in lines[-1:]:
            lines.append(line)
        line += piece.count(b"\n")
    return [f"line {each}" for each in lines]
