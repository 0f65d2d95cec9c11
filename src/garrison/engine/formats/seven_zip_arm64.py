"""The filter of 7z and xz for programs of ARM64: places that calls and pages name are distances again.

The .xz file format's ARM64 filter, as XZ Utils' documentation and source tell it.
"""

import re
from collections.abc import Iterator

from garrison.engine.guard import Incomplete

# The highest byte of the two instructions: BL, with 26 bits of words, and ADRP, with 21 bits of pages.
_CALLS_AND_PAGES = re.compile(rb"[\x94-\x97\x90\xb0\xd0\xf0]")


def filtered(pieces: Iterator[bytes], start: int = 0) -> Iterator[bytes]:
    """Yield what the filter makes of pieces. start: the address of the first byte. Raises Incomplete."""
    held, at = b"", start
    reason: Incomplete | None = None
    try:
        for piece in pieces:
            data = held + piece
            whole = len(data) & -4
            held = data[whole:]
            yield _decoded(data[:whole], at)
            at += whole
    except Incomplete as error:
        reason = error
    yield held
    if reason is not None:
        raise reason


def _decoded(data: bytes, start: int) -> bytes:
    out = bytearray(data)
    for found in _CALLS_AND_PAGES.finditer(data[3::4]):
        place = 4 * found.start()
        word = int.from_bytes(data[place : place + 4], "little")
        address = start + place
        if word >> 26 == 0x25:
            word = 0x94000000 | (word - (address >> 2)) & 0x03FFFFFF
        else:
            page = word >> 29 & 3 | word >> 3 & 0x1FFFFC
            if page + 0x20000 & 0x1C0000:
                continue  # too far away to have been changed
            page -= address >> 12
            word = word & 0x9000001F | (page & 3) << 29 | (page & 0x3FFFC) << 3
            word |= 0xE00000 if page & 0x20000 else 0
        out[place : place + 4] = word.to_bytes(4, "little")
    return bytes(out)
