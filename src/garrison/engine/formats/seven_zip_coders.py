"""The methods of 7z: Methods.txt of the LZMA SDK. Each turns pieces into pieces, forward."""

import bz2
import lzma
from collections.abc import Callable, Iterator

from garrison.engine.formats import seven_zip_arm64, seven_zip_ppmd, seven_zip_riscv
from garrison.engine.formats.deflate64 import Inflating
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.formats.seven_zip_bcj2 import joined
from garrison.engine.formats.seven_zip_header import Coder
from garrison.engine.formats.unpack import (
    ERRORS,
    MEMORY_BYTES,
    TOO_MUCH_MEMORY,
    WRITE_BYTES,
    Decoder,
    Inflater,
    zstd_decoder,
)
from garrison.engine.guard import Incomplete

Pieces = Iterator[bytes]
_MOST_BYTES = 100 * 1024 * 1024  # of streams that a decoder needs whole


def decoded(coder: Coder, inputs: list[Pieces], size: int) -> Pieces:
    """Yield what a coder makes of its inputs, of which `size` bytes are told. Raises Incomplete at damage."""
    method = coder.method
    if method == b"\x03\x03\x01\x1b":
        if len(inputs) != 4:
            raise Incomplete(CORRUPT)
        return joined([_whole(pieces) for pieces in inputs], size)
    if method in _OWN_FILTERS:
        return _OWN_FILTERS[method](inputs[0], int.from_bytes(coder.properties[:4], "little"))
    if method in _FILTERS:
        return _filtered(inputs[0], _FILTERS[method], coder.properties, size)
    if method == b"\x00":
        return inputs[0]
    if method in _OF_THE_WHOLE:
        return _OF_THE_WHOLE[method](_whole(inputs[0]), coder.properties, size)
    make = _MAKERS.get(method)
    if make is None:
        raise Incomplete(f"not opened: packed by method {method.hex()}")
    return _run(inputs[0], make(coder.properties, size), size)


def _whole(pieces: Pieces) -> bytes:
    kept, room = [], _MOST_BYTES
    for piece in pieces:
        kept.append(piece)
        room -= len(piece)
        if room < 0:
            raise Incomplete(TOO_MUCH_MEMORY)
    return b"".join(kept)


def _run(pieces: Pieces, decoder: Decoder, size: int) -> Pieces:
    done = 0
    while done < size and not decoder.eof:
        packed = b""
        if decoder.needs_input:
            packed = next(pieces, b"")
            if not packed:
                raise Incomplete(TOO_SHORT)
        try:
            piece = decoder.decompress(packed, min(WRITE_BYTES, size - done))
        except MemoryError as error:
            raise Incomplete(TOO_MUCH_MEMORY) from error
        except ERRORS as error:
            raise Incomplete(CORRUPT) from error
        if not piece and not packed and not decoder.eof:
            raise Incomplete(CORRUPT)
        done += len(piece)
        yield piece  # an empty one too: whoever counts asks for the time


def _lzma1(properties: bytes, size: int) -> Decoder:
    if len(properties) < 5 or properties[0] >= 225:
        raise Incomplete(CORRUPT)
    low, literal = divmod(properties[0], 9)
    position, low = divmod(low, 5)
    if literal + low > 4:
        raise Incomplete(CORRUPT)  # liblzma's own limit
    dictionary = _dictionary(int.from_bytes(properties[1:5], "little"), size)
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": literal, "lp": low, "pb": position}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)


def _lzma2(properties: bytes, size: int) -> Decoder:
    if len(properties) < 1 or properties[0] > 40:
        raise Incomplete(CORRUPT)
    told = (2 | properties[0] & 1) << (properties[0] // 2 + 11)
    chain = [{"id": lzma.FILTER_LZMA2, "dict_size": _dictionary(told, size)}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)


def _dictionary(told: int, size: int) -> int:
    """Return the dictionary that is needed: none reaches beyond the start. Raises Incomplete."""
    needed = max(4096, min(told, size))
    if needed > MEMORY_BYTES:
        raise Incomplete(TOO_MUCH_MEMORY)
    return needed


_OF_THE_WHOLE: dict[bytes, Callable[[bytes, bytes, int], Pieces]] = {
    b"\x04\x01\x09": lambda data, _properties, _size: iter(Inflating(data)),
    seven_zip_ppmd.METHOD: seven_zip_ppmd.unpacked,
}
_MAKERS: dict[bytes, Callable[[bytes, int], Decoder]] = {
    b"\x03\x01\x01": _lzma1,
    b"\x21": _lzma2,
    b"\x04\x01\x08": lambda _properties, _size: Inflater(),
    b"\x04\x02\x02": lambda _properties, _size: bz2.BZ2Decompressor(),
    b"\x04\xf7\x11\x01": lambda _properties, _size: zstd_decoder(),
}
_OWN_FILTERS: dict[bytes, Callable[[Pieces, int], Pieces]] = {
    b"\x0a": seven_zip_arm64.filtered,
    b"\x0b": seven_zip_riscv.filtered,
    b"\x02\x03\x02": lambda pieces, _start: _swapped(pieces, 2),
    b"\x02\x03\x04": lambda pieces, _start: _swapped(pieces, 4),
}
_FILTERS = {
    b"\x03": lzma.FILTER_DELTA,
    b"\x04": lzma.FILTER_X86,
    b"\x05": lzma.FILTER_POWERPC,
    b"\x06": lzma.FILTER_IA64,
    b"\x07": lzma.FILTER_ARM,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\x09": lzma.FILTER_SPARC,
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
}


def _swapped(pieces: Pieces, width: int) -> Pieces:
    """Yield pieces with the bytes of each number in the other order; what is no whole number at the end stays."""
    held = b""
    for piece in pieces:
        data = held + piece
        whole = len(data) - len(data) % width
        held, out = data[whole:], bytearray(whole)
        for place in range(width):
            out[place::width] = data[width - 1 - place : whole : width]
        yield bytes(out)
    yield held


def _filtered(pieces: Pieces, filter_id: int, properties: bytes, size: int) -> Pieces:
    """Yield what one of liblzma's filters makes of pieces.

    It takes a filter only before its own methods: the pieces are handed to it as stored chunks of LZMA2.
    """
    own: dict[str, int] = {"id": filter_id}
    if filter_id == lzma.FILTER_DELTA:
        own["dist"] = properties[0] + 1 if properties else 1
    chain = [own, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    return _run(_chunks(pieces), lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), size)


def _chunks(pieces: Pieces) -> Pieces:
    control = b"\x01"
    reason: Incomplete | None = None
    try:
        for piece in pieces:
            for at in range(0, len(piece), 1 << 16):
                part = piece[at : at + (1 << 16)]
                yield control + (len(part) - 1).to_bytes(2, "big") + part
                control = b"\x02"
    except Incomplete as error:
        reason = error
    yield b"\x00"
    if reason is not None:
        raise reason
