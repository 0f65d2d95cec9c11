"""How AutoIt hides its scripts: two streams of pseudo-random bytes, and a simple LZ packer.

From public descriptions: ClamAV's autoit.c and autoit-ripper tell the constants.
"""

import random

from garrison.engine.guard import Guard

_ALL = 0xFFFFFFFF
_PIECE = 64 * 1024


class Twister:
    """AutoIt 3.0 to 3.2 (EA05): MT19937 (Matsumoto, Nishimura 1998), of each number the second-lowest byte of bits."""

    def __init__(self, seed: int) -> None:
        state = [seed & _ALL]
        for number in range(1, 624):
            previous = state[-1]
            state.append(number + 0x6C078965 * (previous >> 30 ^ previous) & _ALL)
        self._random = random.Random()  # noqa: S311 # the format's own, no secret of ours
        self._random.setstate((3, (*state, 624), None))

    def apply(self, content: bytes) -> bytes:
        """Return the next bytes, encrypted or decrypted."""
        take = self._random.getrandbits
        return bytes(byte ^ take(32) >> 1 & 0xFF for byte in content)


class Rotator:
    """AutoIt 3.2.6 and later (EA06): 17 numbers that are rotated and added."""

    def __init__(self, seed: int) -> None:
        self._numbers: list[int] = []
        for _ in range(17):
            seed = 1 - seed * 0x53A9B4FB & _ALL
            self._numbers.append(seed)
        self._one, self._two = 0, 10
        for _ in range(9):
            self._next()

    def _next(self) -> int:
        numbers, one, two = self._numbers, self._one, self._two
        left, right = numbers[one], numbers[two]
        value = (left << 9 | left >> 23) + (right << 13 | right >> 19) & _ALL
        numbers[one] = value
        self._one = one - 1 if one else 16
        self._two = two - 1 if two else 16
        return value

    def apply(self, content: bytes) -> bytes:
        """Return the next bytes, encrypted or decrypted."""
        out = bytearray()
        step = self._next
        for byte in content:
            step()
            out.append(byte ^ step() >> 24)
        return bytes(out)


def unpack(packed: bytes, guard: Guard) -> bytes:
    """Return what was packed, as far as it is sound. Raises Incomplete at the time's end.

    After "EA05" or "EA06" and the size (big-endian): a bit that tells a byte from a reference; a reference is 15 bits
    of distance and a length in steps of 2, 3, 5 and 8 bits.
    """
    size = min(int.from_bytes(packed[4:8], "big"), guard.limits.object_bytes)
    literal = 0 if packed[:4] == b"EA05" else 1
    bits = _Bits(packed, 8)
    out = bytearray()
    asked = 0
    while len(out) < size and not bits.is_over():
        if bits.take(1) == literal:
            out.append(bits.take(8))
        else:
            distance = bits.take(15)
            length = bits.length()
            if not 0 < distance <= len(out):
                break
            start = len(out) - distance
            run = bytes(out[start : start + length])
            out += (run * (length // len(run) + 1))[:length]
        if len(out) - asked > _PIECE:
            asked = len(out)
            guard.check()
    return bytes(out[:size])


class _Bits:
    def __init__(self, packed: bytes, start: int) -> None:
        self._packed = packed
        self._at = 8 * start
        self._end = 8 * len(packed)

    def is_over(self) -> bool:
        return self._at >= self._end

    def take(self, count: int) -> int:
        at = self._at
        self._at = at + count
        run = int.from_bytes(self._packed[at >> 3 : (at >> 3) + 4].ljust(4, b"\x00"), "big")
        return run >> 32 - (at & 7) - count & (1 << count) - 1

    def length(self) -> int:
        length = 3
        for bits in (2, 3, 5):
            value = self.take(bits)
            length += value
            if value != (1 << bits) - 1:
                return length
        value = 255
        while value == 255 and not self.is_over():
            value = self.take(8)
            length += value
        return length
