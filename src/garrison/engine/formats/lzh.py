"""The packing of LHA (lh4 to lh7) and ARJ (1 to 4): a sliding window and prefix codes.

No public specification; facts of Haruhiko Okumura's ar002 (public domain) and of ARJ's TECHNOTE.
"""

from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, HighBits, Table, copy, drain, high_first, only
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete

_LITERALS = 510
_HELPERS = 19
_MOST_LENGTH = 16


def unpacked(data: bytes, size: int, window: int, distances: int, bits: int) -> Iterator[bytes]:
    """Yield what packed bytes unpack to. size: unpacked; distances: codes for them, and the bits that count those.

    Raises Incomplete.
    """
    out = bytearray(b" " * window)  # what lies before the start is spaces
    return drain(_steps(HighBits(data), out, size, distances, bits), out, window)


def _steps(bits: HighBits, out: bytearray, size: int, distances: int, width: int) -> Iterator[None]:
    left, stop = size, size - PIECE
    while left > 0:
        count = bits.take(16) or 65536
        helper = _short_code(bits, _HELPERS, 5, 3)
        literals, most = _literal_code(bits, helper)
        far = _short_code(bits, distances, width, -1)
        mask = (1 << most) - 1
        while count and left > 0:
            count -= 1
            if bits.count < 16:
                bits.fill()
            entry = literals[bits.held >> (bits.count - most) & mask]
            if not entry & 31 and literals[0] != literals[-1]:
                raise Incomplete(CORRUPT)
            bits.count -= entry & 31
            symbol = entry >> 5
            if symbol < 256:
                out.append(symbol)
                left -= 1
                continue
            length = min(symbol - 253, left)
            distance = bits.symbol(far)
            if distance > 1:
                distance = (1 << (distance - 1)) + bits.take(distance - 1)
            copy(out, distance + 1, length)
            left -= length
            if left <= stop:
                yield
                stop = left - PIECE
        yield


def _short_code(bits: HighBits, most: int, width: int, special: int) -> Table:
    count = bits.take(width)
    if not count:
        return only(bits.take(width))
    if count > most:
        raise Incomplete(CORRUPT)
    lengths: list[int] = []
    while len(lengths) < count:
        length = bits.take(3)
        while length >= 7 and bits.take(1):
            length += 1
            if length > _MOST_LENGTH:
                raise Incomplete(CORRUPT)
        lengths.append(length)
        if len(lengths) == special:
            lengths += [0] * bits.take(2)
    return high_first(lengths)


def _literal_code(bits: HighBits, helper: Table) -> Table:
    count = bits.take(9)
    if not count:
        return only(bits.take(9))
    lengths: list[int] = []
    while len(lengths) < count:
        symbol = bits.symbol(helper)
        if symbol == 0:
            lengths.append(0)
        elif symbol == 1:
            lengths += [0] * (3 + bits.take(4))
        elif symbol == 2:
            lengths += [0] * (20 + bits.take(9))
        else:
            lengths.append(symbol - 2)
    if len(lengths) > _LITERALS + 2:
        raise Incomplete(CORRUPT)
    return high_first(lengths[:_LITERALS])


def fastest(data: bytes, size: int) -> Iterator[bytes]:
    """Yield what ARJ's method 4 packed. Raises Incomplete."""
    window = 32768
    out = bytearray(b" " * window)
    return drain(_fast_steps(HighBits(data), out, size), out, window)


def _fast_steps(bits: HighBits, out: bytearray, size: int) -> Iterator[None]:
    left, stop = size, size - PIECE
    while left > 0:
        number = _grown(bits, 0, 7)
        if not number:
            out.append(bits.take(8))
            left -= 1
        else:
            length = min(number + 2, left)
            copy(out, _grown(bits, 9, 13) + 1, length)
            left -= length
        if left <= stop:
            yield
            stop = left - PIECE


def _grown(bits: HighBits, width: int, most: int) -> int:
    """Return a number: ones tell how many bits it has."""
    base = 0
    while width < most and bits.take(1):
        base += 1 << width
        width += 1
    return base + bits.take(width)
