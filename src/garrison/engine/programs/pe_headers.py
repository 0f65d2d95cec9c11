"""The headers of a PE program: Microsoft PE Format (2024).

A loader is more tolerant than the specification: raw offsets are rounded down to 512 bytes, sizes up to the file's
alignment, and what lies behind the file's end is not there.
"""

import struct
from bisect import bisect_right

from garrison.engine.programs.program import Section

SECTIONS = 96  # Windows' own limit
_SECTION = struct.Struct("<8sIIIIIIHHI")
_DEFAULT_FILE_ALIGNMENT = 0x200
_BIGGEST_ALIGNMENT = 0x10000
EXPORT, IMPORT, RESOURCE, SECURITY = 0, 1, 2, 4


class Headers:
    """The headers' numbers, and the way from addresses (relative to the image's base) to offsets in the file."""

    __slots__ = (
        "_starts",
        "alignment",
        "characteristics",
        "content",
        "directories",
        "entry",
        "header_size",
        "image_base",
        "image_size",
        "is_64",
        "machine",
        "section_names",
        "sections",
    )

    def __init__(self, content: bytes, at: int) -> None:
        self.content = content
        header = content[at : at + 24 + 240].ljust(264, b"\x00")
        self.machine, count, _, _, _, optional, self.characteristics = struct.unpack_from("<HHIIIHH", header, 4)
        self.is_64 = header[24:26] == b"\x0b\x02"
        (self.entry,) = struct.unpack_from("<I", header, 40)
        self.image_base: int = struct.unpack_from("<Q", header, 48)[0] if self.is_64 else _word(header, 52)
        self.alignment, file_alignment = struct.unpack_from("<II", header, 56)
        self.image_size, self.header_size = struct.unpack_from("<II", header, 80)
        self.directories = _directories(header, self.is_64)
        table = content[at + 24 + optional : at + 24 + optional + _SECTION.size * min(count, SECTIONS)]
        raw = list(_SECTION.iter_unpack(table[: len(table) - len(table) % _SECTION.size]))
        self.section_names = tuple(entry[0] for entry in raw)
        self.sections = _sections(raw, _file_alignment(raw, file_alignment), self.alignment, len(content))
        # By address, for offset_of; of sections on top of each other, the later counts.
        self._starts: tuple[list[int], list[Section]] | None = None

    def offset_of(self, address: int) -> int:
        """Return the offset in the file of an address, or -1 when none of its bytes are there."""
        if self._starts is None:
            placed = sorted((section for section in self.sections if section.size), key=lambda each: each.address)
            self._starts = [section.address for section in placed], placed
        starts, placed = self._starts
        at = bisect_right(starts, address) - 1
        if at >= 0 and address - placed[at].address < placed[at].size:
            return placed[at].offset + address - placed[at].address
        if 0 <= address < min(self.header_size or _DEFAULT_FILE_ALIGNMENT, len(self.content)):
            return address
        return -1

    def text_at(self, address: int, most: int = 256) -> bytes | None:
        """Return the zero-terminated bytes at an address, cut at `most`, or None when nothing is there."""
        at = self.offset_of(address)
        if at < 0:
            return None
        end = self.content.find(b"\x00", at, at + most)
        return self.content[at : end if end >= 0 else at + most]


def find_headers(content: bytes) -> int:
    """Return the offset of the PE signature, or -1 when it is no PE program."""
    if len(content) < 64 or content[:2] != b"MZ":
        return -1
    at = _word(content, 60)
    return at if content[at : at + 4] == b"PE\x00\x00" and at + 24 <= len(content) else -1


def _directories(header: bytes, is_64: bool) -> tuple[tuple[int, int], ...]:
    start = 24 + (112 if is_64 else 96)
    count = min(_word(header, start - 4), 16)
    usable = header[start : start + 8 * count]
    return tuple(struct.iter_unpack("<II", usable[: len(usable) & ~7]))


def directory(headers: Headers, number: int) -> tuple[int, int]:
    """Return (address, size) of a data directory, (0, 0) when there is none."""
    return headers.directories[number] if number < len(headers.directories) else (0, 0)


def _file_alignment(raw: list[tuple[bytes, int, int, int, int, int, int, int, int, int]], stated: int) -> int:
    """Return what raw offsets are really rounded to: the loader's 512 where the stated alignment cannot be meant."""
    if not 0 < stated <= _BIGGEST_ALIGNMENT:
        return _DEFAULT_FILE_ALIGNMENT
    if any(entry[3] and entry[4] % stated and not entry[4] % _DEFAULT_FILE_ALIGNMENT for entry in raw):
        return _DEFAULT_FILE_ALIGNMENT
    return stated


def _sections(
    raw: list[tuple[bytes, int, int, int, int, int, int, int, int, int]], file_alignment: int, alignment: int, end: int
) -> tuple[Section, ...]:
    sections: list[Section] = []
    for name, virtual_size, address, size, offset, _, _, _, _, flags in raw:
        start = offset - offset % file_alignment
        length = size + -size % file_alignment
        if start >= end:
            start, length = end, 0
        sections.append(
            Section(
                name.rstrip(b"\x00").decode("latin-1"),
                start,
                min(length, end - start),
                address - address % alignment if alignment else address,
                virtual_size or size,
                flags & 0x40000000 != 0,
                flags & 0x80000000 != 0,
                flags & 0x20000000 != 0,
            )
        )
    return tuple(sections)


def _word(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4], "little")
