"""A small writer of NSIS installers, and of the bzip2 that NSIS has for itself."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable

Pack = Callable[[bytes], bytes]


def deflate(content: bytes) -> bytes:
    return zlib.compress(content, 9, -15)


def lzma_run(content: bytes) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 23, "lc": 3, "lp": 0, "pb": 2}]
    return b"\x5d\x00\x00\x80\x00" + lzma.compress(content, lzma.FORMAT_RAW, filters=filters)


def bzip2(content: bytes) -> bytes:
    """Return content in bzip2 as NSIS has it: one block, its marks one byte each, without checksums."""
    plain = bz2.compress(content)
    bits = f"{int.from_bytes(plain, 'big'):0{8 * len(plain)}b}"
    end = bits.rindex(f"{0x177245385090:048b}")
    block = bits[32 + 48 + 32 + 1 : end]  # behind signature, block mark, checksum and one bit
    out = f"{0x31:08b}" + block + f"{0x17:08b}"
    out += "0" * (-len(out) % 8)
    return int(out, 2).to_bytes(len(out) // 8, "big")


def installer(blocks: list[bytes], pack: Pack, *, is_solid: bool) -> bytes:
    """Return an installer's data, which follow a program on a multiple of 512 bytes; the first block is the header."""
    if is_solid:
        body = pack(b"".join(struct.pack("<I", len(block)) + block for block in blocks))
    else:
        packed = [pack(block) for block in blocks]
        body = b"".join(struct.pack("<I", len(each) | 0x80000000) + each for each in packed)
    sizes = struct.pack("<II", len(blocks[0]), 28 + len(body))
    return struct.pack("<II", 0, 0xDEADBEEF) + b"NullsoftInst" + sizes + body


PACKERS: tuple[Pack, ...] = (deflate, lzma_run, bzip2)
