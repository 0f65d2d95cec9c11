"""Take files out of what a feed sends: a zip, a tar, gzip, or the file itself. Within limits, in the sandbox only.

Zip and gzip are read by Python's own modules, which compare checksums; the engine's reader of tar takes no length in a
header at its word.
"""

import errno
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from garrison.abilities.databases.feeds.feed import MIB
from garrison.base.errors import Invalid
from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import tar
from garrison.engine.formats.forward import Forward
from garrison.engine.guard import Guard
from garrison.engine.identify import is_tar

_MOST_FILES = 200_000
_MOST_BYTES = 2048 * MIB
_TAR_BYTES = 128 * MIB  # one file in a tar, which is held in memory
_DIRECTORY_BYTES = 32 * MIB  # of a zip, likewise: 200,000 files with long names
_LINE_BYTES = MIB
_MOST_LINES = 30_000_000
_PIECE = 256 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, gzip.BadGzipFile)


def files_in(path: Path, most_bytes: int) -> Iterator[tuple[str, BinaryIO]]:
    """Yield name and content of each file in an archive, or of the file itself, under its own name.

    A content is to be read before the next one. most_bytes: of one file; a larger one makes the archive unusable.
    Raises Invalid, OSError; so does reading a content.
    """
    whole = _Whole(path.name, most_bytes)
    try:
        with path.open("rb") as file:
            for number, (name, content) in enumerate(_opened(file, whole)):
                if number == _MOST_FILES:
                    raise whole.too_much()
                yield name, content
    except (*_DAMAGE, OSError) as error:
        raise whole.reason(error) from error


def lines_of(content: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a text that are not empty, without their ends. One longer than any real one is left out.

    Raises Invalid when there are more than any real list has.
    """
    count = 0
    while line := content.readline(_LINE_BYTES):
        count += 1
        if count > _MOST_LINES:
            raise Invalid("A list cannot be used: it has too many lines.")
        if not line.endswith(b"\n") and len(line) == _LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = content.readline(_LINE_BYTES)
        elif line := line.rstrip(b"\r\n"):
            yield line


@dataclass(slots=True)
class _Whole:
    """What is unpacked. room: bytes that may still come of it."""

    name: str
    most_bytes: int
    room: int = _MOST_BYTES

    def took(self, count: int) -> None:
        self.room -= count
        if self.room < 0:
            raise self.too_much()

    def too_much(self) -> Invalid:
        return Invalid("{name} cannot be used: it unpacks to too much.", name=self.name)

    def reason(self, error: Exception) -> Exception:
        """Return an error as it is to be raised: a place that does not exist was made up by a header."""
        is_of_disk = isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}
        return error if is_of_disk else self.damaged(type(error).__name__)

    def damaged(self, how: str) -> Invalid:
        return Invalid("{name} cannot be used: it is damaged ({how}).", name=self.name, how=how)


class _Content(io.RawIOBase):
    """One content. Whatever is wrong with it is told as Invalid."""

    def __init__(self, origin: BinaryIO, whole: _Whole) -> None:
        super().__init__()
        self._origin = origin
        self._whole = whole
        self._left = whole.most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's is narrower than the docs
        try:
            piece = self._origin.read(min(len(buffer), _PIECE))
        except (*_DAMAGE, OSError) as error:
            raise self._whole.reason(error) from error
        self._left -= len(piece)
        self._whole.took(len(piece))
        if self._left < 0:
            raise self._whole.too_much()
        buffer[: len(piece)] = piece
        return len(piece)


def _content(origin: BinaryIO, whole: _Whole) -> BinaryIO:
    return io.BufferedReader(_Content(origin, whole), _PIECE)


def _opened(file: BinaryIO, whole: _Whole) -> Iterator[tuple[str, BinaryIO]]:
    head = file.read(tar.BLOCK)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        yield from _zipped(file, whole)
    elif head.startswith(b"\x1f\x8b"):
        with gzip.open(file) as inner:
            yield from _maybe_tarred(inner, whole.name.removesuffix(".gz"), whole)  # type: ignore[arg-type] # it reads
    else:
        yield from _maybe_tarred(file, whole.name, whole)


def _zipped(file: BinaryIO, whole: _Whole) -> Iterator[tuple[str, BinaryIO]]:
    if _directory_bytes(file) > _DIRECTORY_BYTES:
        raise whole.too_much()
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                with archive.open(info) as member:
                    yield info.filename, _content(member, whole)  # type: ignore[arg-type] # it reads


def _directory_bytes(file: BinaryIO) -> int:
    """Return how large a zip's list of files says to be (PKWARE APPNOTE, 4.3.14 to 4.3.16): it is read in one go."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - 2 * 65_536))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    is_64 = at >= 76 and tail[at - 20 : at - 16] == b"PK\x06\x07"
    return int.from_bytes(tail[at - 36 : at - 28], "little") if is_64 else size


def _maybe_tarred(file: BinaryIO, name: str, whole: _Whole) -> Iterator[tuple[str, BinaryIO]]:
    head = file.read(tar.BLOCK)
    if is_tar(head):
        yield from _tarred(chain((head,), iter(lambda: file.read(_PIECE), b"")), whole)
    else:
        yield name, _content(_Again(head, file), whole)  # type: ignore[arg-type] # it reads


class _Again:
    """A file whose head was read already."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = head
        self._file = file

    def read(self, count: int) -> bytes:
        if self._head:
            piece, self._head = self._head[:count], self._head[count:]
            return piece
        return self._file.read(count)


def _tarred(pieces: Iterator[bytes], whole: _Whole) -> Iterator[tuple[str, BinaryIO]]:
    limits = Limits(min(whole.most_bytes, _TAR_BYTES), _MOST_BYTES, _MOST_FILES, ratio=_MOST_BYTES)
    guard = Guard(limits, Unbounded(), _MOST_BYTES)
    for member in tar.read(Forward(_counted(pieces, whole), guard)):
        if member.remark.startswith("limit") or member.remark == guard.size_remark:
            raise whole.too_much()
        if member.remark or member.content is None:
            raise whole.damaged(member.remark)
        yield member.names[0], io.BytesIO(member.content)
    for _ in pieces:
        pass  # what follows has the checksum of the whole


def _counted(pieces: Iterator[bytes], whole: _Whole) -> Iterator[bytes]:
    for piece in pieces:
        whole.took(len(piece))
        yield piece
