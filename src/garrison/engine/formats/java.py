"""Java's class files: the texts in the pool of constants. The Java Virtual Machine Specification, SE 21, 4.4."""

from collections.abc import Iterator
from contextlib import suppress

from garrison.engine.formats.opener import TOO_SHORT, Member, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

_TEXT = 1
_BYTES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_TWO_PLACES = {5, 6}
_MOST_BYTES = 8 * 1024 * 1024


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield all texts of the pool, one a line, as one text. Raises OSError."""
    with suppress(Incomplete):  # told at the end
        guard.check()
    texts, is_whole = _texts(source.read_at(0, _MOST_BYTES))
    if texts:
        yield derived("constants", b"\n".join(texts), guard, Type.TEXT)
    if not is_whole:
        yield Member((), None, TOO_SHORT)
    if guard.stopped:
        yield Member((), None, guard.stopped)


def _texts(content: bytes) -> tuple[list[bytes], bool]:
    """Return the texts, and whether the pool could be read to its end."""
    texts: list[bytes] = []
    at, place, count = 10, 1, int.from_bytes(content[8:10], "big")
    while place < count:
        tag = content[at] if at < len(content) else 0
        if tag == _TEXT:
            length = int.from_bytes(content[at + 1 : at + 3], "big")
            texts.append(content[at + 3 : at + 3 + length])
            at += 3 + length
        elif tag in _BYTES:
            at += 1 + _BYTES[tag]
        else:
            return texts, False
        place += 2 if tag in _TWO_PLACES else 1
    return texts, at <= len(content)
