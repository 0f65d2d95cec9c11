"""Compressed blocks of images: each is small, complete and unpacked in one go."""

import lzma
from collections.abc import Callable

import lz4.block
from backports import zstd
from isal import isal_zlib

from garrison.engine.formats.opener import CORRUPT
from garrison.engine.formats.unpack import Decoder, Inflater, lzma_decoder, xz_decoder, zstd_decoder
from garrison.engine.guard import Incomplete

_ISAL_ERROR: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub takes it for an instance
_ERRORS = (_ISAL_ERROR, lzma.LZMAError, zstd.ZstdError, OSError, ValueError, EOFError, lz4.block.LZ4BlockError)

# Takes a packed block and the most it may unpack to, both in bytes.
Unpack = Callable[[bytes, int], bytes]


class ZlibDecoder(Inflater):
    """A Decoder for a zlib stream (RFC 1950)."""

    def __init__(self) -> None:
        super().__init__()
        self._state = isal_zlib.decompressobj(wbits=15)


class GzipDecoder(Inflater):
    """A Decoder for one gzip member (RFC 1952), its header and trailer included."""

    def __init__(self) -> None:
        super().__init__()
        self._state = isal_zlib.decompressobj(wbits=31)


def by_decoder(make: Callable[[], Decoder]) -> Unpack:
    """Return the function that unpacks one block by a stream's decoder."""

    def unpack(packed: bytes, most: int) -> bytes:
        try:
            return make().decompress(packed, most)
        except (*_ERRORS, MemoryError) as error:
            raise Incomplete(CORRUPT) from error

    return unpack


def _lz4(packed: bytes, most: int) -> bytes:
    try:
        out: bytes = lz4.block.decompress(packed, uncompressed_size=most)
    except _ERRORS as error:
        raise Incomplete(CORRUPT) from error
    return out


zlib_block = by_decoder(ZlibDecoder)
deflate_block = by_decoder(Inflater)
lzma_block = by_decoder(lzma_decoder)
xz_block = by_decoder(xz_decoder)
zstd_block = by_decoder(zstd_decoder)
lz4_block: Unpack = _lz4


def whole_deflate_block(packed: bytes, most: int) -> bytes:
    """Unpack a block that ends where its DEFLATE data does, and to no more than `most`. Raises Incomplete else."""
    decoder = Inflater()
    try:
        piece = decoder.decompress(packed, most + 1)
    except _ERRORS as error:
        raise Incomplete(CORRUPT) from error
    if len(piece) > most or not decoder.eof or decoder.unused_data:
        raise Incomplete(CORRUPT)
    return piece


def adc_block(packed: bytes, most: int) -> bytes:
    """Unpack a block of Apple Data Compression (NDIF, UDIF): literals, and copies of 3 to 67 bytes from before.

    Raises Incomplete at damage.
    """
    out = bytearray()
    at = 0
    while at < len(packed) and len(out) < most:
        code = packed[at]
        if code & 0x80:
            count = (code & 0x7F) + 1
            out += packed[at + 1 : at + 1 + count]
            at += 1 + count
            continue
        width = 3 if code & 0x40 else 2
        if at + width > len(packed):
            raise Incomplete(CORRUPT)
        if width == 3:
            count = (code & 0x3F) + 4
            back = (packed[at + 1] << 8 | packed[at + 2]) + 1
        else:
            count = (code >> 2) + 3
            back = ((code & 3) << 8 | packed[at + 1]) + 1
        at += width
        if back > len(out):
            raise Incomplete(CORRUPT)
        _copy(out, back, count)
    return bytes(out[:most])


def _copy(out: bytearray, back: int, count: int) -> None:
    piece = bytes(out[-back:][:count])
    out += (piece * (count // len(piece) + 1))[:count]
