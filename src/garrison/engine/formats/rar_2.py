"""The packing of RAR 2: a window of 1 MiB and prefix codes, or differences of sounds.

No public specification; facts of The Unarchiver's decoder (XADMaster).
"""

from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, HighBits, Table, copy, drain, high_first
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.formats.rar_codes import DISTANCES, LENGTHS, SHORT, Lengths, number
from garrison.engine.guard import Incomplete

_WINDOW = 1 << 20
_LITERALS, _FAR, _LONG = 298, 48, 28
_SOUND = 257
_HELPERS = 19
_REPEATS = [(2, 3, False), (3, 3, True), (7, 11, True)]
_NEW_TABLE, _NEW_TABLE_OF_SOUND = 269, 256


class Unpacker:
    """Unpacks the members of one solid run, in order."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._lengths = Lengths(4 * _SOUND)
        self._codes: list[Table] = []
        self._is_sound = False
        self._old = [0, 0, 0, 0]
        self._place = 0
        self._last = (0, 0)
        self._channels = [_Channel() for _ in range(4)]
        self._channel = self._difference = 0

    def unpacked(self, data: bytes, size: int) -> Iterator[bytes]:
        """Yield what a member's packed bytes unpack to. Raises Incomplete."""
        return drain(self._steps(HighBits(data), size), self._out, _WINDOW)

    def _steps(self, bits: HighBits, size: int) -> Iterator[None]:
        if not self._codes:
            self._read_codes(bits)
        left = size
        while left > 0:
            part = min(left, PIECE)
            used = self._sounds(bits, part) if self._is_sound else self._run(bits, left, part)
            left -= used
            yield
        self._read_last(bits)

    def _read_last(self, bits: HighBits) -> None:
        """Read the codes of the next member, when they stand at the end of this one."""
        try:
            if self._is_sound:
                is_next = bits.symbol(self._codes[self._channel]) == _NEW_TABLE_OF_SOUND
            else:
                is_next = bits.symbol(self._codes[0]) == _NEW_TABLE
            if is_next:
                self._read_codes(bits)
        except Incomplete:
            return

    def _read_codes(self, bits: HighBits) -> None:
        self._is_sound = bool(bits.take(1))
        if not bits.take(1):
            self._lengths = Lengths(4 * _SOUND)
        channels = bits.take(2) + 1 if self._is_sound else 0
        count = channels * _SOUND or _LITERALS + _FAR + _LONG
        helper = high_first([bits.take(4) for _ in range(_HELPERS)])
        self._lengths.read(bits, helper, count, _REPEATS)
        known = self._lengths.known
        if channels:
            self._codes = [high_first(known[at : at + _SOUND]) for at in range(0, count, _SOUND)]
            self._channel = self._channel if self._channel < channels else 0
        else:
            far = _LITERALS + _FAR
            self._codes = [
                high_first(known[:_LITERALS]),
                high_first(known[_LITERALS:far]),
                high_first(known[far:count]),
            ]

    def _run(self, bits: HighBits, left: int, part: int) -> int:
        """Append `part` bytes or some more, `left` at most. Return how many. It ends where other codes begin."""
        out, start = self._out, len(self._out)
        literals, most = self._codes[0]
        mask = (1 << most) - 1
        while len(out) - start < part:
            if bits.count < 16:
                bits.fill()
            entry = literals[bits.held >> (bits.count - most) & mask]
            if not entry:
                raise Incomplete(CORRUPT)
            bits.count -= entry & 31
            symbol = entry >> 5
            if symbol < 256:
                out.append(symbol)
            elif symbol == _NEW_TABLE:
                self._read_codes(bits)
                break  # whoever counts asks for the time: there may be codes after codes
            else:
                self._match(bits, symbol, left - (len(out) - start))
        return len(out) - start

    def _match(self, bits: HighBits, symbol: int, left: int) -> None:
        if symbol == 256:
            distance, length = self._last
        elif symbol <= 260:
            distance = self._old[(self._place - (symbol - 256)) & 3]
            length = number(bits, LENGTHS, bits.symbol(self._codes[2])) + 2
            length += (distance >= 0x101) + (distance >= 0x2000) + (distance >= 0x40000)
        elif symbol < _NEW_TABLE:
            distance, length = number(bits, SHORT, symbol - 261), 2
        else:
            length = number(bits, LENGTHS, symbol - 270) + 3
            distance = number(bits, DISTANCES, bits.symbol(self._codes[1]))
            length += (distance >= 0x2000) + (distance >= 0x40000)
        self._old[self._place & 3] = distance
        self._place += 1
        self._last = distance, length
        copy(self._out, distance, min(length, left))

    def _sounds(self, bits: HighBits, part: int) -> int:
        """Append up to `part` bytes. Return how many. It ends where other codes begin."""
        out, codes, channel = self._out, self._codes, self._channel
        for count in range(part):
            symbol = bits.symbol(codes[channel])
            if symbol == _NEW_TABLE_OF_SOUND:
                self._channel = channel
                self._read_codes(bits)
                return count
            byte, self._difference = self._channels[channel].next(symbol, self._difference)
            out.append(byte)
            channel = channel + 1 if channel + 1 < len(codes) else 0
        self._channel = channel
        return part


class _Channel:
    """One channel of sound: the next byte is guessed from the last ones, by weights that follow what was right."""

    __slots__ = ("_count", "_errors", "_last", "_slopes", "_weights")

    def __init__(self) -> None:
        self._weights = [0] * 5
        self._slopes = [0] * 4
        self._errors = [0] * 11
        self._last = (0, 0)  # byte and difference
        self._count = 0

    def next(self, told: int, difference: int) -> tuple[int, int]:
        """Return a byte, and its difference to the one before. told: what the guess was wrong by."""
        self._count += 1
        before, last = self._last
        first, second, third, _ = self._slopes
        slopes = self._slopes = [last, last - first, second, third]
        weights = self._weights
        guess = 8 * before + sum(weight * slope for weight, slope in zip(weights, slopes, strict=False))
        byte = ((guess + weights[4] * difference >> 3) - told) & 255
        error = (told - (told >> 7 << 8)) * 8
        errors = self._errors
        errors[0] += abs(error)
        for number_, slope in enumerate((*slopes, difference)):
            errors[2 * number_ + 1] += abs(error - slope)
            errors[2 * number_ + 2] += abs(error + slope)
        change = (byte - before) & 255
        change -= change >> 7 << 8
        self._last = byte, change
        if not self._count & 31:
            self._adapt()
        return byte, change

    def _adapt(self) -> None:
        best = self._errors.index(min(self._errors))
        self._errors = [0] * 11
        if not best:
            return
        place, is_up = (best - 1) // 2, best % 2 == 0
        weight = self._weights[place]
        if is_up and weight < 16:
            self._weights[place] += 1
        elif not is_up and weight >= -16:
            self._weights[place] -= 1
