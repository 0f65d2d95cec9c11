"""A small packer for what UPX unpacks: the NRV formats, written from their decompressors."""

from garrison.engine.formats.upx_codecs import NRV2B, NRV2D, NRV2E


class Bits:
    """Bits in words of 32 between whole bytes."""

    def __init__(self) -> None:
        self.out = bytearray()
        self._at = 0
        self._left = 0

    def bit(self, value: int) -> None:
        if not self._left:
            self._at = len(self.out)
            self.out += bytes(4)
            self._left = 32
        self._left -= 1
        word = int.from_bytes(self.out[self._at : self._at + 4], "little") | value << self._left
        self.out[self._at : self._at + 4] = word.to_bytes(4, "little")

    def byte(self, value: int) -> None:
        self.out.append(value)

    def number(self, value: int) -> None:
        digits = f"{value:b}"[1:]
        for position, digit in enumerate(digits):
            self.bit(int(digit))
            self.bit(position == len(digits) - 1)

    def far(self, value: int) -> None:
        steps = []
        while True:
            steps.append(value & 1)
            value >>= 1
            if value == 1:
                break
            steps.append(value & 1)
            value = (value >> 1) + 1
        steps.reverse()
        for position in range(0, len(steps), 2):
            self.bit(steps[position])
            self.bit(position == len(steps) - 1)
            if position + 1 < len(steps):
                self.bit(steps[position + 1])


def pack(method: int, content: bytes) -> bytes:
    """Return content packed: every repeat of at least 8 bytes from up to 60,000 back is a reference."""
    bits = Bits()
    at, last, seen = 0, 1, dict[bytes, int]()
    while at < len(content):
        key = content[at : at + 8]
        found = seen.get(key, -1)
        seen[key] = at
        if len(key) < 8 or found < 0 or at - found > 60_000:
            bits.bit(1)
            bits.byte(content[at])
            at += 1
            continue
        length = 8
        while at + length < len(content) and length < 200 and content[found + length] == content[at + length]:
            length += 1
        bits.bit(0)
        last = reference(bits, method, at - found, length, last)
        at += length
    bits.bit(0)
    reference(bits, method, 0, 0, -1)
    return bytes(bits.out)


def reference(bits: Bits, method: int, offset: int, length: int, last: int) -> int:
    far = bits.number if method == NRV2B else bits.far
    if not offset:
        far(0x1000002)
        bits.byte(0xFF)
        return last
    rest = length - 1 - (offset > (0xD00 if method == NRV2B else 0x500))
    if method == NRV2B:
        far_offset(far, bits, offset - 1, offset == last)
        bits.bit(0)
        bits.bit(0)
        bits.number(rest - 2)
        return offset
    far_offset(far, bits, (offset - 1) << 1 | 1, offset == last)
    if offset == last:
        bits.bit(0)
    bits.bit(0)  # NRV2D: the second bit of the length; NRV2E: it is a long one
    bits.number(rest - (2 if method == NRV2D else 3))
    return offset


def far_offset(far: object, bits: Bits, value: int, is_last: bool) -> None:
    assert callable(far)
    if is_last:
        far(2)
        return
    far((value >> 8) + 3)
    bits.byte(value & 0xFF)


METHODS = (NRV2B, NRV2D, NRV2E)
