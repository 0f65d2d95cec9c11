"""PowerPoint's binary documents: the OLE objects in them.

[MS-PPT] 2.10.34 (ExOleObjStg), 2.3.1 (headers of records).
"""

import struct
import zlib
from collections.abc import Iterator

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Guard, Incomplete

_EX_OLE_OBJ_STG = 0x1011
_MARK = b"\x11\x10"
_PIECE_BYTES = 256 * 1024


def objects(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the objects in a stream called PowerPoint Document: offset, length, and the size that they unpack to.

    All in bytes; the size is -1 for an object that is not compressed.

    They are looked for everywhere, and not by walking the records: a wrong length would hide what comes behind it.
    """
    at = stream.find(_MARK)
    while at >= 0:
        version, kind, length = (
            struct.unpack("<HHI", stream[at - 2 : at + 6].ljust(8, b"\x00")) if at >= 2 else (1, 0, 0)
        )
        is_compressed = version >> 4 == 1
        start = at + 6
        behind = stream[start + 4 : start + 6] if is_compressed else stream[start : start + 2]
        looks_right = behind[:1] == b"\x78" if is_compressed else behind == b"\xd0\xcf"
        if kind == _EX_OLE_OBJ_STG and version in {0x00, 0x10} and looks_right:
            size = int.from_bytes(stream[start : start + 4], "little")
            yield (start + 4, max(0, length - 4), size) if is_compressed else (start, length, -1)
            start += min(length, len(stream))
        at = stream.find(_MARK, start)


def unpacked(packed: bytes, size: int, guard: Guard) -> Iterator[bytes]:
    """Yield what zlib data (RFC 1950) unpacks to; PowerPoint leaves its end out.

    size: bytes that it says to unpack to. Raises Incomplete at damage, at a limit, or when it ends before this size.
    """
    state = zlib.decompressobj()
    count = 0
    while not state.eof:
        try:
            piece = state.decompress(packed, _PIECE_BYTES)
        except zlib.error as error:
            raise Incomplete(CORRUPT) from error
        rest = state.unconsumed_tail
        if not piece and not state.eof:
            if count >= size:
                return
            raise Incomplete(TOO_SHORT)
        packed = rest
        count += len(piece)
        guard.grew(len(piece))
        yield piece
