"""Reading forward only: what tar needs, over a source or over what is being unpacked."""

from collections.abc import Iterator

from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import PIECE_BYTES, Source


class Forward:
    """A stream of bytes with one reader.

    pieces: what was unpacked, already counted by the guard. remark: why the stream ended before its end, or "".
    """

    def __init__(self, pieces: Iterator[bytes], guard: Guard) -> None:
        self.guard = guard
        self.remark = ""
        self.at = 0
        self._pieces = pieces
        self._left = b""

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer only at the end. For headers: counts up to a MiB. Raises OSError."""
        return b"".join(self.run(count))

    def run(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes in pieces, fewer only at the end. Raises OSError."""
        while count > 0:
            piece = self._take(count)
            if not piece:
                return
            count -= len(piece)
            self.at += len(piece)
            yield piece

    def skip(self, count: int) -> int:
        """Pass over bytes; return how many there were. Raises OSError."""
        return sum(map(len, self.run(count)))

    def _take(self, most: int) -> bytes:
        if not self._left and not self.remark:
            try:
                self._left = next(self._pieces, b"")
            except Incomplete as reason:
                self.remark = reason.remark
        piece = self._left[:most]
        self._left = self._left[most:]
        return piece


class ForwardSource(Forward):
    """A source read forward: passing over is free, and what is read counts as unpacked."""

    def __init__(self, source: Source, guard: Guard) -> None:
        super().__init__(iter(()), guard)
        self._source = source

    def skip(self, count: int) -> int:
        """Pass over bytes; return how many there were (a file that grows may have more)."""
        passed = min(count, max(0, self._source.size - self.at))
        self.at += passed
        return passed

    def _take(self, most: int) -> bytes:
        if self.remark:
            return b""
        piece = self._source.read_at(self.at, min(most, PIECE_BYTES))
        try:
            self.guard.grew(len(piece))
        except Incomplete as reason:
            self.remark = reason.remark
        return piece
