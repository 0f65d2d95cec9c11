"""Take files out of what a feed sends: a zip, a tar, gzip, or the file itself. Within limits, in the sandbox only."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from garrison.abilities.databases.feeds.feed import MIB
from garrison.base.errors import Invalid

_MOST_FILES = 200_000
_MOST_BYTES = 2048 * MIB
_TROUBLE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def files_in(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file in an archive, or of the file itself, under its own name.

    most_bytes: of one file; a larger one makes the archive unusable. Raises Invalid, OSError.
    """
    room = _MOST_BYTES
    try:
        for number, (name, content) in enumerate(_opened(path, most_bytes)):
            room -= len(content)
            if len(content) > most_bytes or room < 0 or number == _MOST_FILES:
                raise Invalid(f"{path.name} cannot be used: it unpacks to too much.")
            yield name, content
    except _TROUBLE as error:
        if isinstance(error, gzip.BadGzipFile) or not isinstance(error, OSError):
            raise Invalid(f"{path.name} cannot be used: it is damaged ({type(error).__name__}).") from error
        raise


def _opened(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith(b"PK\x03\x04"):
            yield from _zipped(file, most_bytes)
        elif head.startswith(b"\x1f\x8b"):
            yield from _zipped_one(path, most_bytes)
        elif tarfile.is_tarfile(file):
            file.seek(0)
            yield from _tarred(file, most_bytes)
        else:
            file.seek(0)
            yield path.name, file.read(most_bytes + 1)


def _zipped(file: BinaryIO, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                with archive.open(info) as member:
                    yield info.filename, member.read(most_bytes + 1)


def _zipped_one(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    with gzip.open(path) as inner:
        head = inner.read(512)
    if tarfile.is_tarfile(io.BytesIO(head)) or head[257:262] == b"ustar":
        with gzip.open(path) as inner:
            yield from _tarred(inner, most_bytes)
    else:
        with gzip.open(path) as inner:
            yield path.name.removesuffix(".gz"), inner.read(most_bytes + 1)


def _tarred(file: BinaryIO | gzip.GzipFile, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for info in archive:
            member = archive.extractfile(info) if info.isfile() else None
            if member is not None:
                yield info.name, member.read(most_bytes + 1)
