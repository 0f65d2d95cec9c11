"""A writer of Quantum; what it writes was compared with what The Unarchiver 1.10.7 and cabextract 1.9.1 unpack."""

import random
import struct

from garrison.engine.formats.quantum import DISTANCES, LENGTHS, Model, Models
from tests.engine.formats.rar_packing import Bits, place

_AHEAD = 16  # bits that the reader is ahead


class Packer:
    """Writes one block; models: of the whole folder."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._low, self._high = 0, 0xFFFF
        self._pending = 0
        self._code: list[int] = []
        self._plain: list[tuple[int, int, int]] = []  # before which bit of the code; value and width

    def byte(self, value: int) -> None:
        self._symbol(self._models.selector, value >> 6)
        self._symbol(self._models.literals[value >> 6], value & 63)

    def match(self, distance: int, length: int) -> None:
        kind = min(length, 5) - 3
        self._symbol(self._models.selector, kind + 4)
        if kind == 2:
            self._number(LENGTHS, length, self._models.length)
        self._number(DISTANCES, distance, self._models.distances[kind])

    def _number(self, ranges: list[tuple[int, int]], value: int, model: Model) -> None:
        symbol, more, width = place(ranges, value)
        self._symbol(model, symbol)
        self._plain.append((len(self._code) + self._pending + _AHEAD, more, width))

    def _symbol(self, model: Model, symbol: int) -> None:
        at, width = model.symbols.index(symbol), self._high - self._low + 1
        self._high = self._low + model.sums[at] * width // model.sums[0] - 1
        self._low += model.sums[at + 1] * width // model.sums[0]
        while True:
            low, high = self._low, self._high
            if not (low ^ high) & 0x8000:
                self._bit(low >> 15)
            elif low & 0x4000 and not high & 0x4000:
                self._pending += 1
                low &= 0x3FFF
                high |= 0x4000
            else:
                break
            self._low, self._high = low << 1 & 0xFFFF, high << 1 & 0xFFFF | 1
        model.used(at)

    def _bit(self, value: int) -> None:
        self._code += [value] + [1 - value] * self._pending
        self._pending = 0

    def done(self) -> bytes:
        self._pending += 1
        self._bit(self._low >> 14 & 1)
        bits, at = Bits(), 0
        for before, value, width in self._plain:
            for code in (self._code + [0] * 64)[at:before]:
                bits.put(code, 1)
            at = before
            bits.put(value, width)
        for code in (self._code + [0] * 64)[at:]:
            bits.put(code, 1)
        return bits.done()


def cabinet(blocks: list[tuple[bytes, int]], power: int) -> bytes:
    """Return a cabinet of one file. blocks: packed bytes, and their number unpacked."""
    data = b"".join(struct.pack("<LHH", 0, len(packed), size) + packed for packed, size in blocks)
    size = sum(size for _, size in blocks)
    names = struct.pack("<LLHHHH", size, 0, 0, 0x21, 0, 0x20) + b"inner\0"
    start = 36 + 8 + len(names)
    head = struct.pack("<4s5L2B5H", b"MSCF", 0, start + len(data), 0, 44, 0, 3, 1, 1, 1, 0, 0, 0)
    return head + struct.pack("<LHH", start, len(blocks), 2 | power << 8) + names + data


def noise(seed: int, size: int, power: int) -> tuple[bytes, list[tuple[bytes, int]]]:
    """Return content, and the blocks it is packed to."""
    chance, models, out = random.Random(seed), Models(power), bytearray()
    blocks = []
    while len(out) < size:
        packer, end = Packer(models), min(size, len(out) + 32768)
        start = len(out)
        while len(out) < end:
            left = end - len(out)
            if not out or left < 3 or chance.random() < 0.6:
                value = min(255, int(chance.expovariate(0.05)))
                packer.byte(value)
                out.append(value)
                continue
            length = min(left, chance.choice((3, 4, 5, 6, chance.randrange(5, 259))))
            most = min(len(out), 1 << {3: 12, 4: 18}.get(length, 21))
            distance = chance.randrange(1, 1 + min(most, 1 << chance.randrange(1, power)))
            packer.match(distance, length)
            for _ in range(length):
                out.append(out[-distance])
        blocks.append((packer.done(), len(out) - start))
    return bytes(out), blocks
