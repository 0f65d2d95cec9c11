"""What the packings of RAR 2 and RAR 3 have in common: a window, and numbers behind symbols of prefix codes.

No public specification; facts of The Unarchiver's decoders (XADMaster).
"""

from collections.abc import Sequence

from garrison.engine.formats.lzh_codes import HighBits, Table
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete

Ranges = list[tuple[int, int]]  # of each symbol: the first number, and the bits that are added to it


def _ranges(first: int, widths: Sequence[int]) -> Ranges:
    found = []
    for width in widths:
        found.append((first, width))
        first += 1 << width
    return found


_GROWING = [width for width in range(1, 16) for _ in range(2)]
LENGTHS = _ranges(0, [0] * 8 + [width for width in range(1, 6) for _ in range(4)])
DISTANCES = _ranges(1, [0] * 4 + _GROWING + [16] * 14 + [18] * 12)  # RAR 2 has the first 48
SHORT = _ranges(1, [2, 2, 3, 4, 5, 6, 6, 6])  # of matches of two bytes


class Lengths:
    """The lengths of all codes, which each table tells by their difference to those before."""

    def __init__(self, most: int) -> None:
        self.known = [0] * most

    def read(self, bits: HighBits, helper: Table, count: int, repeats: Sequence[tuple[int, int, bool]]) -> None:
        """Read so many lengths. repeats: for symbols from 16 on, their extra bits, the least count, whether zeros.

        Raises Incomplete.
        """
        known, at = self.known, 0
        while at < count:
            symbol = bits.symbol(helper)
            if symbol < 16:
                known[at] = (known[at] + symbol) & 15
                at += 1
                continue
            width, least, is_zero = repeats[symbol - 16]
            if not at and not is_zero:
                raise Incomplete(CORRUPT)
            end = min(count, at + bits.take(width) + least)
            known[at:end] = [0 if is_zero else known[at - 1]] * (end - at)
            at = end


def number(bits: HighBits, ranges: Ranges, symbol: int) -> int:
    """Return the number that a symbol stands for. Raises Incomplete, IndexError."""
    first, width = ranges[symbol]
    return first + bits.take(width) if width else first
