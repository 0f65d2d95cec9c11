"""A PE program written from memory, so that what was unpacked can be matched and opened like any program."""

import struct
from dataclasses import dataclass

_HEADER = 0x400
_PAGE = 0x1000


@dataclass(frozen=True, slots=True)
class Part:
    """One section. address: relative to the image's base. flags: as in the section's header."""

    name: bytes
    address: int
    content: bytes
    virtual_size: int
    flags: int = 0xE0000060


def write_image(parts: list[Part], entry: int, base: int, directories: bytes = b"", is_64: bool = False) -> bytes:
    """Return a PE program of sections. entry: address, relative to the base. directories: up to 16 times 8 bytes."""
    optional = struct.pack("<HBBIIII", 0x20B if is_64 else 0x10B, 0, 0, 0, 0, 0, entry & 0xFFFFFFFF)
    optional += struct.pack("<IQ", 0x1000, base) if is_64 else struct.pack("<III", 0x1000, 0x1000, base & 0xFFFFFFFF)
    end = max((part.address + max(part.virtual_size, len(part.content)) for part in parts), default=_PAGE)
    size = end + -end % _PAGE & 0xFFFFFFFF
    optional += struct.pack("<IIIIIIIIIHH", _PAGE, 0x200, 4, 0, 0, 4, 0, size, _HEADER, 0, 2)
    optional = optional[: 68 + 0] + struct.pack("<HH", 2, 0)
    optional += struct.pack("<QQQQ" if is_64 else "<IIII", 0x100000, 0x1000, 0x100000, 0x1000)
    optional += struct.pack("<II", 0, 16) + directories[:128].ljust(128, b"\x00")
    header = b"MZ".ljust(60, b"\x00") + struct.pack("<I", 64) + b"PE\x00\x00"
    used = parts[:16]
    header += struct.pack("<HHIIIHH", 0x8664 if is_64 else 0x14C, len(used), 0, 0, 0, len(optional), 0x102) + optional
    offset, bodies = _HEADER, []
    for part in used:
        kept = part.content.rstrip(b"\x00")
        kept += bytes(-len(kept) % 0x200)
        where = (part.virtual_size & 0xFFFFFFFF, part.address & 0xFFFFFFFF, len(kept), offset if kept else 0)
        header += struct.pack("<8sIIIIIIHHI", part.name[:8], *where, 0, 0, 0, 0, part.flags)
        offset += len(kept)
        bodies.append(kept)
    return header.ljust(_HEADER, b"\x00") + b"".join(bodies)
