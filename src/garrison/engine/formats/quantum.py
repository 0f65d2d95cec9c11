"""Quantum, one of the packings of cabinets: a window, and arithmetic codes that follow what came before.

No public specification; facts of The Unarchiver's decoder (XADMaster).
"""

from collections.abc import Iterable, Iterator

from garrison.engine.formats.lzh_codes import HighBits, copy
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete

_LITERALS = 64
_MOST_WEIGHT = 3800
_STEP = 8
_EARLY, _LATE = 4, 50  # so often the weights are halved before the symbols are put in order


def _ranges(first: int, widths: Iterable[int]) -> list[tuple[int, int]]:
    found = []
    for width in widths:
        found.append((first, width))
        first += 1 << width
    return found


DISTANCES = _ranges(1, [0, 0, *(width for width in range(20) for _ in range(2))])
LENGTHS = [*_ranges(5, [0] * 6 + [width for width in range(1, 6) for _ in range(4)]), (0xFE + 5, 0)]


class Model:
    """The weights of symbols, summed up from the last one on."""

    __slots__ = ("_left", "sums", "symbols")

    def __init__(self, count: int) -> None:
        self.symbols = list(range(count))
        self.sums = list(range(count, -1, -1))
        self._left = _EARLY

    def used(self, place: int) -> None:
        """Give the symbol at a place more weight."""
        sums = self.sums
        sums[: place + 1] = [total + _STEP for total in sums[: place + 1]]
        if sums[0] > _MOST_WEIGHT:
            self._left -= 1
            if self._left:
                self._halve()
            else:
                self._left = _LATE
                self._sort()

    def _halve(self) -> None:
        sums = self.sums
        for place in range(len(self.symbols) - 1, -1, -1):
            sums[place] = max(sums[place] >> 1, sums[place + 1] + 1)

    def _sort(self) -> None:
        """Put the symbols in order, as an exchange of each with each does it: it is no stable one."""
        count, symbols = len(self.symbols), self.symbols
        weights = [(self.sums[place] - self.sums[place + 1] + 1) >> 1 for place in range(count)]
        for first in range(count - 1):
            for second in range(first + 1, count):
                if weights[first] < weights[second]:
                    weights[first], weights[second] = weights[second], weights[first]
                    symbols[first], symbols[second] = symbols[second], symbols[first]
        total = 0
        for place in range(count - 1, -1, -1):
            total += weights[place]
            self.sums[place] = total


class Models:
    """All weights of one folder, for a window of 2 ** power bytes."""

    def __init__(self, power: int) -> None:
        self.selector = Model(7)
        self.literals = [Model(_LITERALS) for _ in range(4)]
        self.distances = [Model(min(2 * power, most)) for most in (24, 36, 42)]
        self.length = Model(len(LENGTHS))


class _Coder:
    """Reads symbols from one block."""

    __slots__ = ("_bits", "_code", "_high", "_low")

    def __init__(self, data: bytes) -> None:
        self._bits = HighBits(data)
        self._low, self._high = 0, 0xFFFF
        self._code = self._bits.take(16)

    def symbol(self, model: Model) -> int:
        """Return the next symbol. Raises Incomplete."""
        low, high, sums = self._low, self._high, model.sums
        width, total = high - low + 1, sums[0]
        told = ((self._code - low + 1) * total - 1) // width
        place, last = 0, len(sums) - 2
        while place < last and sums[place + 1] > told:
            place += 1
        self._high = low + sums[place] * width // total - 1
        self._low = low + sums[place + 1] * width // total
        symbol = model.symbols[place]
        self._shift()
        model.used(place)
        return symbol

    def _shift(self) -> None:
        low, high, code, bits = self._low, self._high, self._code, self._bits
        while True:
            if (low ^ high) & 0x8000:
                if not low & 0x4000 or high & 0x4000:
                    break
                code ^= 0x4000
                low &= 0x3FFF
                high |= 0x4000
            low = low << 1 & 0xFFFF
            high = high << 1 & 0xFFFF | 1
            code = code << 1 & 0xFFFF | bits.take(1)
        self._low, self._high, self._code = low, high, code

    def number(self, ranges: list[tuple[int, int]], model: Model) -> int:
        """Return a number: a symbol of the range, and bits behind it. Raises Incomplete."""
        first, width = ranges[self.symbol(model)]
        return first + self._bits.take(width)


def unpacked(blocks: Iterable[tuple[bytes, int]], power: int) -> Iterator[bytes]:
    """Yield what blocks unpack to, one by one. blocks: packed bytes, and how many they unpack to.

    power: of the window's size. Raises Incomplete.
    """
    if not 10 <= power <= 21:
        raise Incomplete(CORRUPT)
    models, out, window = Models(power), bytearray(), 1 << power
    for data, size in blocks:
        start = len(out)
        reason = _unpack(_Coder(data), models, out, size)
        yield bytes(out[start:])
        if reason is not None:
            raise reason
        if len(out) > 2 * window:
            del out[:-window]


def _unpack(coder: _Coder, models: Models, out: bytearray, size: int) -> Incomplete | None:
    """Append what a block unpacks to. Return what ended it too early."""
    end = len(out) + size
    try:
        while len(out) < end:
            kind = coder.symbol(models.selector)
            if kind < 4:
                out.append(coder.symbol(models.literals[kind]) + kind * _LITERALS)
                continue
            length = kind - 1 if kind < 6 else coder.number(LENGTHS, models.length)
            copy(out, coder.number(DISTANCES, models.distances[kind - 4]), min(length, end - len(out)))
    except Incomplete as reason:
        return reason
    return None
