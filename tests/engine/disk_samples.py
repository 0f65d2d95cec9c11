"""Images of disks made by hand: both kinds of partition tables."""

import binascii
import struct
from collections.abc import Sequence

LINUX = bytes.fromhex("af3dc60f838472478e793d69d8477de4")  # the type of a Linux file system, as a GPT stores it
EFI = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")  # likewise, of an EFI system partition
Entry = tuple[int, int, int]  # type, first sector, sectors


def mbr(entries: Sequence[Entry], code: bytes = b"") -> bytes:
    """Return a boot sector."""
    table = b"".join(struct.pack("<B3xB3xLL", 0, kind, start, count) for kind, start, count in entries)
    return code[:440].ljust(446, b"\x00") + table.ljust(64, b"\x00") + b"\x55\xaa"


def in_mbr(content: bytes) -> bytes:
    sectors = max(1, -(-len(content) // 512))
    return mbr([(0x83, 1, sectors)]) + content.ljust(sectors * 512, b"\x00")


def in_logical(content: bytes) -> bytes:
    """Return a disk with an extended partition and a logical one in it."""
    sectors = max(1, -(-len(content) // 512))
    chain = mbr([(0x83, 1, sectors)])
    return mbr([(0x05, 1, sectors + 1)]) + chain + content.ljust(sectors * 512, b"\x00")


def gpt_header(own: int, other: int, table: int, entries: bytes) -> bytes:
    fields = (own, other, 34, 100, b"G" * 16, table, 128, 128, binascii.crc32(entries))
    body = struct.pack("<QQQQ16sQLLL", *fields)
    plain = b"EFI PART" + b"\x00\x00\x01\x00" + struct.pack("<L", 92)
    checksum = binascii.crc32(plain + bytes(8) + body)
    return (plain + struct.pack("<LL", checksum, 0) + body).ljust(512, b"\x00")


def in_gpt(content: bytes, name: str = "root", kind: bytes = LINUX) -> bytes:
    """Return a disk with one partition, from sector 34 on."""
    sectors = max(1, -(-len(content) // 512))
    last = 34 + sectors + 32
    entry = kind + b"U" * 16 + struct.pack("<QQQ", 34, 33 + sectors, 0) + name.encode("utf-16-le")
    entries = entry.ljust(128 * 128, b"\x00")
    head = mbr([(0xEE, 1, last)]) + gpt_header(1, last, 2, entries) + entries
    return head + content.ljust(sectors * 512, b"\x00") + entries + gpt_header(last, 1, last - 32, entries)
