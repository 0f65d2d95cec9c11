"""OneNote's sections: the files in them. [MS-ONESTORE] 2.6.13 (FileDataStoreObject), found by its identifier."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member, collect, stored
from garrison.engine.formats.zip_directory import find
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_IDENTIFIER = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
_HEADER_BYTES = 36  # identifier, length (8), unused (4), reserved (8)


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; their names are elsewhere and not looked for. Raises OSError."""
    number = 0
    at = find(source, _IDENTIFIER, 0, source.size)
    while at >= 0 and not guard.stopped:
        length = int.from_bytes(source.read_at(at + 16, 8), "little")
        at += _HEADER_BYTES
        if length:
            number += 1
            yield collect((f"file {number}",), stored(source, at, length, guard), guard)
        at += length if at + length <= source.size else 0
        at = find(source, _IDENTIFIER, at, source.size)
    if guard.stopped:
        yield Member((), None, guard.stopped)
