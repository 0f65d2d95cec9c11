"""DEFLATE64: RFC 1951 with a window of 64 KiB, distances to 131,072 and lengths to 65,538 (PKWARE's method 9)."""

from collections.abc import Iterator

from garrison.engine.formats.low_bits import LowBits
from garrison.engine.formats.lzh_codes import PIECE, Table, copy, drain, low_first
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Incomplete

_WINDOW = 128 * 1024
_LENGTHS = [(3 + n, 0) for n in range(8)]
_LENGTHS += [(((4 + n % 4) << (n // 4 - 1)) + 3, n // 4 - 1) for n in range(8, 28)] + [(3, 16)]
_DISTANCES = [(n + 1, 0) for n in range(4)] + [(((2 + n % 2) << (n // 2 - 1)) + 1, n // 2 - 1) for n in range(4, 32)]
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_FIXED = ([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8, [5] * 32)


class _Bits(LowBits):
    __slots__ = ()

    def used(self) -> int:
        """Return how many bytes were begun."""
        return self.at - self.count // 8

    def check(self) -> None:
        """Raise Incomplete when more was read than there is."""
        if self.used() > len(self.data):
            raise Incomplete(TOO_SHORT)


class Inflating:
    """One DEFLATE64 stream. used: after the iteration, the packed bytes that it took. Iterating raises Incomplete."""

    def __init__(self, data: bytes) -> None:
        self._bits = _Bits(data)
        self._out = bytearray()
        self.used = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from drain(self._steps(), self._out, _WINDOW)
        self.used = self._bits.used()

    def _steps(self) -> Iterator[None]:
        is_last = 0
        while not is_last:
            is_last = self._bits.take(1)
            kind = self._bits.take(2)
            if kind == 3:
                raise Incomplete(CORRUPT)
            if kind == 0:
                self._stored()
            else:
                codes = _FIXED if kind == 1 else self._codes()
                yield from _block(self._bits, self._out, low_first(codes[0]), low_first(codes[1]))
            self._bits.check()
            yield

    def _stored(self) -> None:
        bits = self._bits
        bits.take(bits.count & 7)
        length = bits.take(16)
        if length ^ bits.take(16) != 0xFFFF:
            raise Incomplete(CORRUPT)
        at = bits.used()
        self._out += bits.data[at : at + length]
        bits.at, bits.held, bits.count = at + length, 0, 0

    def _codes(self) -> tuple[list[int], list[int]]:
        """Return the lengths of a block's own codes (RFC 1951, 3.2.7)."""
        bits = self._bits
        literals, distances, given = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
        order = [0] * 19
        for place in _ORDER[:given]:
            order[place] = bits.take(3)
        table = low_first(order)
        lengths: list[int] = []
        while len(lengths) < literals + distances:
            symbol = bits.symbol(table)
            if symbol < 16:
                lengths.append(symbol)
            elif symbol == 16:
                lengths += lengths[-1:] * (3 + bits.take(2))
            else:
                lengths += [0] * (3 + bits.take(3) if symbol == 17 else 11 + bits.take(7))
            bits.check()
        return lengths[:literals], lengths[literals : literals + distances]


def _block(bits: _Bits, out: bytearray, literals: Table, distances: Table) -> Iterator[None]:
    """Unpack one block. Everything is local here: the loop is where all of the time goes."""
    table, most = literals
    mask = (1 << most) - 1
    next_stop = len(out) + PIECE
    append = out.append
    while True:
        if bits.count < 16:
            bits.fill()
        held, count = bits.held, bits.count
        symbol = 0
        while count >= 16:
            entry = table[held & mask]
            length = entry & 31
            held >>= length
            count -= length
            symbol = entry >> 5
            if symbol >= 256 or not entry:
                break
            append(symbol)
        bits.held, bits.count = held, count
        if not entry:
            bits.check()
            raise Incomplete(CORRUPT)
        if symbol > 256:
            base, extra = _LENGTHS[symbol - 257]
            length = base + bits.take(extra)
            base, extra = _DISTANCES[bits.symbol(distances)]
            copy(out, base + bits.take(extra), length)
        elif symbol == 256:
            return
        if len(out) >= next_stop or bits.at > len(bits.data):
            bits.check()
            yield
            next_stop = len(out) + PIECE
