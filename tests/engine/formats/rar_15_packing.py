"""Bytes that RAR 1.5 might have packed: the decoder reads what chance writes, code by code.

What The Unarchiver 1.10.7 unpacks them to is the same.
"""

import random
from collections.abc import Callable

from garrison.engine.formats import rar_15
from garrison.engine.formats.lzh_codes import Table
from garrison.engine.guard import Incomplete
from tests.engine.formats.rar_packing import Bits


class Chance:
    """What the decoder takes for the bits of a file. room: so many are written."""

    def __init__(self, seed: int, room: int, wanted: Callable[[Table], int | None]) -> None:
        self._chance = random.Random(seed)
        self._wanted = wanted
        self._room = room
        self.bits = Bits()

    def take(self, count: int) -> int:
        value = self._chance.getrandbits(count)
        self._put(value, count)
        return value

    def symbol(self, table: Table) -> int:
        entries, width = table
        symbol = self._wanted(table) if self._chance.random() < 0.8 else None
        at = self._chance.randrange(len(entries))
        if symbol is not None:
            at = next(at for at, entry in enumerate(entries) if entry >> 5 == symbol)
        length = entries[at] & 31
        self._put(at >> (width - length), length)
        return entries[at] >> 5

    def _put(self, value: int, width: int) -> None:
        self._room -= width
        if self._room < 0:
            raise Incomplete("that is enough")
        self.bits.put(value, width)


class Recording(rar_15.Unpacker):
    """Writes what it reads. Literals are likely, so that there are runs of them."""

    def __init__(self, seed: int, room: int) -> None:
        self.chance = Chance(seed, room, self._flags_of_literals)
        super().__init__()
        self._out += bytes(range(256)) * 256  # so that every distance is within

    def _begin(self, data: bytes) -> None:
        super()._begin(data)
        self._bits = self.chance  # type: ignore[assignment]  # it answers the same questions

    def _flags_of_literals(self, table: Table) -> int | None:
        if table is not rar_15._PLACES[2] or self._flags_left or self._is_run:
            return None
        is_match_likely = self._weight_of_matches > self._weight_of_literals
        wanted = 0x55 if is_match_likely else 0xFF
        return next((place for place in range(256) if self._flags._places[place] >> 8 & 255 == wanted), None)


def noise(seed: int, room: int) -> tuple[bytes, bytes]:
    """Return what lies before, 64 KiB, with content behind it, and what the content is packed to."""
    unpacker = Recording(seed, room)
    out = bytearray()
    try:
        for piece in unpacker.unpacked(b"", 1 << 24):
            out += piece
    except Incomplete:
        pass
    return bytes(out), unpacker.chance.bits.done()
