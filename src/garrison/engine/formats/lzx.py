"""LZX as cabinets and compiled help hold it: Microsoft's "LZX Data Compression Format" (Cabinet SDK) and [MS-PATCH]."""

import array
import sys
from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import HighBits, copy, high_first
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Incomplete

FRAME = 32768
_SLOTS = {15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50}
_EXTRA = [0, 0, 0, 0, *(min(slot // 2 - 1, 17) for slot in range(4, 52))]
_BASE = [0]
for _bits in _EXTRA:
    _BASE.append(_BASE[-1] + (1 << _bits))
_LENGTH_SYMBOLS = 249
_VERBATIM, _ALIGNED, _STORED = 1, 2, 3
_LAST_TRANSLATED = 32768  # frames: programs of over 1 GiB are left alone


class Lzx:
    """One LZX run. data: packed; bits: of the window, 15 to 21; size: unpacked; reset: frames to its next new start.

    Iterating yields frame by frame, and raises Incomplete.
    """

    def __init__(self, data: bytes, bits: int, size: int, reset: int = 0) -> None:
        if bits not in _SLOTS:
            raise Incomplete(CORRUPT)
        words = array.array("H", data + bytes(len(data) & 1))
        if sys.byteorder == "little":
            words.byteswap()  # its bits lie in little-endian words
        self._raw = data
        self._bits = HighBits(words.tobytes())
        self._window = 1 << bits
        self._symbols = 256 + 8 * _SLOTS[bits]
        self._size = size
        self._reset = reset
        self._out = bytearray()
        self._start()

    def _start(self) -> None:
        self._recent = [1, 1, 1]
        self._main_lengths = [0] * self._symbols
        self._length_lengths = [0] * _LENGTH_SYMBOLS
        self._block = self._left = 0
        self._program_size = -1
        self._is_odd = False

    def __iter__(self) -> Iterator[bytes]:
        out = self._out
        frame = 0
        while frame * FRAME < self._size:
            if self._reset and frame and frame % self._reset == 0:
                self._start()
            start = len(out)
            size = min(FRAME, self._size - frame * FRAME)
            reason: Incomplete | None = None
            try:
                self._frame(start + size)
            except Incomplete as error:
                reason = error
            except IndexError:
                reason = Incomplete(CORRUPT)
            yield self._translated(bytes(out[start:]), frame)
            if reason is not None:
                raise reason
            if len(out) > 2 * self._window:
                del out[: -self._window]
            frame += 1

    def _frame(self, end: int) -> None:
        bits = self._bits
        if self._program_size < 0:
            self._program_size = bits.take(32) if bits.take(1) else 0
        while len(self._out) < end:
            if not self._left:
                self._begin()
            before = len(self._out)
            stop = min(end, before + self._left)
            if self._block == _STORED:
                self._copy(stop)
            else:
                self._unpack(stop)
            self._left -= len(self._out) - before
            if len(self._out) > stop:
                raise Incomplete(CORRUPT)
        bits.count -= bits.count % 16

    def _begin(self) -> None:
        """Read a block's header."""
        bits = self._bits
        if self._is_odd:
            bits.seek(bits.at - bits.count // 8 + 1)
            self._is_odd = False
        self._block = bits.take(3)
        self._left = bits.take(24)
        if self._block == _ALIGNED:
            self._aligned = high_first([bits.take(3) for _ in range(8)])
        if self._block in {_VERBATIM, _ALIGNED}:
            self._read_lengths(self._main_lengths, 0, 256)
            self._read_lengths(self._main_lengths, 256, self._symbols)
            self._main = high_first(self._main_lengths)
            self._read_lengths(self._length_lengths, 0, _LENGTH_SYMBOLS)
            self._lengths = high_first(self._length_lengths)
        elif self._block == _STORED:
            at = bits.at - bits.count // 8
            at += 2 if bits.count % 16 == 0 else bits.count // 8 % 2  # never no padding at all
            head = self._raw[at : at + 12]
            if len(head) < 12:
                raise Incomplete(TOO_SHORT)
            self._recent = [int.from_bytes(head[n : n + 4], "little") for n in (0, 4, 8)]
            self._is_odd = bool(self._left & 1)
            bits.seek(at + 12)
        else:
            raise Incomplete(CORRUPT)

    def _read_lengths(self, lengths: list[int], at: int, end: int) -> None:
        """Read the differences to the lengths of the block before."""
        bits = self._bits
        table = high_first([bits.take(4) for _ in range(20)])
        while at < end:
            symbol = bits.symbol(table)
            count = 1
            if symbol == 17:
                count, value = 4 + bits.take(4), 0
            elif symbol == 18:
                count, value = 20 + bits.take(5), 0
            elif symbol == 19:
                count = 4 + bits.take(1)
                value = (lengths[at] - bits.symbol(table)) % 17
            else:
                value = (lengths[at] - symbol) % 17
            count = min(count, end - at)
            lengths[at : at + count] = [value] * count
            at += count

    def _copy(self, stop: int) -> None:
        bits = self._bits
        at = bits.at - bits.count // 8
        piece = self._raw[at : at + stop - len(self._out)]
        bits.seek(at + len(piece))
        self._out += piece
        if len(self._out) < stop:
            raise Incomplete(TOO_SHORT)

    def _unpack(self, stop: int) -> None:
        """Unpack to an offset in the window, or a match further: the loop where all of the time goes."""
        out, bits = self._out, self._bits
        append = out.append
        table, most = self._main
        mask = (1 << most) - 1
        room = stop - len(out)
        while room > 0:
            if bits.count < 32:
                bits.fill()
            held, count = bits.held, bits.count
            symbol = entry = 0
            while count >= 16 and room:
                entry = table[held >> (count - most) & mask]
                count -= entry & 31
                symbol = entry >> 5
                if symbol >= 256 or not entry:
                    break
                append(symbol)
                room -= 1
            bits.count = count
            if not entry:
                raise Incomplete(CORRUPT)
            if symbol >= 256:
                length = symbol & 7
                length = 2 + (length if length < 7 else 7 + bits.symbol(self._lengths))
                copy(out, self._distance(symbol - 256 >> 3), length)
                room -= length

    def _distance(self, slot: int) -> int:
        recent, bits = self._recent, self._bits
        if slot < 3:
            recent[0], recent[slot] = recent[slot], recent[0]
            return recent[0]
        extra = _EXTRA[slot]
        distance = _BASE[slot] - 2
        if self._block == _ALIGNED and extra >= 3:
            distance += (bits.take(extra - 3) << 3) + bits.symbol(self._aligned)
        else:
            distance += bits.take(extra)
        self._recent = [distance, recent[0], recent[1]]
        return distance

    def _translated(self, frame: bytes, number: int) -> bytes:
        """Undo what was done to the targets of calls in programs for the 80386."""
        size = self._program_size
        if size <= 0 or number >= _LAST_TRANSLATED or len(frame) <= 10:
            return frame
        changed = bytearray(frame)
        at = changed.find(0xE8)
        end = len(changed) - 10
        while 0 <= at < end:
            here = number * FRAME + at
            target = int.from_bytes(changed[at + 1 : at + 5], "little", signed=True)
            if -here <= target < size:
                target = target - here if target >= 0 else target + size
                changed[at + 1 : at + 5] = (target & 0xFFFFFFFF).to_bytes(4, "little")
            at = changed.find(0xE8, at + 5)
        return bytes(changed)
