"""AppImages: an ELF program with a file system behind it (type 2: Squashfs) or around it (type 1: ISO 9660).

What follows a program is an object already, when it is no larger than one may be. Only a larger file system is read
from here, because its tables are at its end.

The AppImage specification, "Image format"; the end of an ELF file after the System V ABI, "ELF Header".
"""

import struct
from collections.abc import Iterator

from garrison.engine.formats import iso, squashfs
from garrison.engine.formats.opener import Member
from garrison.engine.formats.reading import Part
from garrison.engine.guard import Guard
from garrison.engine.source import Source


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the files of an AppImage that the overlay does not give; nothing of another program. Raises OSError."""
    head = source.read_at(0, 64)
    if head[8:11] == b"AI\x01":
        return iso.members(source, guard, name)
    if head[8:11] == b"AI\x02":
        end = _end(head)
        if end and source.size - end > guard.limits.object_bytes:
            return squashfs.members(Part(source, end), guard, name)
    return iter(())


def _end(head: bytes) -> int:
    """Return the offset behind the table of sections, which is an ELF file's last part; 0 when none is told."""
    order = "<" if head[5:6] == b"\x01" else ">"
    if len(head) < 64:
        return 0
    if head[4] == 2:
        start, width, count = struct.unpack_from(order + "Q10xHH", head, 40)
    else:
        start, width, count = struct.unpack_from(order + "L10xHH", head, 32)
    return int(start + width * count)
