"""Files that HFS Plus packs by itself: an extended attribute tells how, and where the packed data is.

After Apple's published kernel header (bsd/sys/decmpfs.h): stored and zlib forms, in the attribute or the second fork.
"""

import struct
from collections.abc import Callable, Iterator

from garrison.engine.formats.image_blocks import zlib_block
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Guard, Incomplete

ATTRIBUTE = "com.apple.decmpfs"
_MAGIC = b"fpmc"
_HEADER = 16
_BLOCK = 64 * 1024
_INLINE_ZLIB, _FORK_ZLIB = 3, 4
_STORED_INLINE = {1, 9}
_NAMES = {7: "LZVN", 8: "LZVN", 11: "LZFSE", 12: "LZFSE"}


def size(attribute: bytes) -> int:
    """Return the unpacked size in bytes, -1 when the attribute does not tell."""
    return int.from_bytes(attribute[8:16], "little") if attribute.startswith(_MAGIC) and len(attribute) >= 16 else -1


def unpack(attribute: bytes, read: Callable[[int, int], bytes], guard: Guard) -> Iterator[bytes]:
    """Yield the content of a packed file. read: gives so many bytes from an offset of the second fork.

    Raises Incomplete at damage or a limit, OSError.
    """
    if size(attribute) < 0:
        raise Incomplete(CORRUPT)
    kind = int.from_bytes(attribute[4:8], "little")
    data = attribute[_HEADER:]
    if kind in _STORED_INLINE:
        yield _counted(data, guard)
    elif kind == _INLINE_ZLIB:
        yield _counted(_block(data, min(size(attribute), _BLOCK)), guard)
    elif kind == _FORK_ZLIB:
        yield from _blocks(read, size(attribute), guard)
    else:
        raise Incomplete(f"not opened: packed by {_NAMES.get(kind, f'method {kind}')}")


def _blocks(read: Callable[[int, int], bytes], left: int, guard: Guard) -> Iterator[bytes]:
    """Yield the blocks in the second fork: its data begins with their number and places."""
    start = int.from_bytes(read(0, 4), "big") + 4
    at = start + 4
    for _ in range(int.from_bytes(read(start, 4), "little")):
        if left <= 0:
            return
        offset, length = struct.unpack("<LL", read(at, 8))
        at += 8
        piece = _block(read(start + offset, min(length, 2 * _BLOCK)), _BLOCK)
        left -= len(piece)
        yield _counted(piece, guard)
    if left > 0:
        raise Incomplete(CORRUPT)


def _block(packed: bytes, most: int) -> bytes:
    """Return a block's content; its first byte says when it is stored."""
    if packed and packed[0] & 0x0F == 0x0F:
        return packed[1:]
    return zlib_block(packed, most)


def _counted(piece: bytes, guard: Guard) -> bytes:
    guard.grew(len(piece))
    return piece
