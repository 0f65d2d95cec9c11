"""Prefix codes, and the output window, of the decoders that are written in Python.

A table has one entry for every run of as many bits as the longest code has: the symbol shifted left by 5, and the
code's length below; 0 where no code begins so.
"""

from collections.abc import Iterator, Sequence

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Guard, Incomplete

LENGTH_BITS = 5
LENGTH_MASK = 31
PIECE = 64 * 1024
Table = tuple[list[int], int]


def _ordered(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return (length, symbol) in the order of canonical codes (RFC 1951, 3.2.2). Raises Incomplete."""
    found = sorted((length, symbol) for symbol, length in enumerate(lengths) if length)
    if found and (found[-1][0] > 16 or sum(1 << (16 - length) for length, _ in found) > 1 << 16):
        raise Incomplete(CORRUPT)
    return found


def high_first(lengths: Sequence[int]) -> Table:
    """Return the table, and its number of bits, for codes read from the high bit on; lengths: up to 16, 0 for none.

    Raises Incomplete when there are more codes than can be.
    """
    found = _ordered(lengths)
    most = found[-1][0] if found else 1
    table: list[int] = []
    for length, symbol in found:
        table += [symbol << LENGTH_BITS | length] * (1 << (most - length))
    table += [0] * ((1 << most) - len(table))
    return table, most


def low_first(lengths: Sequence[int]) -> Table:
    """Return the table, and its number of bits, for codes whose bits come lowest first. Raises Incomplete."""
    found = _ordered(lengths)
    most = found[-1][0] if found else 1
    table = [0] * (1 << most)
    code = before = 0
    for length, symbol in found:
        code <<= length - before
        before = length
        start = int(f"{code:0{length}b}"[::-1], 2)
        table[start :: 1 << length] = [symbol << LENGTH_BITS | length] * (1 << (most - length))
        code += 1
    return table, most


def only(symbol: int) -> Table:
    """Return the table of a code that has one symbol and takes no bits."""
    return [symbol << LENGTH_BITS, symbol << LENGTH_BITS], 1


def copy(out: bytearray, distance: int, length: int) -> None:
    """Repeat what lies so far back. Raises Incomplete when that is before the start."""
    start = len(out) - distance
    if start < 0 or distance <= 0:
        raise Incomplete(CORRUPT)
    if distance >= length:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // distance + 1))[:length]


def drain(steps: Iterator[None], out: bytearray, window: int) -> Iterator[bytes]:
    """Yield what the steps of a decoder append to `out`, and keep no more of it than the window, in bytes.

    What came before damage is yielded first. Raises Incomplete.
    """
    sent = len(out)
    reason: Incomplete | None = None
    try:
        for _ in steps:
            yield bytes(out[sent:])
            if len(out) > 2 * window + PIECE:
                del out[:-window]
            sent = len(out)
    except Incomplete as error:
        reason = error
    except IndexError:
        reason = Incomplete(CORRUPT)
    if len(out) > sent:
        yield bytes(out[sent:])
    if reason is not None:
        raise reason


def counted(pieces: Iterator[bytes], guard: Guard, packed: int, size: int = -1) -> Iterator[bytes]:
    """Yield pieces, each counted. packed: bytes they came from; size: no more than so many, -1 for all.

    Raises Incomplete at damage or a limit.
    """
    total = 0
    for piece in pieces:
        if 0 <= size < total + len(piece):
            piece = piece[: size - total]  # noqa: PLW2901 # what is beyond the told size is not the member's
        total += len(piece)
        if guard.is_bomb(total, packed):
            raise Incomplete(guard.ratio_remark)
        guard.grew(len(piece))
        if piece:
            yield piece
        if total == size:
            return


class HighBits:
    """Bits of a run of bytes, highest first; zeros behind its end, and soon after Incomplete.

    The lowest `count` bits of `held` are the next ones; what is above them was used. Loops work on both themselves.
    """

    __slots__ = ("_data", "at", "count", "held")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at
        self.held = self.count = 0

    def fill(self) -> None:
        """Hold 64 more bits. Raises Incomplete."""
        if self.at > len(self._data) + 8:
            raise Incomplete(TOO_SHORT)
        piece = self._data[self.at : self.at + 8]
        if len(piece) < 8:
            piece = piece.ljust(8, b"\x00")
        self.held = (self.held & ((1 << self.count) - 1)) << 64 | int.from_bytes(piece, "big")
        self.at += 8
        self.count += 64

    def take(self, count: int) -> int:
        """Return a number of so many bits, 64 at most. Raises Incomplete."""
        if self.count < count:
            self.fill()
        self.count -= count
        return self.held >> self.count & ((1 << count) - 1)

    def symbol(self, table: Table) -> int:
        """Return the next symbol of a code. Raises Incomplete."""
        if self.count < 16:
            self.fill()
        entry = table[0][self.held >> (self.count - table[1]) & ((1 << table[1]) - 1)]
        if not entry & LENGTH_MASK and table[0][0] != table[0][-1]:
            raise Incomplete(CORRUPT)
        self.count -= entry & LENGTH_MASK
        return entry >> LENGTH_BITS

    def seek(self, at: int) -> None:
        """Go on at the start of a byte."""
        self.at, self.held, self.count = at, 0, 0


def packed_room(guard: Guard) -> int:
    """Return how many packed bytes are read for one object: those that unpack to more than is kept of it."""
    return guard.limits.object_bytes + guard.limits.object_bytes // 4 + PIECE
