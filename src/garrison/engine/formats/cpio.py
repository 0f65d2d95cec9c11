"""The cpio format: the new one (with and without checksums), the portable one of POSIX, the old binary one.

POSIX.1-2001, cpio; cpio(5) of FreeBSD. An own reader, because it must read forward from a stream too (RPM).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.forward import Forward, ForwardSource
from garrison.engine.formats.opener import TOO_SHORT, Listed, Member, clean_name, collect, stored
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import identify
from garrison.engine.source import Source
from garrison.engine.type import Type

_FIRST = 26  # the shortest header; the longest are 76 and 110 bytes
_NAME_BYTES = 64 * 1024
_LAST = b"TRAILER!!!"
_KIND = 0o170000
_NO_CONTENT = frozenset({0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000})
_PACKED = {Type.GZIP, Type.BZIP2, Type.XZ, Type.LZMA, Type.ZSTD, Type.LZ4}


@dataclass(frozen=True, slots=True)
class _Header:
    """mode: type and permissions. block: header with name, and data, are padded to a multiple of it; in bytes."""

    mode: int
    name: int
    size: int
    length: int
    block: int


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside, and what is packed behind the last archive (an initial RAM disk). Raises OSError."""
    reader = _Reader(ForwardSource(source, guard))
    yield from reader.members()
    if reader.behind < 0 or guard.stopped or identify(source.read_at(reader.behind, 4096)) not in _PACKED:
        return
    yield collect(("behind the end",), stored(source, reader.behind, source.size - reader.behind, guard), guard)


def read(stream: Forward) -> Iterator[Member]:
    """Yield the files in a cpio archive that is read forward, and in those appended to it. Raises OSError."""
    return _Reader(stream).members()


class _Reader:
    """behind: where something else than a cpio archive follows one, -1 when nothing does; in bytes."""

    def __init__(self, stream: Forward) -> None:
        self.behind = -1
        self._stream = stream
        self._held = b""  # read, and not used yet
        self._count = 0
        self._is_ended = False

    def members(self) -> Iterator[Member]:
        while not self._stream.guard.stopped and not self._stream.remark:
            start = self._next()
            if not start:
                break
            header = self._header(start)
            if header is None:
                self._lost(start)
                break
            yield from self._entry(header)
        if self._stream.guard.stopped or self._stream.remark:
            yield Member((), None, self._stream.guard.stopped or self._stream.remark)

    def _lost(self, start: bytes) -> None:
        if self._is_ended:
            self.behind = self._stream.at - len(self._held) - len(start)
        elif not self._stream.remark:
            self._stream.remark = f"damaged after member {self._count}"

    def _next(self) -> bytes:
        """Return the first bytes of the next header, b"" at the end; the zeros between archives are passed over."""
        while self._is_ended and not self._held:
            piece = self._stream.read(4096)
            self._held = piece.lstrip(b"\x00")
            if not piece:
                return b""
        start = self._read(_FIRST)
        if len(start) < _FIRST and not self._is_ended:
            self._short()
        return start

    def _header(self, start: bytes) -> _Header | None:
        if start[:6] in {b"070701", b"070702"}:
            fields = _numbers(start[6:] + self._read(110 - _FIRST), 8, 16, 13)
            return None if fields is None else _Header(fields[1], fields[11], fields[6], 110, 4)
        if start[:6] == b"070707":
            text = start + self._read(76 - _FIRST)
            fields = _numbers(text[18:24] + text[59:65], 6, 8, 2)
            size = _numbers(text[65:], 11, 8, 1)
            return None if fields is None or size is None else _Header(fields[0], fields[1], size[0], 76, 1)
        form = {b"\xc7\x71": "<13H", b"\x71\xc7": ">13H"}.get(start[:2])
        if form is None or len(start) < _FIRST:
            return None
        words = struct.unpack(form, start)
        return _Header(words[3], words[10], words[11] << 16 | words[12], _FIRST, 2)

    def _entry(self, header: _Header) -> Iterator[Member]:
        name = self._read(min(header.name, _NAME_BYTES))
        self._skip(header.name - len(name) + -(header.length + header.name) % header.block)
        name = name.split(b"\x00", 1)[0]
        if name == _LAST and not header.size:
            self._is_ended = True
            return
        if self._stream.remark:
            return
        self._is_ended = False
        if (header.mode & _KIND) in _NO_CONTENT:
            self._skip(header.size + -header.size % header.block)
            return
        self._count += 1
        text = clean_name(name)
        listed = Listed(text, header.size, header.size, position=self._count)
        end = self._stream.at - len(self._held) + header.size
        yield collect((text,), self._data(header.size), self._stream.guard, listed=listed)
        left = max(0, end - (self._stream.at - len(self._held)))
        self._skip(left + -header.size % header.block)

    def _data(self, size: int) -> Iterator[bytes]:
        held, self._held = self._held[:size], self._held[size:]
        got = len(held)
        if held:
            yield held
        for piece in self._stream.run(size - got):
            got += len(piece)
            yield piece
        if self._stream.remark or got < size:
            raise Incomplete(self._stream.remark or TOO_SHORT)

    def _read(self, count: int) -> bytes:
        held, self._held = self._held[:count], self._held[count:]
        return held + self._stream.read(count - len(held))

    def _skip(self, count: int) -> None:
        held = min(count, len(self._held))
        self._held = self._held[held:]
        if self._stream.skip(count - held) < count - held:
            self._short()

    def _short(self) -> None:
        self._stream.remark = self._stream.remark or TOO_SHORT


def _numbers(text: bytes, width: int, base: int, count: int) -> list[int] | None:
    """Return so many numbers of a fixed width, or None when they are none."""
    fields = [text[at : at + width] for at in range(0, width * count, width)]
    if len(text) < width * count or not all(field.isalnum() for field in fields):
        return None
    try:
        return [int(field, base) for field in fields]
    except ValueError:
        return None
