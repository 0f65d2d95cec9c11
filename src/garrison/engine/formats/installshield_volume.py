"""A volume of an InstallShield cabinet without its header: files follow each other in chunks that tell their length.

All chunks of a file but the last unpack to 32 KiB, so a shorter one ends it. A file of a whole number of chunks cannot
be told from the one behind it, and both come as one. A file that is stored or masked ends the reading.
"""

from collections.abc import Iterator

from garrison.engine.formats.image_blocks import whole_deflate_block
from garrison.engine.formats.opener import Listed, Member, collect
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

NO_LIST = "not opened: its list of members is in another file"
_CHUNK = 32 * 1024
_HEADERS = 60  # the shortest of both headers of a volume


def read(source: Source, guard: Guard) -> Iterator[Member]:
    """Yield the files, numbered, and why not all when that is so. Raises Incomplete at a limit, OSError."""
    at = int.from_bytes(source.read_at(20, 4), "little")
    position = 0
    while at >= _HEADERS and at < source.size:
        guard.check()
        first = _chunk(source, at)
        if not first:
            break
        position += 1
        file = _File(source, at, guard)
        text = f"file {position}"
        yield collect((text,), file, guard, listed=Listed(text, position=position))
        if file.end <= at:
            break
        at = file.end
    if at != source.size:
        yield Member((), None, guard.stopped or NO_LIST)


class _File:
    """The chunks of one file. end: after the iteration, the offset behind the last."""

    def __init__(self, source: Source, at: int, guard: Guard) -> None:
        self.end = at
        self._source = source
        self._guard = guard

    def __iter__(self) -> Iterator[bytes]:
        while True:
            piece = _chunk(self._source, self.end)
            self._guard.grew(len(piece))
            if piece:
                self.end += 2 + int.from_bytes(self._source.read_at(self.end, 2), "little")
                yield piece
            if len(piece) < _CHUNK:
                return


def _chunk(source: Source, at: int) -> bytes:
    """Return what the chunk at an offset unpacks to, b"" when there is none."""
    length = int.from_bytes(source.read_at(at, 2), "little")
    packed = source.read_at(at + 2, length)
    if not packed or len(packed) < length:
        return b""
    try:
        return whole_deflate_block(packed, _CHUNK)
    except Incomplete:
        return b""
