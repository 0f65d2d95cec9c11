"""What readers of images share: a part of a source, and the end of a container that cannot be read further."""

from collections.abc import Iterator

from garrison.engine.formats.opener import TOO_SHORT, Member, stored
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

Extent = tuple[int, int]  # offset and length, in bytes


class Part(Source):
    """A run of another source, as a source of its own. start, length: in bytes; cut where the other ends."""

    __slots__ = ("_start", "_whole")

    def __init__(self, whole: Source, start: int, length: int | None = None) -> None:
        super().__init__(b"")
        self._whole = whole
        self._start = start
        room = max(0, whole.size - start)
        self.size = room if length is None else max(0, min(length, room))

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only where the part ends. Raises OSError."""
        if offset < 0:
            return b""
        return self._whole.read_at(self._start + offset, min(length, self.size - offset))


class Names:
    """Counts what the folders of a file system name, links and folders too; hostile ones name the same for ever."""

    def __init__(self, guard: Guard) -> None:
        self._left = 10 * guard.limits.members
        self._remark = f"limit reached: more than {guard.limits.members:,} objects"

    def count(self) -> None:
        """Count one more name. Raises Incomplete when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise Incomplete(self._remark)


def told(inner: Iterator[Member]) -> Iterator[Member]:
    """Yield members; when the container's own tables end the reading, why is a remark on the container."""
    try:
        yield from inner
    except Incomplete as reason:
        yield Member((), None, reason.remark)


def take(source: Source, at: int, length: int, guard: Guard | None = None) -> bytes:
    """Return exactly so many bytes of a table, counted when a guard is given. Raises Incomplete, OSError.

    Counting makes tables that point to each other, or to the same place, end for every input.
    """
    piece = source.read_at(at, length)
    if len(piece) < length:
        raise Incomplete(TOO_SHORT)
    if guard is not None:
        guard.grew(length)
    return piece


def runs(source: Source, extents: Iterator[Extent] | list[Extent], size: int, guard: Guard) -> Iterator[bytes]:
    """Yield the first `size` bytes of what stored extents make up. Raises Incomplete where they end before, OSError."""
    for start, length in extents:
        used = min(length, size)
        if used > 0:
            yield from stored(source, start, used, guard)
            size -= used
        if not size:
            return
    if size > 0:
        raise Incomplete(TOO_SHORT)


def zeros(count: int, guard: Guard) -> Iterator[bytes]:
    """Yield zero bytes that are stored nowhere, in pieces. Raises Incomplete at a limit."""
    while count > 0:
        piece = bytes(min(count, 256 * 1024))
        guard.grew(len(piece))
        count -= len(piece)
        yield piece
