"""The single files of Microsoft's COMPRESS.EXE: SZDD and KWAJ; no public specification, facts of libmspack's notes."""

import struct
import zlib
from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, copy, counted, drain, packed_room
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Member, clean_name, closed, collect
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_WINDOW = 4096
_STORED, _INVERTED, _LZSS, _MSZIP = 0, 1, 2, 4
_INVERSE = bytes(255 - number for number in range(256))


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one file inside. Raises OSError."""
    head = source.read_at(0, 512)
    base = name.rsplit("/", 1)[-1]
    if head.startswith(b"KWAJ"):
        yield _kwaj(source, guard, head, base)
        return
    last = head[9:10].decode("latin-1").strip("\x00")
    inner = base[:-1] + last if base.endswith("_") else base
    size = int.from_bytes(head[10:14], "little")
    data = source.read_at(14, packed_room(guard))
    if len(head) < 14:
        yield Member((), None, TOO_SHORT)
    else:
        yield collect((inner or "content",), counted(_lzss(data, size), guard, len(data) + 1, size), guard)


def _kwaj(source: Source, guard: Guard, head: bytes, base: str) -> Member:
    if len(head) < 14:
        return Member((), None, TOO_SHORT)
    method, start, flags = struct.unpack_from("<8x3H", head)
    at, size = 14, -1
    if flags & 1:
        size, at = int.from_bytes(head[at : at + 4], "little"), at + 4
    at += 2 if flags & 2 else 0
    if flags & 4:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    name = b""
    for flag, before, most in ((8, b"", 9), (16, b".", 4)):
        if flags & flag:
            part = head[at : at + most].split(b"\x00", 1)[0]
            name += before + part
            at += len(part) + 1
    names = (clean_name(name) or base or "content",)
    data = source.read_at(start, packed_room(guard))
    makers = {_STORED: _plain, _INVERTED: _inverted, _LZSS: _lzss, _MSZIP: _mszip}
    make = makers.get(method)
    if make is None:
        return closed(names, f"not opened: packed by method {method}", guard)
    return collect(names, counted(make(data, size), guard, len(data) + 1, size), guard)


def _plain(data: bytes, size: int) -> Iterator[bytes]:  # noqa: ARG001 # every method gets the size
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


def _inverted(data: bytes, size: int) -> Iterator[bytes]:
    for piece in _plain(data, size):
        yield piece.translate(_INVERSE)


def _mszip(data: bytes, size: int) -> Iterator[bytes]:  # noqa: ARG001 # every method gets the size
    at, before = 0, b""
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 2], "little")
        if not length:
            return
        try:
            piece = zlib.decompressobj(-15, zdict=before).decompress(data[at + 4 : at + 2 + length], 32768)
        except zlib.error as error:
            raise Incomplete(CORRUPT) from error
        yield piece
        before = (before + piece)[-32768:]
        at += 2 + length


def _lzss(data: bytes, size: int) -> Iterator[bytes]:
    out = bytearray(b" " * _WINDOW)  # what lies before the start is spaces
    return drain(_steps(data, size, out), out, _WINDOW)


def _steps(data: bytes, size: int, out: bytearray) -> Iterator[None]:
    at, end = 0, len(data)
    done, stop = 0, PIECE
    while at < end and (size < 0 or done < size):
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                break
            if flags >> bit & 1:
                out.append(data[at])
                at += 1
                done += 1
            else:
                if at + 1 >= end:
                    at = end
                    break
                place = data[at] | (data[at + 1] & 0xF0) << 4
                length = (data[at + 1] & 15) + 3
                copy(out, (done + _WINDOW - 16 - place) % _WINDOW or _WINDOW, length)
                at += 2
                done += length
        if done >= stop:
            yield
            stop = done + PIECE
    if done < size:
        raise Incomplete(TOO_SHORT)
