"""What InstallShield's setup programs carry behind their last section.

Three layouts, as found in programs of versions 9 and later: "InstallShield" with entries of 312 bytes, each file masked
and compressed (around a Windows Installer package); "ISSetupStream" with entries of 24 bytes and wide names, after what
ISx (lifenjoiner) found; and a list of texts (name, path, version, length), each with its file behind it (around a
cabinet with its header and volumes).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from garrison.engine.formats import installshield, installshield_volume
from garrison.engine.formats.image_blocks import ZlibDecoder
from garrison.engine.formats.opener import Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import Part, told
from garrison.engine.formats.unpack import Unpacking
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_MARK = b"InstallShield\x00"
_STREAM_MARK = b"ISSetupStream\x00"
_MARK_BYTES = 46
_LOOK = 4096  # debug information may stand before the mark
_ENTRY = 312
_NAME = 260
_STREAM_ENTRY = 24
_STREAM_NAME_BYTES = 2048
_TEXTS = 2048
_SECTIONS = 96
_ENCODED, _FROM_EVERY_KIB = 6, 4
_KEY = b"\x13\x35\x86\x07"
_PERIOD = 1024
_WIDER = 4  # the kind of stream with as much again behind each entry
_SWAP = bytes((byte << 4 | byte >> 4) & 0xFF for byte in range(256))
_VOLUME = re.compile(r"(.*?)(\d{1,3})\.(cab|hdr)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Carried:
    name: str
    start: int
    size: int


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files a setup program carries, nothing of another program. Raises OSError."""
    overlay = _overlay(source)
    if not 0 < overlay < source.size:
        return iter(())
    head = source.read_at(overlay, _LOOK)
    mark = head.find(_MARK)
    if mark >= 0:
        return told(_masked(source, overlay + mark, guard))
    mark = head.find(_STREAM_MARK)
    if mark >= 0:
        return told(_streamed(source, overlay + mark, guard))
    return told(_listed(source, overlay, guard))


def _overlay(source: Source) -> int:
    """Return the offset behind the last section of a PE file, 0 when it is none."""
    at = int.from_bytes(source.read_at(60, 4), "little")
    header = source.read_at(at, 24)
    if len(header) < 24 or not header.startswith(b"PE\x00\x00"):
        return 0
    count, optional = struct.unpack_from("<H12xH", header, 6)
    table = source.read_at(at + 24 + optional, 40 * min(count, _SECTIONS))
    entries = (struct.unpack_from("<LL", table, place + 16) for place in range(0, len(table) - 39, 40))
    return max((start + size for size, start in entries), default=0)


def _masked(source: Source, mark: int, guard: Guard) -> Iterator[Member]:
    count = int.from_bytes(source.read_at(mark + len(_MARK), 4), "little")
    at = mark + _MARK_BYTES
    for position in range(1, count + 1):
        guard.check()
        entry = source.read_at(at, _ENTRY)
        if len(entry) < _ENTRY:
            yield Member((), None, f"damaged after member {position - 1}")
            return
        at += _ENTRY
        name = entry[:_NAME].split(b"\x00", 1)[0]
        flags, size = struct.unpack_from("<L4xL", entry, _NAME)
        text = clean_name(name)
        listed = Listed(text, size, position=position)
        data = _Masked(source, at, size, name) if name and flags & _ENCODED else Part(source, at, size)
        yield collect((text,), _opened(data, size, guard), guard, listed=listed)
        at += size


def _streamed(source: Source, mark: int, guard: Guard) -> Iterator[Member]:
    count, form = struct.unpack_from("<HL", source.read_at(mark, _MARK_BYTES).ljust(_MARK_BYTES, b"\x00"), len(_MARK))
    at = mark + _MARK_BYTES
    for position in range(1, count + 1):
        guard.check()
        entry = source.read_at(at, _STREAM_ENTRY)
        length, flags = struct.unpack_from("<LL", entry.ljust(8, b"\x00"))
        if len(entry) < _STREAM_ENTRY or not 0 < length <= _STREAM_NAME_BYTES:
            yield Member((), None, f"damaged after member {position - 1}")
            return
        at += _STREAM_ENTRY * (2 if form == _WIDER else 1)
        name = source.read_at(at, length).decode("utf-16-le", "replace").split("\x00", 1)[0].encode()
        at += length
        size = int.from_bytes(entry[10:14], "little")
        period = _PERIOD if flags & _FROM_EVERY_KIB else len(name)
        is_masked = name and flags & _ENCODED
        data = _Masked(source, at, size, name, period) if is_masked else Part(source, at, size)
        text = clean_name(name)
        listed = Listed(text, size, position=position)
        yield collect((text,), _opened(data, size, guard), guard, listed=listed)
        at += size


def _opened(data: Source, size: int, guard: Guard) -> Iterator[bytes]:
    head = data.read_at(0, 2)
    if head[:1] == b"\x78" and int.from_bytes(head, "big") % 31 == 0:  # RFC 1950, 2.2
        return iter(Unpacking(data, guard, ZlibDecoder, 0, size))
    return stored(data, 0, size, guard)


class _Masked(Part):
    """A run whose halves of bytes are swapped and masked with the file's name, begun anew every `period` bytes."""

    __slots__ = ("_mask",)

    def __init__(self, whole: Source, start: int, length: int, name: bytes, period: int = _PERIOD) -> None:
        super().__init__(whole, start, length)
        key = bytes(0xFF ^ byte ^ _KEY[place % 4] for place, byte in enumerate(name))
        self._mask = (key * (period // len(key) + 1))[:period]

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` readable bytes from `offset`. Raises OSError."""
        piece = super().read_at(offset, length).translate(_SWAP)
        start = offset % len(self._mask)
        mask = (self._mask * ((start + len(piece)) // len(self._mask) + 1))[start : start + len(piece)]
        return (int.from_bytes(piece, "little") ^ int.from_bytes(mask, "little")).to_bytes(len(piece), "little")


def _listed(source: Source, at: int, guard: Guard) -> Iterator[Member]:
    cabinets: dict[str, list[_Carried]] = {}
    for position, carried in enumerate(_carried(source, at, guard), start=1):
        guard.check()
        volume = _VOLUME.fullmatch(carried.name)
        if volume and source.read_at(carried.start, 4) == installshield.MAGIC:
            cabinets.setdefault(volume[1].lower(), []).append(carried)
            continue
        listed = Listed(carried.name, carried.size, carried.size, position=position)
        yield collect((carried.name,), stored(source, carried.start, carried.size, guard), guard, listed=listed)
    for files in cabinets.values():
        yield from _cabinet(source, files, guard)


def _carried(source: Source, at: int, guard: Guard) -> Iterator[_Carried]:
    """Yield what a list of four texts each, with the file behind them, names; nothing when it is none."""
    for _ in range(guard.limits.members):
        texts = source.read_at(at, _TEXTS).split(b"\x00", 4)
        if len(texts) < 5 or not texts[0] or not texts[3].isdigit() or len(texts[3]) > 12:
            return
        start = at + sum(len(text) + 1 for text in texts[:4])
        size = int(texts[3])
        yield _Carried(clean_name(texts[0]), start, size)
        at = start + size


def _cabinet(source: Source, files: list[_Carried], guard: Guard) -> Iterator[Member]:
    """Yield the files of a cabinet whose header and volumes are carried side by side."""
    header: tuple[str, Source] | None = None
    volumes: dict[int, Source] = {}
    for carried in files:
        part = Part(source, carried.start, carried.size)
        match = _VOLUME.fullmatch(carried.name)
        is_header = carried.name.lower().endswith(".hdr")
        if match and not is_header:
            volumes[int(match[2])] = part
        if installshield.has_list(part) and (header is None or is_header):
            header = (carried.name, part)
    if header is None:
        for number, volume in volumes.items():
            for member in told(installshield_volume.read(volume, guard)):
                yield replace(member, names=(f"volume {number}", *member.names))
        return
    for member in told(installshield.read(header[1], volumes, guard)):
        yield Member((header[0], *member.names), member.content, member.remark, listed=member.listed)
