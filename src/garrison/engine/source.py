"""One object to examine: an open descriptor, or bytes that were unpacked.

A descriptor is read with pread(2): its file offset is shared with whoever gave it to us and is never relied upon. It is
never mapped into memory, because a map of a file that somebody truncates kills the process (SIGBUS).
"""

import io
import os
from collections.abc import Iterator

from garrison.engine.programs.program import Program

HEAD_BYTES = 4096
PIECE_BYTES = 256 * 1024
_GROWTH_BYTES = 64 * 1024
_FARTHEST = 1 << 62  # beyond it the kernel takes no offset


class Source:
    """One object to examine.

    origin: an open, seekable descriptor (stays the caller's to close), or the bytes themselves. The file behind a
    descriptor may grow, shrink or fail while it is read: every read returns what is there at that moment.
    program: what its headers say, when somebody has read them; openers need not read them again.
    Raises OSError when the descriptor cannot be asked for its size.
    """

    __slots__ = ("_bytes", "_descriptor", "program", "size")

    def __init__(self, origin: int | bytes) -> None:
        self.program: Program | None = None
        if isinstance(origin, bytes):
            self._bytes: bytes | None = origin
            self._descriptor = -1
            self.size = len(origin)
        else:
            self._bytes = None
            self._descriptor = origin
            self.size = os.fstat(origin).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only where the object ends. Raises OSError."""
        if length <= 0 or not 0 <= offset < _FARTHEST:
            return b""  # an offset that a header made up
        if self._bytes is not None:
            return self._bytes[offset : offset + length]
        # Asking for no more than the file seems to have spares the kernel and us a buffer of the whole limit.
        likely = max(self.size - offset, 0) + _GROWTH_BYTES
        pieces: list[bytes] = []
        missing = length
        while missing > 0:
            piece = os.pread(self._descriptor, min(missing, likely), offset + length - missing)
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def head(self) -> bytes:
        """Return the first 4 KiB. Raises OSError."""
        return self.read_at(0, HEAD_BYTES)

    def pieces(self, start: int = 0, length: int | None = None, most: int = PIECE_BYTES) -> Iterator[bytes]:
        """Yield the bytes from `start` on (all, or `length` of them) in pieces of `most` at most. Raises OSError."""
        end = None if length is None else start + length
        while end is None or start < end:
            wanted = most if end is None else min(most, end - start)
            piece = self.read_at(start, wanted)
            if not piece:
                return
            start += len(piece)
            yield piece

    def file(self) -> io.BufferedReader:
        """Return a seekable, read-only file over the object, with an offset of its own."""
        return io.BufferedReader(_View(self))


class _View(io.RawIOBase):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._offset = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise ValueError("an offset before the start")
        self._offset = base + offset
        return self._offset

    def tell(self) -> int:
        return self._offset

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's is narrower than the docs
        piece = self._source.read_at(self._offset, len(buffer))
        buffer[: len(piece)] = piece
        self._offset += len(piece)
        return len(piece)
