"""The filters of PDF streams: ISO 32000-1:2008, 7.4. Images' own (DCT, JPX, CCITT, JBIG2) are not decoded.

Every filter takes pieces and yields pieces, has them counted, and yields what came before damage; then it raises
Incomplete.
"""

import base64
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Guard, Incomplete

_READ_BYTES = 64 * 1024
_WRITE_BYTES = 256 * 1024
_CAREFUL_BYTES = 16
_NOT_HEX = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))
_NOT_85 = bytes(set(range(256)) - set(range(0x21, 0x76)) - set(b"z"))
_LZW_CODES = 4096
_PICTURES = {b"DCTDecode", b"DCT", b"JPXDecode", b"CCITTFaxDecode", b"CCF", b"JBIG2Decode"}
_ROWS_A_CHECK = 256


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a filter is told (7.4.4.3): the predictor and the shape of its rows; LZW's early change."""

    predictor: int = 1
    colors: int = 1
    bits: int = 8
    columns: int = 1
    early: int = 1


_Filter = Callable[[Iterable[bytes], Parameters, Guard], Iterator[bytes]]


def decode(data: bytes, filters: tuple[bytes, ...], parameters: Parameters, guard: Guard) -> Iterator[bytes]:
    """Yield what a stream means. An unknown filter ends the chain with its input.

    Raises Incomplete at damage or a limit; what came before has been yielded.
    """
    pieces: Iterable[bytes] = (data[at : at + _READ_BYTES] for at in range(0, len(data), _READ_BYTES))
    known = [_FILTERS[name] for name in filters if name in _FILTERS]
    if not known:
        pieces = _counted(pieces, guard)
    for make in known:
        pieces = make(pieces, parameters, guard)
    return iter(pieces)


def is_picture(filters: tuple[bytes, ...]) -> bool:
    """Return whether the stream is a picture's own format in the end."""
    return bool(filters) and filters[-1] in _PICTURES


def _counted(pieces: Iterable[bytes], guard: Guard) -> Iterator[bytes]:
    for piece in pieces:
        guard.grew(len(piece))
        yield piece


def _all(pieces: Iterable[bytes]) -> tuple[bytes, Incomplete | None]:
    """Return the input as far as it comes, and why it ended early."""
    kept: list[bytes] = []
    try:
        kept.extend(pieces)
    except Incomplete as reason:
        return b"".join(kept), reason
    return b"".join(kept), None


def _whole(decoder: Callable[[bytes], bytes]) -> _Filter:
    """Return the filter that decodes all of its input in one go; what comes out is not larger than what went in."""

    def run(pieces: Iterable[bytes], _: Parameters, guard: Guard) -> Iterator[bytes]:
        data, reason = _all(pieces)
        out = decoder(data)
        guard.grew(len(out))
        yield out
        if reason is not None:
            raise reason

    return run


def _hex(data: bytes) -> bytes:
    digits = data.split(b">", 1)[0].translate(None, _NOT_HEX)
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _base85(data: bytes) -> bytes:
    digits = data.removeprefix(b"<~").split(b"~", 1)[0].translate(None, _NOT_85)
    try:
        return base64.a85decode(digits)
    except ValueError:
        # What stands before the damaged group is sound.
        for at in range(0, len(digits), 5):
            group = digits[at : at + 5]
            if b"z" in group or group > b"s8W-!":
                return _base85(digits[:at]) if at else b""
    return b""


def _flate(pieces: Iterable[bytes], parameters: Parameters, guard: Guard) -> Iterator[bytes]:
    return _predicted(_inflated(pieces, guard), parameters, guard)


def _inflated(pieces: Iterable[bytes], guard: Guard) -> Iterator[bytes]:
    """Yield what zlib data unpacks to; its checksum is not compared, and its header may be missing."""
    data, reason = _all(pieces)
    data = data.lstrip(b"\r\n")
    is_headed = len(data) > 2 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
    produced = 0
    for step in (_READ_BYTES, _CAREFUL_BYTES):
        state = zlib.decompressobj(-15)
        try:
            for piece in _steps(state, data[2:] if is_headed else data, step, produced):
                produced += len(piece)
                guard.grew(len(piece))
                yield piece
            break
        except zlib.error:
            continue  # once more, in small steps: what comes just before the damage is wanted
    else:
        raise reason or Incomplete(CORRUPT)
    if not state.eof:
        raise reason or Incomplete(TOO_SHORT)


def _steps(state: "zlib._Decompress", data: bytes, step: int, skip: int) -> Iterator[bytes]:
    """Yield what comes out, less so many bytes that were yielded before. Raises zlib.error."""
    for at in range(0, len(data), step):
        rest = data[at : at + step]
        while rest and not state.eof:
            piece = state.decompress(rest, _WRITE_BYTES)
            rest = state.unconsumed_tail
            yield piece[skip:]
            skip = max(0, skip - len(piece))
        if state.eof:
            return
    while not state.eof:
        piece = state.decompress(b"", _WRITE_BYTES)
        if not piece:
            return
        yield piece[skip:]
        skip = max(0, skip - len(piece))


def _lzw(pieces: Iterable[bytes], parameters: Parameters, guard: Guard) -> Iterator[bytes]:
    return _predicted(_gathered(_unpacked_lzw(pieces, parameters.early), guard), parameters, guard)


def _unpacked_lzw(pieces: Iterable[bytes], early: int) -> Iterator[bytes]:
    """Yield what LZW data unpacks to (7.4.4.2): codes of 9 to 12 bits, 256 clears the table, 257 ends."""
    roots = [bytes((value,)) for value in range(256)] + [b"", b""]
    table, before, width = roots.copy(), b"", 9
    number = bits = 0
    data, reason = _all(pieces)
    for byte in data:
        number = (number << 8 | byte) & 0xFFFFF
        bits += 8
        if bits < width:
            continue
        bits -= width
        code = number >> bits & (1 << width) - 1
        if code == 257:
            break
        if code == 256:
            table, before, width = roots.copy(), b"", 9
            continue
        entry = table[code] if code < len(table) else before + before[:1]
        if not entry or code > len(table):
            reason = reason or Incomplete(CORRUPT)
            break
        if before and len(table) < _LZW_CODES:
            table.append(before + entry[:1])
        before = entry
        width = min(12, max(9, (len(table) + early).bit_length()))
        yield entry
    if reason is not None:
        raise reason


def _run_length(pieces: Iterable[bytes], _: Parameters, guard: Guard) -> Iterator[bytes]:
    return _gathered(_unpacked_runs(pieces), guard)


def _unpacked_runs(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what runs unpack to (7.4.5): 0 to 127 are that many and one bytes, 129 to 255 one byte 257 less that."""
    data, reason = _all(pieces)
    at = 0
    while at < len(data) and data[at] != 128:
        length = data[at]
        yield data[at + 1 : at + 2 + length] if length < 128 else data[at + 1 : at + 2] * (257 - length)
        at += 2 + length if length < 128 else 2
    if reason is not None:
        raise reason


def _gathered(runs: Iterator[bytes], guard: Guard) -> Iterator[bytes]:
    """Yield many short runs as counted pieces; damage is raised behind what came before it."""
    kept: list[bytes] = []
    ready = 0
    damage = None
    while True:
        try:
            for run in runs:
                kept.append(run)
                ready += len(run)
                if ready >= _READ_BYTES:
                    break
        except Incomplete as reason:
            damage = reason
        is_last = ready < _READ_BYTES
        guard.grew(ready)
        yield b"".join(kept)
        if damage is not None:
            raise damage
        if is_last:
            return
        kept, ready = [], 0


def _predicted(pieces: Iterator[bytes], parameters: Parameters, guard: Guard) -> Iterator[bytes]:
    """Return the rows as they were before a predictor changed them (7.4.4.4), or the pieces when none did."""
    size = -(-parameters.colors * parameters.bits * parameters.columns // 8)
    step = max(1, parameters.colors * parameters.bits // 8)
    if parameters.predictor < 2 or not 0 < size <= 1 << 20 or step > 64:
        return pieces
    if parameters.predictor == 2:
        return _rows(pieces, size, step, guard, is_png=False) if parameters.bits == 8 else pieces
    return _rows(pieces, size, step, guard, is_png=True)


def _rows(pieces: Iterator[bytes], size: int, step: int, guard: Guard, *, is_png: bool) -> Iterator[bytes]:
    data, reason = _all(pieces)
    before = bytes(size)
    kept: list[bytes] = []
    whole = size + is_png
    for count, at in enumerate(range(0, len(data), whole)):
        kind = data[at] if is_png else 1
        row = data[at + is_png : at + whole]
        before = _row(kind, row, before, step)
        kept.append(before)
        if count % _ROWS_A_CHECK == 0:
            guard.check()
    yield b"".join(kept)
    if reason is not None:
        raise reason


def _row(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """Return one row (PNG 1.2, chapter 6)."""
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(row, above, strict=False))
    if kind not in {1, 3, 4}:
        return row
    out = bytearray(row)
    for at in range(len(out)):
        left = out[at - step] if at >= step else 0
        up = above[at] if at < len(above) else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            guess = _paeth(left, up, above[at - step] if step <= at < len(above) + step else 0)
        out[at] = (out[at] + guess) & 255
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


_FILTERS: dict[bytes, _Filter] = {
    b"FlateDecode": _flate,
    b"Fl": _flate,
    b"LZWDecode": _lzw,
    b"LZW": _lzw,
    b"ASCIIHexDecode": _whole(_hex),
    b"AHx": _whole(_hex),
    b"ASCII85Decode": _whole(_base85),
    b"A85": _whole(_base85),
    b"RunLengthDecode": _run_length,
    b"RL": _run_length,
}

_NAMES = re.compile(rb"/([^\s/<>\[\]()%\x00]+)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def names(text: bytes) -> tuple[bytes, ...]:
    """Return the names in a piece of PDF, their escapes undone (7.3.5)."""
    return tuple(_NAMES.findall(unescaped(text)))


def unescaped(text: bytes) -> bytes:
    """Return a piece of PDF with the escapes in names undone (7.3.5); its texts may suffer."""
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), text) if b"#" in text else text
