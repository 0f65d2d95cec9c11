"""Compressed runs, unpacked piece by piece whatever the method."""

import bz2
import lzma
from collections.abc import Callable, Iterator
from typing import Protocol

from backports import zstd
from isal import isal_zlib

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

READ_BYTES = 64 * 1024
WRITE_BYTES = 256 * 1024
MEMORY_BYTES = 256 * 1024 * 1024
TOO_MUCH_MEMORY = "not opened: unpacking it needs too much memory"

# Each library's own: ISA-L, lzma, zstd; bz2 raises OSError and ValueError, all of them EOFError.
_ISAL_ERROR: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub takes it for an instance
ERRORS = (_ISAL_ERROR, lzma.LZMAError, zstd.ZstdError, OSError, ValueError, EOFError)


class Decoder(Protocol):
    """What bz2, lzma and zstd objects are: unpacks one stream, piece by piece."""

    @property
    def eof(self) -> bool:
        """Whether the stream's end was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out without more going in."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What followed the stream's end."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes, return at most so many unpacked ones."""
        ...


class Inflater:
    """A Decoder for a raw DEFLATE stream (RFC 1951), by ISA-L."""

    def __init__(self) -> None:
        self._state = isal_zlib.decompressobj(wbits=-15)
        self._tail = b""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the stream's end was reached."""
        return self._state.eof

    @property
    def unused_data(self) -> bytes:
        """What followed the stream's end."""
        return self._state.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes, return at most so many unpacked ones. Raises isal_zlib.IsalError."""
        out = self._state.decompress(self._tail + data if self._tail else data, max_length)
        self._tail = self._state.unconsumed_tail
        self.needs_input = not self._tail and len(out) < max_length
        return out


def xz_decoder() -> Decoder:
    """Return a Decoder for one .xz stream (The .xz File Format 1.2.1)."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_BYTES)


def lzma_decoder() -> Decoder:
    """Return a Decoder for one .lzma stream."""
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY_BYTES)


def raw_lzma(properties: bytes, most: int) -> Callable[[], Decoder] | None:
    """Return what makes decoders of LZMA data by its five bytes of properties, or None when they are nonsense.

    Source: LZMA specification 2015. most: bytes that are kept of what comes out; a larger dictionary serves nothing and
    costs memory.
    """
    if len(properties) < 5 or properties[0] >= 225:
        return None
    low, literal = divmod(properties[0], 9)
    position, low = divmod(low, 5)
    if literal + low > 4:
        return None  # liblzma's own limit
    size = max(4096, min(int.from_bytes(properties[1:5], "little"), most))
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": literal, "lp": low, "pb": position}]
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)


def bzip2_decoder() -> Decoder:
    """Return a Decoder for one bzip2 stream."""
    return bz2.BZ2Decompressor()


def zstd_decoder() -> Decoder:
    """Return a Decoder for one Zstandard frame or skippable frame (RFC 8878); windows of up to 128 MiB."""
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27})


class Unpacking:
    """One packed run of a source, unpacked as it is iterated.

    make: gives the decoder. start, length: of the packed bytes; length None is to the source's end. enough: so many
    unpacked bytes are all, though no end was seen. end: after the iteration, the offset behind the last packed byte
    that was used. Iterating raises Incomplete at damage or a limit, OSError.
    """

    def __init__(
        self, source: Source, guard: Guard, make: Callable[[], Decoder], start: int, length: int | None = None
    ) -> None:
        self._packed = source.pieces(start, length, READ_BYTES)
        self._guard = guard
        self._decoder = make()
        self._start = start
        self._fed = 0
        self._out = 0
        self.end = start
        self.enough = -1

    def __iter__(self) -> Iterator[bytes]:
        while not self._decoder.eof:
            piece = self._next()
            if piece is None:
                return
            if piece:
                self._count(len(piece))
                yield piece
            else:
                self._guard.check()
        self.end = self._start + self._fed - len(self._decoder.unused_data)

    def _next(self) -> bytes | None:
        packed = b""
        if self._decoder.needs_input:
            packed = next(self._packed, b"")
            self._fed += len(packed)
            self.end = self._start + self._fed
            if not packed and self._out == self.enough:
                return None
            if not packed:
                raise Incomplete(TOO_SHORT)
        try:
            piece = self._decoder.decompress(packed, WRITE_BYTES)
        except MemoryError as error:
            raise Incomplete(TOO_MUCH_MEMORY) from error
        except ERRORS as error:
            raise Incomplete(TOO_MUCH_MEMORY if "emory" in str(error) else CORRUPT) from error
        if not piece and not packed and not self._decoder.eof:
            raise Incomplete(CORRUPT)  # it neither takes nor gives
        return piece

    def _count(self, count: int) -> None:
        self._out += count
        if self._guard.is_bomb(self._out, self._fed):
            raise Incomplete(self._guard.ratio_remark)
        self._guard.grew(count)


class Solid:
    """What members that are packed together unpack to, read forward once.

    pieces: of the whole run, already counted. Damage, once met, is met by every later member too.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._at = 0
        self._failure = ""

    def take(self, start: int, length: int) -> Iterator[bytes]:
        """Yield so many bytes from an offset on. Raises Incomplete at damage, a limit, or for what was passed."""
        if start < self._at:
            raise Incomplete(CORRUPT)
        while self._at < start:
            self._at += len(self._piece(start - self._at))
        while length > 0:
            piece = self._piece(length)
            self._at += len(piece)
            length -= len(piece)
            yield piece

    def _piece(self, most: int) -> bytes:
        while not self._rest:
            if self._failure:
                raise Incomplete(self._failure)
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                self._failure = TOO_SHORT
            except Incomplete as reason:
                self._failure = reason.remark
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece
