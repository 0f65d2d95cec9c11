"""Bytes that are gathered in memory, and in a nameless file when they become many."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

Scratch = Callable[[], BinaryIO]  # gives an empty file that can be written, read and sought, and has no name
_PIECE = 1024 * 1024


class Spool:
    """Appends only; `pieces` gives all back, once or again. size: in bytes."""

    def __init__(self, scratch: Scratch) -> None:
        self.size = 0
        self._scratch = scratch
        self._file: BinaryIO | None = None
        self._tail = bytearray()

    def append(self, content: bytes) -> int:
        """Take bytes, and return where they begin."""
        at = self.size
        self._tail += content
        self.size += len(content)
        if len(self._tail) >= _PIECE:
            if self._file is None:
                self._file = self._scratch()
            self._file.write(self._tail)
            self._tail = bytearray()
        return at

    def read(self, at: int, length: int) -> bytes:
        """Return a part that was written."""
        written = self.size - len(self._tail)
        if at >= written:
            return bytes(self._tail[at - written : at - written + length])
        assert self._file is not None
        self._file.seek(at)
        part = self._file.read(min(length, written - at))
        self._file.seek(0, 2)
        return part + bytes(self._tail[: length - len(part)])

    def pieces(self) -> Iterator[bytes]:
        """Yield everything in order."""
        for at in range(0, self.size, _PIECE):
            yield self.read(at, _PIECE)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
