"""The filters of RAR 3: programs in the archive, of which the usual ones are known by their checksums.

No public specification; facts of The Unarchiver's decoder (XADMaster) and of libarchive's.
"""

import re
import zlib
from dataclasses import dataclass
from itertools import accumulate

from garrison.engine.formats.lzh_codes import HighBits
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete

_MOST_PROGRAMS = 1024
_MOST_WAITING = 4096
_MOST_BYTES = 0x3C000  # of memory for the data
_CALL, _CALL_OR_JUMP, _DELTA, _UNKNOWN = range(4)
_KNOWN = {(53, 0xAD576887): _CALL, (57, 0x3CD7E57E): _CALL_OR_JUMP, (29, 0x0E06077D): _DELTA}
_IMAGE = 0x1000000


@dataclass(slots=True)
class _Program:
    kind: int
    length: int = 0  # of the last run that it was for


@dataclass(frozen=True, slots=True)
class Filter:
    """One that is to be applied. start, length: in bytes, from the start of the solid run."""

    kind: int
    start: int
    length: int
    channels: int


class Filters:
    """The programs, and what they wait for. unknown: whether data of this member was left as it is."""

    def __init__(self) -> None:
        self.waiting: list[Filter] = []
        self.unknown = False
        self._programs: list[_Program] = []
        self._last = 0
        self._member = 0

    def begin(self, start: int) -> None:
        """Go on to the member that starts at this offset."""
        self.waiting.clear()
        self.unknown = False
        self._member = start

    def read(self, bits: HighBits, at: int) -> None:
        """Read a filter for what comes from this offset on. Raises Incomplete."""
        flags = bits.take(8)
        length = (flags & 7) + 1
        if length > 6:
            length = bits.take(8) + 7 if length == 7 else bits.take(16)
        inner = HighBits(bytes(bits.take(8) for _ in range(length)))
        program, is_new = self._program(inner, flags)
        start = at + _number(inner) + (258 if flags & 0x40 else 0)
        if flags & 0x20:
            program.length = _number(inner)
        registers = [0] * 7
        mask = inner.take(7) if flags & 0x10 else 0
        for place in range(7):
            if mask >> place & 1:
                registers[place] = _number(inner)
        if is_new:
            size = _number(inner)
            if not 0 < size <= length:
                raise Incomplete(CORRUPT)
            code = bytes(inner.take(8) for _ in range(size))
            program.kind = _KNOWN.get((size, zlib.crc32(code)), _UNKNOWN)
        after = self.waiting[-1].start if self.waiting else at
        if program.length > _MOST_BYTES or start < after or len(self.waiting) >= _MOST_WAITING:
            raise Incomplete(CORRUPT)
        self.waiting.append(Filter(program.kind, start, program.length, registers[0]))

    def _program(self, inner: HighBits, flags: int) -> tuple[_Program, bool]:
        if flags & 0x80:
            number = _number(inner)
            if not number:
                self._programs.clear()
                self.waiting.clear()
            self._last = max(number - 1, 0)
        if self._last > min(len(self._programs), _MOST_PROGRAMS):
            raise Incomplete(CORRUPT)
        if self._last < len(self._programs):
            return self._programs[self._last], False
        self._programs.append(_Program(_UNKNOWN))
        return self._programs[-1], True

    def applied(self, data: bytes) -> bytes:
        """Return what the filters that wait for this very data make of it, the first of them to begin with."""
        first = self.waiting[0]
        while self.waiting and (self.waiting[0].start, self.waiting[0].length) == (first.start, first.length):
            data = self._one(self.waiting.pop(0), data)
        while self.waiting and self.waiting[0].start < first.start + first.length:
            self.waiting.pop(0)  # it would be for what is given away already
            self.unknown = True
        return data

    def _one(self, told: Filter, data: bytes) -> bytes:
        if told.kind == _DELTA:
            return _delta(data, told.channels)
        if told.kind == _UNKNOWN:
            self.unknown = True
            return data
        return _calls(data, b"[\xe8\xe9]" if told.kind == _CALL_OR_JUMP else b"\xe8", told.start - self._member)


def _number(bits: HighBits) -> int:
    kind = bits.take(2)
    if kind != 1:
        return bits.take((4, 0, 16, 32)[kind])
    value = bits.take(8)
    return value if value >= 16 else 0xFFFFFF00 | value << 4 | bits.take(4)


def _delta(data: bytes, channels: int) -> bytes:
    """Return the sums that differences make, each channel's after the other's."""
    out, at = bytearray(len(data)), 0
    for channel in range(min(channels, len(data))):
        count = len(range(channel, len(data), channels))
        sums = accumulate(data[at : at + count], lambda before, byte: (before - byte) & 255, initial=0)
        out[channel::channels] = bytes(sums)[1:]
        at += count
    return bytes(out)


def _calls(data: bytes, opcodes: bytes, position: int) -> bytes:
    """Return a program whose calls tell distances again, not places. position: of the data in the file."""
    out, expression = bytearray(data), re.compile(opcodes)
    at = 0
    while (found := expression.search(data, at, max(len(data) - 4, 0))) is not None:
        at = found.start() + 5
        place = position + at - 4
        address = int.from_bytes(data[at - 4 : at], "little", signed=True)
        if address < 0 and address + place >= 0:
            out[at - 4 : at] = (address + _IMAGE & 0xFFFFFFFF).to_bytes(4, "little")
        elif 0 <= address < _IMAGE:
            out[at - 4 : at] = (address - place & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(out)
