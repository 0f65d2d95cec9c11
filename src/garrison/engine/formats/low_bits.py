"""Bits of a run of bytes, lowest first, for the decoders that are written in Python."""

from garrison.engine.formats.lzh_codes import Table
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete


class LowBits:
    """Bits of a run of bytes. The lowest `count` bits of `held` are the next ones; loops work on both themselves."""

    __slots__ = ("at", "count", "data", "held")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at
        self.held = self.count = 0

    def fill(self) -> None:
        """Hold 64 bits or more; behind the end there are zeros, and how far to go is for the heirs to say."""
        self.held |= int.from_bytes(self.data[self.at : self.at + 8], "little") << self.count
        self.at += 8
        self.count += 64

    def take(self, count: int) -> int:
        """Return a number of so many bits."""
        if self.count < count:
            self.fill()
        value = self.held & ((1 << count) - 1)
        self.held >>= count
        self.count -= count
        return value

    def symbol(self, table: Table) -> int:
        """Return the next symbol of a code. Raises Incomplete."""
        if self.count < 16:
            self.fill()
        entry = table[0][self.held & ((1 << table[1]) - 1)]
        if not entry:
            raise Incomplete(CORRUPT)
        self.held >>= entry & 31
        self.count -= entry & 31
        return entry >> 5
