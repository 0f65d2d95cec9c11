"""A writer of what RAR 2 and RAR 3 pack, as plainly as it goes: codes of equal lengths, and archives around it.

Its archives were compared with what The Unarchiver 1.10.7 makes of them.
"""

import random
import struct
import zlib
from collections.abc import Sequence

from garrison.engine.formats.rar_codes import DISTANCES, LENGTHS, SHORT, Ranges


class Bits:
    """Bits, highest first."""

    def __init__(self) -> None:
        self._digits: list[str] = []

    def put(self, value: int, width: int) -> None:
        if width:
            self._digits.append(f"{value:0{width}b}")

    def align(self) -> None:
        self.put(0, -sum(map(len, self._digits)) % 8)

    def number(self, value: int) -> None:
        """Write a number of the filters."""
        self.put(3, 2)
        self.put(value, 32)

    def done(self) -> bytes:
        digits = "".join(self._digits)
        digits += "0" * (-len(digits) % 8)
        return int(digits or "0", 2).to_bytes(len(digits) // 8, "big")


def place(ranges: Ranges, value: int) -> tuple[int, int, int]:
    """Return the symbol for a number, and the number and width of the bits behind it."""
    for symbol, (first, width) in reversed(list(enumerate(ranges))):
        if first <= value < first + (1 << width):
            return symbol, value - first, width
    raise ValueError(value)


class Packer2:
    """Writes what RAR 2 packs. Codes of 9 bits for the literals, 6 for distances, 5 for lengths."""

    def __init__(self) -> None:
        self.bits = Bits()

    def codes(self) -> None:
        self._codes("00", [9] * 298 + [6] * 48 + [5] * 28)

    def sound_codes(self, channels: int) -> None:
        self._codes(f"10{channels - 1:02b}", [9] * 257 * channels)

    def _codes(self, head: str, lengths: Sequence[int]) -> None:
        self.bits.put(int(head, 2), len(head))
        for _ in range(19):
            self.bits.put(5, 4)
        for length in lengths:
            self.bits.put(length, 5)

    def byte(self, value: int) -> None:
        self.bits.put(value, 9)

    def match(self, distance: int, length: int) -> None:
        length -= 3 + (distance >= 0x2000) + (distance >= 0x40000)
        self._number(LENGTHS, length, 9, 270)
        self._number(DISTANCES[:48], distance, 6, 0)

    def again(self) -> None:
        self.bits.put(256, 9)

    def old(self, which: int, length: int) -> None:
        self.bits.put(256 + which, 9)
        self._number(LENGTHS, length, 5, 0)

    def short(self, distance: int) -> None:
        self._number(SHORT, distance, 9, 261)

    def new_codes(self) -> None:
        self.bits.put(269, 9)
        self.codes()

    def _number(self, ranges: Ranges, value: int, width: int, first: int) -> None:
        symbol, more, count = place(ranges, value)
        self.bits.put(symbol + first, width)
        self.bits.put(more, count)


class Packer3(Packer2):
    """Writes what RAR 3 packs, by codes of the same lengths; 5 bits for the low bits of distances."""

    def codes(self) -> None:
        self.bits.align()
        self.bits.put(0, 2)
        for _ in range(20):
            self.bits.put(5, 4)
        for length in [9] * 299 + [6] * 60 + [5] * 17 + [5] * 28:
            self.bits.put(length, 5)

    def match(self, distance: int, length: int) -> None:
        self._number(LENGTHS, length - 3 - (distance >= 0x2000) - (distance >= 0x40000), 9, 271)
        symbol, more, width = place(DISTANCES, distance)
        self.bits.put(symbol, 6)
        if symbol > 9:
            self.bits.put(more >> 4, width - 4)
            self.bits.put(more & 15, 5)
        else:
            self.bits.put(more, width)

    def again(self) -> None:
        self.bits.put(258, 9)

    def old(self, which: int, length: int) -> None:
        self.bits.put(258 + which, 9)
        self._number(LENGTHS, length, 5, 0)

    def short(self, distance: int) -> None:
        self._number(SHORT, distance, 9, 263)

    def new_codes(self) -> None:
        self.bits.put(0b100000000_1, 10)
        self.codes()

    def end(self, is_new_code: bool) -> None:
        """End a member. is_new_code: whether the next begins with codes."""
        self.bits.put(0b100000000_0, 10)
        self.bits.put(is_new_code, 1)

    def filter(self, program: bytes, length: int, channels: int = 0) -> None:
        """Have what comes filtered by a new program."""
        inner = Bits()
        for value in (0, 0, length):
            inner.number(value)
        if channels:
            inner.put(1, 7)
            inner.number(channels)
        inner.number(len(program))
        for byte in program:
            inner.put(byte, 8)
        told = inner.done()
        self.bits.put(257, 9)
        self.bits.put(0x80 | 0x20 | (0x10 if channels else 0) | 7, 8)
        self.bits.put(len(told), 16)
        for byte in told:
            self.bits.put(byte, 8)


def archive(
    members: Sequence[tuple[bytes, int, int]], version: int, *, is_solid: bool = False, split: int = 0
) -> bytes:
    """Return an archive. members: packed bytes, unpacked size, checksum.

    split: 1 when they began in the archive before, 2 when they go on in the next.
    """
    out = b"Rar!\x1a\x07\0" + block(0x73, 8 if is_solid else 0, bytes(6))
    for position, (packed, size, checksum) in enumerate(members):
        flags = 0x8000 | (0x10 if is_solid and position else 0) | 0x80 | split
        name = b"member%d" % position
        fields = struct.pack("<LLBLLBBHL", len(packed), size, 2, checksum, 0, version, 0x33, len(name), 0x20)
        out += block(0x74, flags, fields + name) + packed
    return out + block(0x7B, 0x4000, b"")


def block(kind: int, flags: int, fields: bytes) -> bytes:
    header = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header


def noise(seed: int, count: int, packer: Packer2) -> bytes:
    """Return a packed run with every kind of symbol in it."""
    chance = random.Random(seed)
    packer.codes()
    for value in range(256):
        packer.byte(value)
    for distance in (7, 100, 200, 250):
        packer.match(distance, 9)
    size = 256
    for _ in range(count):
        kind = chance.randrange(8)
        if kind < 2:
            packer.byte(chance.randrange(256))
        elif kind == 2:
            packer.short(chance.randrange(1, 256))
        elif kind == 3:
            packer.again()
        elif kind == 4:
            packer.old(chance.randrange(1, 5), chance.randrange(200))
        elif kind == 5 and chance.random() < 0.05:
            packer.new_codes()
        else:
            packer.match(min(chance.randrange(1 << chance.randrange(1, 20)) + 1, size), chance.randrange(6, 200))
        size += 1
    return packer.bits.done()


def sounds(seed: int, channels: int, count: int) -> bytes:
    """Return a packed run of RAR 2 that is sounds for so many bytes, and then 256 others."""
    chance, packer = random.Random(seed), Packer2()
    packer.sound_codes(channels)
    for _ in range(count):
        packer.byte(chance.choice((0, 1, 2, 255, 254, 3, chance.randrange(256))))
    packer.byte(256)
    packer.codes()
    for value in range(256):
        packer.byte(value)
    return packer.bits.done()
