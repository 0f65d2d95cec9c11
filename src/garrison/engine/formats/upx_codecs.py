"""What UPX packs with: NRV2B, NRV2D, NRV2E (UCL 1.03, Markus Oberhumer) and LZMA, and its filter for calls.

The NRV formats: bits in little-endian words of 32, the highest first, between whole bytes. A bit 1 is followed by a
byte as it is; else an offset and a length follow, in numbers whose every bit is followed by one that says whether it
was the last.
"""

import lzma
from collections.abc import Callable

from garrison.engine.guard import Guard

_ASK_EVERY = 20_000  # runs, between two questions for the time
NRV2B, NRV2D, NRV2E, LZMA = 2, 5, 8, 14
_CALLS = {0x16, 0x26, 0x36, 0x46, 0x49}


class _Ended(Exception):  # no error: the packed bytes are over
    pass


def unpack(method: int, packed: bytes, size: int, guard: Guard) -> bytes | None:
    """Return what was packed, of `size` bytes at most, or None when it is damaged. Raises Incomplete at the time's end.

    method: as in UPX's headers; 8- and 16-bit variants of NRV are not known.
    """
    if method == LZMA:
        return _unpack_lzma(packed, size)
    if method not in {NRV2B, NRV2D, NRV2E}:
        return None
    return _Nrv(method, packed, size, guard).unpack()


def _unpack_lzma(packed: bytes, size: int) -> bytes | None:
    # Two bytes of properties of UPX's own: lc + lp and pb; lp and lc.
    if len(packed) < 3:
        return None
    position, low, literal = packed[0] & 7, packed[1] >> 4, packed[1] & 15
    if position > 4 or low + literal > 4:
        return None
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": max(4096, size), "lc": literal, "lp": low, "pb": position}]
    try:
        out = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain).decompress(packed[2:], size)
    except (lzma.LZMAError, EOFError, MemoryError):
        return None
    return out or None


def bits_of(packed: bytes, start: int = 0) -> tuple[Callable[[], int], Callable[[], int]]:
    """Return the functions that take the next bit and the next byte. Both raise _Ended."""
    at = start
    word, left = 0, 0
    end = len(packed)

    def bit() -> int:
        nonlocal at, word, left
        if not left:
            if at + 4 > end:
                raise _Ended
            word = int.from_bytes(packed[at : at + 4], "little")
            at += 4
            left = 32
        left -= 1
        return word >> left & 1

    def byte() -> int:
        nonlocal at
        if at >= end:
            raise _Ended
        at += 1
        return packed[at - 1]

    return bit, byte


class _Nrv:
    def __init__(self, method: int, packed: bytes, size: int, guard: Guard) -> None:
        self._bit, self._byte = bits_of(packed)
        self._size = size
        self._guard = guard
        self._last = 1
        self._run = {NRV2B: self._run_2b, NRV2D: self._run_2d, NRV2E: self._run_2e}[method]

    def unpack(self) -> bytes | None:
        out = bytearray()
        bit, byte, run, size = self._bit, self._byte, self._run, self._size
        count = 0
        try:
            while len(out) < size:
                while bit():
                    out.append(byte())
                offset, length = run()
                if not offset:
                    break
                if offset > len(out) or len(out) + length > size + 16:
                    return None
                _copy(out, offset, length)
                count += 1
                if not count % _ASK_EVERY:
                    self._guard.check()
        except _Ended:
            return None
        return bytes(out[:size])

    def _number(self) -> int:
        """Return a length: a number from 2 on, a bit after each of its bits."""
        bit = self._bit
        value = 1
        while True:
            value = value * 2 + bit()
            if bit():
                return value
            if value > 1 << 28:
                raise _Ended

    def _run_2b(self) -> tuple[int, int]:
        offset = self._number()
        if offset == 2:
            offset = self._last
        else:
            offset = (offset - 3) * 256 + self._byte() & 0xFFFFFFFF
            if offset == 0xFFFFFFFF:
                return 0, 0
            offset += 1
            self._last = offset
        length = self._bit() * 2
        length += self._bit()
        if not length:
            length = self._number() + 2
        return offset, length + (offset > 0xD00) + 1

    def _far(self) -> tuple[int, int]:
        """Return an offset of NRV2D and NRV2E with the first bit of its length; offset 0 is the end."""
        bit = self._bit
        offset = 1
        while True:
            offset = offset * 2 + bit()
            if bit():
                break
            offset = (offset - 1) * 2 + bit()
            if offset > 1 << 28:
                raise _Ended
        if offset == 2:
            return self._last, bit()
        offset = (offset - 3) * 256 + self._byte() & 0xFFFFFFFF
        if offset == 0xFFFFFFFF:
            return 0, 0
        length = ~offset & 1
        self._last = (offset >> 1) + 1
        return self._last, length

    def _run_2d(self) -> tuple[int, int]:
        offset, length = self._far()
        if not offset:
            return 0, 0
        length = length * 2 + self._bit()
        if not length:
            length = self._number() + 2
        return offset, length + (offset > 0x500) + 1

    def _run_2e(self) -> tuple[int, int]:
        offset, length = self._far()
        if not offset:
            return 0, 0
        if length:
            length = 1 + self._bit()
        elif self._bit():
            length = 3 + self._bit()
        else:
            length = self._number() + 3
        return offset, length + (offset > 0x500) + 1


def _copy(out: bytearray, offset: int, length: int) -> None:
    """Repeat `length` bytes from `offset` back; they may be the very ones that are being written."""
    start = len(out) - offset
    if offset >= length:
        out += out[start : start + length]
    else:
        pattern = bytes(out[start:])
        out += (pattern * (length // offset + 1))[:length]


def unfiltered(image: bytes, start: int, size: int, kind: int, mark: int) -> bytes:
    """Return the image with the addresses of calls and jumps in a run made relative again.

    kind: UPX's number of the filter; others than those for 32-bit calls are let alone. mark: the byte that marks them.
    """
    if kind not in _CALLS:
        return image
    out = bytearray(image)
    with_conditions = kind == 0x49
    at, end = start, min(start + size, len(out)) - 5
    while at <= end:
        op = out[at]
        is_branch = op in {0xE8, 0xE9} or (with_conditions and at > start and out[at - 1] == 0x0F and op & 0xF0 == 0x80)
        if is_branch and out[at + 1] == mark:
            absolute = int.from_bytes(out[at + 1 : at + 5], "big") - (mark << 24)
            out[at + 1 : at + 5] = (absolute - (at - start) - 1 & 0xFFFFFFFF).to_bytes(4, "little")
            at += 4
        at += 1
    return bytes(out)
