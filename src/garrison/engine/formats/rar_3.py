"""The packing of RAR 3 (2.9 to 4): a window of 4 MiB, prefix codes, and filters for programs and tables.

For solid runs, which libarchive does not unpack. Without PPMd. No public specification; facts of The Unarchiver's
decoder (XADMaster) and of libarchive's.
"""

from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, HighBits, Table, copy, high_first
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.formats.rar_codes import DISTANCES, LENGTHS, SHORT, Lengths, number
from garrison.engine.formats.rar_filters import Filters
from garrison.engine.guard import Incomplete

PPMD = "not opened: packed by PPMd"
_WINDOW = 1 << 22
_LITERALS, _FAR, _LOW, _LONG = 299, 60, 17, 28
_HELPERS = 20
_REPEATS = [(3, 3, False), (7, 11, False), (3, 3, True), (7, 11, True)]
_LOW_REPEATS = 15


class Unpacker:
    """Unpacks the members of one solid run, in order."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._before = 0  # bytes that are no longer in `_out`
        self._sent = 0  # as all offsets here: from the start of the run
        self._lengths = Lengths(_LITERALS + _FAR + _LOW + _LONG)
        self._codes: list[Table] = []
        self._old = [0, 0, 0, 0]
        self._last = (0, 0)
        self._low = self._low_left = 0
        self._filters = Filters()
        self._is_over = False  # the member is

    @property
    def _at(self) -> int:
        return self._before + len(self._out)

    def unpacked(self, data: bytes, size: int) -> Iterator[bytes]:
        """Yield what a member's packed bytes unpack to; an empty piece now and then. Raises Incomplete."""
        bits = HighBits(data)
        self._is_over = False
        self._sent = start = self._at
        self._filters.begin(start)
        end = start + size
        reason: Incomplete | None = None
        try:
            if not self._codes:
                self._read_codes(bits)
            while self._at < end and not self._is_over:
                self._run(bits, end, min(end, self._at + PIECE))
                yield from self._ready()
            if not self._is_over:
                self._read_last(bits)
        except Incomplete as error:
            reason = error
        except IndexError:
            reason = Incomplete(CORRUPT)
        yield self._taken(self._at)
        if reason is None and self._at < end:
            reason = Incomplete(TOO_SHORT)
        if reason is None and self._filters.unknown:
            reason = Incomplete("damaged: packed with an unknown filter")
        if reason is not None:
            raise reason

    def _taken(self, end: int) -> bytes:
        piece = bytes(self._out[self._sent - self._before : end - self._before])
        self._sent = end
        return piece

    def _ready(self) -> Iterator[bytes]:
        """Yield what no filter waits for, and what filters make of the rest."""
        while self._filters.waiting:
            first = self._filters.waiting[0]
            if first.start > self._at:
                break
            yield self._taken(first.start)
            if first.start + first.length > self._at:
                break
            yield self._filters.applied(self._taken(first.start + first.length))
        else:
            yield self._taken(self._at)
        if len(self._out) > 2 * _WINDOW:
            surplus = min(len(self._out) - _WINDOW, self._sent - self._before)
            del self._out[:surplus]
            self._before += surplus

    def _read_codes(self, bits: HighBits) -> None:
        bits.take(bits.count % 8)
        if bits.take(1):
            raise Incomplete(PPMD)
        if not bits.take(1):
            self._lengths = Lengths(_LITERALS + _FAR + _LOW + _LONG)
        self._low = self._low_left = 0
        helpers: list[int] = []
        while len(helpers) < _HELPERS:
            length = bits.take(4)
            zeros = bits.take(4) if length == 15 else 0
            helpers += [0] * (zeros + 2) if zeros else [length]
        far, low, long = _LITERALS, _LITERALS + _FAR, _LITERALS + _FAR + _LOW
        self._lengths.read(bits, high_first(helpers[:_HELPERS]), long + _LONG, _REPEATS)
        known = self._lengths.known
        self._codes = [high_first(part) for part in (known[:far], known[far:low], known[low:long], known[long:])]

    def _read_last(self, bits: HighBits) -> None:
        """Read what stands behind a member's last byte: whether the next one has its own codes."""
        try:
            if bits.symbol(self._codes[0]) == 256:
                self._end(bits)
        except Incomplete:
            return

    def _end(self, bits: HighBits) -> None:
        if bits.take(1):
            self._read_codes(bits)
            return
        self._is_over = True
        if bits.take(1):
            self._codes = []

    def _run(self, bits: HighBits, end: int, part: int) -> None:
        """Unpack up to the offset `part`, or some more, `end` at most; less where other codes or filters begin."""
        out, base = self._out, self._before
        literals, most = self._codes[0]
        mask = (1 << most) - 1
        while base + len(out) < part:
            if bits.count < 16:
                bits.fill()
            entry = literals[bits.held >> (bits.count - most) & mask]
            if not entry:
                raise Incomplete(CORRUPT)
            bits.count -= entry & 31
            symbol = entry >> 5
            if symbol < 256:
                out.append(symbol)
            elif symbol == 256:
                self._end(bits)
                return
            elif symbol == 257:
                self._filters.read(bits, self._at)
                return
            else:
                self._match(bits, symbol, end)

    def _match(self, bits: HighBits, symbol: int, end: int) -> None:
        if symbol == 258:
            distance, length = self._last
        elif symbol <= 262:
            distance = self._old.pop(symbol - 259)
            self._old.insert(0, distance)
            length = number(bits, LENGTHS, bits.symbol(self._codes[3])) + 2
        else:
            distance, length = self._new(bits, symbol)
            self._old = [distance, *self._old[:3]]
        self._last = distance, length
        if length:
            copy(self._out, distance, min(length, end - self._at))

    def _new(self, bits: HighBits, symbol: int) -> tuple[int, int]:
        if symbol <= 270:
            return number(bits, SHORT, symbol - 263), 2
        length = number(bits, LENGTHS, symbol - 271) + 3
        place = bits.symbol(self._codes[1])
        if place > 9:
            first, width = DISTANCES[place]
            distance = first + (bits.take(width - 4) << 4) + self._low_bits(bits)
        else:
            distance = number(bits, DISTANCES, place)
        return distance, length + (distance >= 0x2000) + (distance >= 0x40000)

    def _low_bits(self, bits: HighBits) -> int:
        if self._low_left:
            self._low_left -= 1
            return self._low
        low = bits.symbol(self._codes[2])
        if low == 16:
            self._low_left = _LOW_REPEATS
        else:
            self._low = low
        return self._low
