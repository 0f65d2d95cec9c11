"""MacBinary, by the standards of II (1987) and III (1996): 128 bytes of header, then both forks of a Macintosh file.

Every part begins at a multiple of 128. The first MacBinary has no checksum and is not told from other data.
"""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member, clean_name, collect, part_name, stored
from garrison.engine.formats.reading import take, told
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_BLOCK = 128


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the data fork, and the resource fork when there is one. Raises OSError."""
    return told(_members(source, guard, name))


def _members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    guard.check()
    head = take(source, 0, _BLOCK, guard)
    text = clean_name(head[2 : 2 + min(head[1], 63)]) or name or "content"
    data, resources = int.from_bytes(head[83:87], "big"), int.from_bytes(head[87:91], "big")
    start = _BLOCK + _padded(int.from_bytes(head[120:122], "big"))
    yield collect((text,), stored(source, start, data, guard), guard)
    if resources:
        guard.check()
        yield collect(
            (part_name(text, "resource fork"),), stored(source, start + _padded(data), resources, guard), guard
        )


def _padded(length: int) -> int:
    return length + -length % _BLOCK
