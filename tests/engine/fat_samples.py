"""FAT images made by hand."""

import struct
from collections.abc import Sequence
from itertools import pairwise

from tests.engine.disk_samples import mbr

_RESERVED = {12: 1, 16: 1, 32: 32}
_CLUSTERS = {12: 40, 16: 4200, 32: 40}


def entry(name: bytes, cluster: int, size: int, attributes: int = 0x20) -> bytes:
    """Return a record of a folder. name: eleven bytes."""
    return struct.pack("<11sBBBHHHHHHHL", name, attributes, 0, 0, 0, 0, 0, cluster >> 16, 0, 0, cluster & 0xFFFF, size)


def long_name(name: str, short: bytes) -> bytes:
    """Return the records of a long name, which stand before that of the short one."""
    total = 0
    for byte in short:
        total = ((total & 1) << 7 | total >> 1) + byte & 0xFF
    wide = name.encode("utf-16-le") + b"\x00\x00"
    wide += b"\xff" * (-len(wide) % 26)
    parts = [wide[at : at + 26] for at in range(0, len(wide), 26)]
    out = b""
    for number in range(len(parts), 0, -1):
        part = parts[number - 1]
        mark = number | (0x40 if number == len(parts) else 0)
        out += bytes([mark]) + part[:10] + bytes([0x0F, 0, total]) + part[10:22] + bytes(2) + part[22:]
    return out


def table_bytes(bits: int, numbers: Sequence[int]) -> bytes:
    if bits != 12:
        return struct.pack(f"<{len(numbers)}{'H' if bits == 16 else 'L'}", *numbers)
    whole = sum(number << 12 * at for at, number in enumerate(numbers))
    return whole.to_bytes(-(-len(numbers) * 12 // 8), "little")


def boot_sector(bits: int, table: int, total: int) -> bytes:
    entries, old = (0, 0) if bits == 32 else (512, table)
    head = b"\xeb\x3c\x90" + b"GARRISON" + struct.pack("<HBHBHHBH", 512, 1, _RESERVED[bits], 2, entries, 0, 0xF8, old)
    head = head.ljust(32, b"\x00") + struct.pack("<L", total)
    if bits == 32:
        head += struct.pack("<LHHL", table, 0, 0, 2)
    return head.ljust(510, b"\x00") + b"\x55\xaa"


def make_fat(clusters: dict[int, bytes], root: bytes, chains: Sequence[Sequence[int]] = (), bits: int = 12) -> bytes:
    """Return an image. clusters: what is in them, from 2 on, 512 bytes each. chains: those that are more than one.

    FAT32 has its root folder in cluster 2.
    """
    if bits == 32:
        clusters = {2: root, **clusters}
    end = (1 << min(bits, 28)) - 1
    count = max(_CLUSTERS[bits], max(clusters, default=2))
    numbers = [end] * 2 + [0] * count
    for cluster in clusters:
        numbers[cluster] = end
    for chain in chains:
        for this, following in pairwise(chain):
            numbers[this] = following
    packed = table_bytes(bits, numbers)
    table = -(-len(packed) // 512)
    packed = packed.ljust(table * 512, b"\x00")
    fixed = b"" if bits == 32 else root.ljust(512 * 32, b"\x00")
    total = _RESERVED[bits] + 2 * table + len(fixed) // 512 + count
    head = boot_sector(bits, table, total).ljust(_RESERVED[bits] * 512, b"\x00")
    data = b"".join(clusters.get(number, b"").ljust(512, b"\x00") for number in range(2, count + 2))
    return head + packed * 2 + fixed + data


def in_fat(content: bytes, bits: int = 12) -> bytes:
    """Return an image with one file, whose clusters are neighbours."""
    pieces = [content[at : at + 512] for at in range(0, len(content), 512)]
    clusters = dict(enumerate(pieces, 3))
    record = entry(b"FILE    BIN", 3 if content else 0, len(content))
    wide = bits if bits != 12 or len(pieces) < 4000 else 16
    return make_fat(clusters, record, [range(3, 3 + len(pieces))], wide)


def in_fat_16(content: bytes) -> bytes:
    return in_fat(content, 16)


def in_fat_32(content: bytes) -> bytes:
    return in_fat(content, 32)


def in_fat_on_disk(content: bytes) -> bytes:
    """Return an image in whose boot sector a partition table is as well."""
    image = in_fat(content)
    return image[:446] + mbr([(0x83, 1, 1)])[446:] + image[512:]
