"""A writer of what LHA's lh1 packs; what Lhasa and The Unarchiver unpack it to is the same."""

import random

from garrison.engine.formats.lzh_dynamic import Tree
from tests.engine.formats.rar_packing import Bits

_SYMBOLS = 314
_LENGTHS = [3] + [4] * 3 + [5] * 8 + [6] * 12 + [7] * 24 + [8] * 16


def _far() -> list[tuple[int, int]]:
    codes, code, before = [], 0, _LENGTHS[0]
    for length in _LENGTHS:
        code <<= length - before
        before = length
        codes.append((code, length))
        code += 1
    return codes


FAR = _far()


class Packer:
    """Writes bytes and matches."""

    def __init__(self) -> None:
        self.bits = Bits()
        self._tree = Tree()

    def byte(self, value: int) -> None:
        """Write a byte, or a length from 256 on."""
        path, tree, place = "", self._tree, self._tree.parents[value + 2 * _SYMBOLS - 1]
        while place != 2 * _SYMBOLS - 2:
            parent = tree.parents[place]
            path += str(place - tree.children[parent])
            place = parent
        self.bits.put(int(path[::-1], 2), len(path))
        tree.used(value)

    def match(self, distance: int, length: int) -> None:
        """Write a match of 3 to 60 bytes."""
        self.byte(length + 253)
        self.bits.put(*FAR[distance - 1 >> 6])
        self.bits.put(distance - 1 & 63, 6)


def noise(seed: int, count: int) -> tuple[bytes, bytes]:
    """Return content, and what it is packed to."""
    chance, packer, out = random.Random(seed), Packer(), bytearray(b" " * 4096)
    for _ in range(count):
        if chance.random() < 0.6:
            value = min(255, int(chance.expovariate(0.05)))
            packer.byte(value)
            out.append(value)
        else:
            distance, length = chance.randrange(1, 1 + (1 << chance.randrange(13))), chance.randrange(3, 61)
            packer.match(distance, length)
            for _ in range(length):
                out.append(out[-distance])
    return bytes(out[4096:]), packer.bits.done()
