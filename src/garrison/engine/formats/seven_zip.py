"""The 7z format: 7zFormat.txt and Methods.txt of the LZMA SDK; solid runs are unpacked once, forward."""

import zlib
from collections.abc import Iterator

from garrison.engine.formats import seven_zip_crypto as crypto
from garrison.engine.formats.lzh_codes import counted
from garrison.engine.formats.opener import (
    CORRUPT,
    ENCRYPTED,
    NAME_CHARS,
    TOO_SHORT,
    Listed,
    Member,
    clean_name,
    closed,
    collect,
)
from garrison.engine.formats.reading import take, told
from garrison.engine.formats.seven_zip_coders import decoded
from garrison.engine.formats.seven_zip_header import (
    ARCHIVE_PROPERTIES,
    ENCODED,
    FILES,
    HEADER,
    MAIN_STREAMS,
    MORE_STREAMS,
    Files,
    Folder,
    Reader,
    Streams,
    read_files,
    read_streams,
)
from garrison.engine.formats.single import inner_name
from garrison.engine.formats.unpack import READ_BYTES, Solid
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_MOST_HEADER = 64 * 1024 * 1024
_TRIED_BYTES = 16 * 1024 * 1024  # of an encrypted run, to see whether a password is right


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the files inside; folders are left out. Raises OSError."""
    return told(_Archive(source, guard, name).members())


class _Archive:
    def __init__(self, source: Source, guard: Guard, name: str) -> None:
        self._source = source
        self._guard = guard
        self._name = name
        self._keys: crypto.Keys = {}

    def members(self) -> Iterator[Member]:
        streams, files = self._header()
        places = self._places(files)
        position = 0
        for folder in streams.folders:
            is_locked = any(coder.method == crypto.METHOD for coder in folder.coders)
            run, why = self._open(streams, folder, is_locked)
            start = 0
            for size, checksum in folder.members:
                self._guard.check()
                position += 1
                name = next(places, inner_name(self._name))
                listed = Listed(name, -1, size, is_locked, position, checksum)
                if run is None:
                    yield closed((name,), why, self._guard, listed)
                else:
                    yield collect((name,), run.take(start, size), self._guard, listed=listed)
                start += size
        for name in self._empty(files):
            self._guard.check()
            position += 1
            yield collect((name,), (), self._guard, listed=Listed(name, 0, 0, False, position))

    def _places(self, files: Files) -> Iterator[str]:
        return (_short(name) for name, is_empty in zip(files.names, files.empty, strict=False) if not is_empty)

    def _empty(self, files: Files) -> Iterator[str]:
        empty = (name for name, is_empty in zip(files.names, files.empty, strict=False) if is_empty)
        return (_short(name) for name, is_file in zip(empty, files.empty_files, strict=False) if is_file)

    def _header(self) -> tuple[Streams, Files]:
        at, size = (int.from_bytes(take(self._source, start, 8), "little") for start in (12, 20))
        if not size:
            return Streams(), Files()
        if size > _MOST_HEADER:
            raise Incomplete(CORRUPT)
        data = take(self._source, 32 + at, size, self._guard)
        for _ in range(4):  # a header may be packed more than once
            reader = Reader(data)
            kind = reader.number()
            if kind == HEADER:
                return _read_header(reader)
            if kind != ENCODED:
                break
            data = self._unpacked_header(read_streams(reader))
        raise Incomplete(CORRUPT)

    def _unpacked_header(self, streams: Streams) -> bytes:
        if not streams.folders:
            raise Incomplete(CORRUPT)
        folder = streams.folders[0]
        size = folder.sizes[folder.main]
        is_locked = any(coder.method == crypto.METHOD for coder in folder.coders)
        run, why = self._open(streams, folder, is_locked)
        if run is None or size > _MOST_HEADER:
            raise Incomplete(why or CORRUPT)
        return b"".join(run.take(0, size))

    def _open(self, streams: Streams, folder: Folder, is_locked: bool) -> tuple[Solid | None, str]:
        """Return a folder's run, or why there is none."""
        passwords = self._guard.passwords if is_locked else (b"",)
        for password in passwords:
            try:
                if is_locked and not self._fits(streams, folder, password):
                    continue
                pieces = self._pieces(streams, folder, folder.main, password, 0)
            except Incomplete as reason:
                if is_locked and not self._guard.stopped:
                    continue
                return None, reason.remark
            packed = sum(streams.packed[n][1] for n in folder.packed if 0 <= n < len(streams.packed))
            size = folder.sizes[folder.main]
            return Solid(counted(pieces, self._guard, min(packed, self._source.size) or 1, size)), ""
        return None, ENCRYPTED

    def _fits(self, streams: Streams, folder: Folder, password: bytes) -> bool:
        """Return whether what a password gives is what the archive says. Raises Incomplete when it is not."""
        size, checksum = folder.members[0] if folder.members else (0, -1)
        pieces = self._pieces(streams, folder, folder.main, password, 0)
        crc, left = 0, min(size, _TRIED_BYTES)
        while left > 0:
            self._guard.check()
            piece = next(pieces, None)
            if piece is None:
                raise Incomplete(TOO_SHORT)
            crc = zlib.crc32(piece[:left], crc)
            left -= len(piece)
        return checksum < 0 or size > _TRIED_BYTES or crc == checksum

    def _pieces(self, streams: Streams, folder: Folder, number: int, password: bytes, depth: int) -> Iterator[bytes]:
        """Yield the output of a folder's coder, not counted."""
        if depth > len(folder.coders):
            raise Incomplete(CORRUPT)  # it is bound to itself
        coder = folder.coders[number]
        first = sum(other.inputs for other in folder.coders[:number])
        inputs = []
        for place in range(first, first + coder.inputs):
            if place in folder.binds:
                inputs.append(self._pieces(streams, folder, folder.binds[place], password, depth + 1))
            else:
                inputs.append(self._packed(streams, folder.packed[place]))
        if coder.method == crypto.METHOD:
            power, salt, block = crypto.parameters(coder.properties)
            secret = crypto.key(password, power, salt, self._guard, self._keys)
            return crypto.decrypted(inputs[0], secret, block)
        return decoded(coder, inputs, folder.sizes[number])

    def _packed(self, streams: Streams, number: int) -> Iterator[bytes]:
        if not 0 <= number < len(streams.packed):
            raise Incomplete(CORRUPT)
        start, length = streams.packed[number]
        got = 0
        for piece in self._source.pieces(start, length, READ_BYTES):
            self._guard.check()
            got += len(piece)
            yield piece
        if got < length:
            raise Incomplete(TOO_SHORT)


def _read_header(reader: Reader) -> tuple[Streams, Files]:
    streams, files = Streams(), Files()
    while kind := reader.number():
        if kind == ARCHIVE_PROPERTIES:
            reader.skip_properties()
        elif kind == MORE_STREAMS:
            read_streams(reader)
        elif kind == MAIN_STREAMS:
            streams = read_streams(reader)
        elif kind == FILES:
            files = read_files(reader)
        else:
            raise Incomplete(CORRUPT)
    return streams, files


def _short(name: str) -> str:
    return clean_name(name[: NAME_CHARS * 2].encode("utf-8", "surrogateescape"))
