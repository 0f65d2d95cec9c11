"""The filter of 7z and xz for programs of RISC-V: places that instructions name are distances again.

The .xz file format's RISC-V filter, as XZ Utils' documentation and source tell it.
"""

import re
from collections.abc import Iterator

from garrison.engine.guard import Incomplete

_LONGEST = 8  # bytes of a pair of instructions
# The lowest byte of JAL, with the return address in x1, and of AUIPC, whose highest bit belongs to a register.
_JUMPS_AND_PAGES = re.compile(rb"[\xef\x17\x97]")
_MASK = 0xFFFFFFFF


def filtered(pieces: Iterator[bytes], start: int = 0) -> Iterator[bytes]:
    """Yield what the filter makes of pieces. start: the address of the first byte. Raises Incomplete."""
    held, at = bytearray(), start
    reason: Incomplete | None = None
    try:
        for piece in pieces:
            held += piece
            done = _decode(held, at)
            yield bytes(held[:done])
            del held[:done]
            at += done
    except Incomplete as error:
        reason = error
    yield bytes(held)
    if reason is not None:
        raise reason


def _decode(data: bytearray, start: int) -> int:
    """Change what is there in place. Return how much of it is done; the rest waits for more."""
    at, end = 0, len(data) - _LONGEST
    while at <= end:
        found = _JUMPS_AND_PAGES.search(data, at)
        if found is None:
            return max(at, (end + 2) & -2)
        if found.start() & 1:
            at = found.start() + 1
            continue
        at = found.start()
        if at > end:
            break
        at += _jump(data, at, start + at) if data[at] == 0xEF else _page(data, at, start + at)
    return min(at, len(data))


def _jump(data: bytearray, at: int, address: int) -> int:
    second, third, fourth = data[at + 1 : at + 4]
    if second & 0x0D:
        return 2
    place = ((second & 0xF0) << 13 | third << 9 | fourth << 1) - address
    data[at + 1] = second & 0x0F | place >> 8 & 0xF0
    data[at + 2] = place >> 16 & 0x0F | place >> 7 & 0x10 | place << 4 & 0xE0
    data[at + 3] = place >> 4 & 0x7F | place >> 13 & 0x80
    return 4


def _page(data: bytearray, at: int, address: int) -> int:
    first, second = (int.from_bytes(data[place : place + 4], "little") for place in (at, at + 4))
    if first & 0xE80:
        if (first << 8 ^ second) & 0xF8003 != 3:
            return 6  # the next is no instruction that goes with it
        pair = 0x117 | second << 12, (first & 0xFFFFF000) + (second >> 20)
    else:
        register = first >> 27
        if (first - 0x3117 << 18) & _MASK >= register & 0x1D:
            return 4
        place = int.from_bytes(data[at + 4 : at + 8], "big") - address
        pair = 0x17 | register << 7 | place + 0x800 & 0xFFFFF000, first >> 12 | place << 20
    for where, word in zip((at, at + 4), pair, strict=True):
        data[where : where + 4] = (word & _MASK).to_bytes(4, "little")
    return _LONGEST
