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
        size = len(content)
        if not size:
            return b""
        words = self._random.getrandbits(32 * size) >> 1  # the first of them lowest
        stream = words.to_bytes(4 * size, "little")[::4]
        return (int.from_bytes(content, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


class Rotator:
    """AutoIt 3.2.6 and later (EA06): 17 numbers that are rotated and added."""

    def __init__(self, seed: int) -> None:
        self._numbers: list[int] = []
        for _ in range(17):
            seed = 1 - seed * 0x53A9B4FB & _ALL
            self._numbers.append(seed)
        self._one, self._two = 0, 10
        self.apply(bytes(4))
        self._skip()

    def _skip(self) -> None:
        """Pass over one number: nine of them come before the first byte."""
        left, right = self._numbers[self._one], self._numbers[self._two]
        self._numbers[self._one] = (left << 9 | left >> 23) + (right << 13 | right >> 19) & _ALL
        self._one = self._one - 1 if self._one else 16
        self._two = self._two - 1 if self._two else 16

    def apply(self, content: bytes) -> bytes:
        """Return the next bytes, encrypted or decrypted."""
        out = bytearray()
        numbers, one, two = self._numbers, self._one, self._two
        for byte in content:
            for _ in (0, 1):  # of two numbers, the second counts
                left, right = numbers[one], numbers[two]
                value = (left << 9 | left >> 23) + (right << 13 | right >> 19) & _ALL
                numbers[one] = value
                one = one - 1 if one else 16
                two = two - 1 if two else 16
            out.append(byte ^ value >> 24)
        self._one, self._two = one, two
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
