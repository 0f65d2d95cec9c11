"""Images of whole disks: what starts them, their partition tables, and each partition as an object.

UEFI Specification 2.10, chapter 5 (protective MBR, GPT with its two copies and checksums); for the older table, the
IBM PC's: four entries at 446, and a chain of further tables in an extended partition.
"""

import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from garrison.engine.formats import fat
from garrison.engine.formats.ole import wide
from garrison.engine.formats.opener import TOO_SHORT, Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import Extent, Part, take, told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import is_fat
from garrison.engine.source import Source
from garrison.engine.type import Type

_SECTORS = (512, 4096)
_TABLE = 446
_CODE_BYTES = 440
_EXTENDED = frozenset({0x05, 0x0F, 0x85})
_PROTECTIVE = 0xEE
_MOST_LOGICAL = 128
_MOST_ENTRIES_BYTES = 1024 * 1024
_MOST_GAP = 1024 * 1024
_HEADER = struct.Struct("<8s4sLL4xQQQQ16sQLLL")
_NO_TYPE = bytes(16)
_EFI_TYPE, _EFI_GUID = 0xEF, bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")
WRONG_CHECKSUM = "damaged: the checksum of its partition table is wrong"
NO_SECOND_COPY = "damaged: the second copy of its partition table is missing"
OTHER_SECOND_COPY = "damaged: the second copy of its partition table differs"
NO_TABLE = "damaged: its partition table cannot be read"


@dataclass(frozen=True, slots=True)
class _Partition:
    """start, length: in bytes. is_efi: whether its type says that computers start from it."""

    number: int
    start: int
    length: int
    name: str = ""
    is_efi: bool = False


@dataclass(frozen=True, slots=True)
class _Gpt:
    """One copy of the newer table. other: the sector of the other copy."""

    guid: bytes
    other: int
    sector: int
    entries: bytes
    entry_bytes: int
    is_sound: bool


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield what starts the disk, what lies before the first partition, and the partitions. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    boot = take(source, 0, 512, guard)
    if boot[:_CODE_BYTES].strip(b"\x00"):
        yield collect(("boot code",), stored(source, 0, _CODE_BYTES, guard), guard)
    remarks: list[str] = []
    partitions = _partitions(source, boot, guard, remarks)
    for remark in remarks:
        yield Member((), None, remark)
    first = min((each.start for each in partitions), default=source.size)
    gap = min(first, source.size, _MOST_GAP) - 512
    if gap > 0 and source.read_at(512, gap).strip(b"\x00"):
        yield collect(("before the first partition",), stored(source, 512, gap, guard), guard, kind=Type.DATA)
    yield from _contents(source, partitions, guard)


def efi_partitions(source: Source, guard: Guard) -> list[tuple[int, Extent]]:
    """Return the partitions that computers start from: number, and where in the disk. Raises OSError.

    source: a disk, or its beginning and its end, one behind the other.
    """
    boot = source.read_at(0, 512)
    if len(boot) < 512 or boot[510:] != b"\x55\xaa":
        return []
    try:
        found = _partitions(source, boot, guard, [])
    except Incomplete:
        return []
    return [(each.number, (each.start, each.length)) for each in found if each.is_efi]


def _partitions(source: Source, boot: bytes, guard: Guard, remarks: list[str]) -> list[_Partition]:
    if any(kind == _PROTECTIVE for kind, _, _ in _entries(boot)):
        return _by_gpt(source, guard, remarks)
    return list(_by_mbr(source, boot, guard, remarks))


def _contents(source: Source, partitions: list[_Partition], guard: Guard) -> Iterator[Member]:
    seen: set[tuple[int, int]] = set()
    for each in partitions:
        guard.check()
        if (each.start, each.length) in seen:
            continue
        seen.add((each.start, each.length))
        text = f"partition {each.number}" + (f" ({each.name})" if each.name else "")
        inside = Part(source, each.start, each.length)
        if inside.size > guard.limits.object_bytes and is_fat(inside.head()):  # read in place, whatever its size
            for member in fat.members(inside, guard, text):
                yield replace(member, names=(text, *member.names))
            continue
        listed = Listed(text, each.length, each.length, position=each.number)
        yield collect((text,), stored(source, each.start, each.length, guard), guard, listed=listed)


def _entries(boot: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield type, first sector and number of sectors of the entries in use."""
    for at in range(_TABLE, _TABLE + 64, 16):
        kind, start, count = boot[at + 4], *struct.unpack_from("<LL", boot, at + 8)
        if kind and count:
            yield kind, start, count


def _by_mbr(source: Source, boot: bytes, guard: Guard, remarks: list[str]) -> Iterator[_Partition]:
    """Yield the partitions of the older table, and the logical ones of the chain in an extended one."""
    number = 0
    for kind, start, count in _entries(boot):
        number += 1
        if kind not in _EXTENDED:
            yield _Partition(number, start * 512, count * 512, is_efi=kind == _EFI_TYPE)
            continue
        try:
            yield from _logical(source, start, guard)
        except Incomplete as reason:
            guard.check()
            remarks.append(reason.remark if reason.remark != TOO_SHORT else NO_TABLE)


def _logical(source: Source, base: int, guard: Guard) -> Iterator[_Partition]:
    at, seen, number = base, set[int](), 4
    while at not in seen and len(seen) < _MOST_LOGICAL:
        seen.add(at)
        table = take(source, at * 512, 512, guard)
        if table[510:] != b"\x55\xaa":
            raise Incomplete(NO_TABLE)
        following = 0
        for kind, start, count in _entries(table):
            if kind in _EXTENDED:
                following = base + start
            else:
                number += 1
                yield _Partition(number, (at + start) * 512, count * 512)
        if not following:
            return
        at = following


def _by_gpt(source: Source, guard: Guard, remarks: list[str]) -> list[_Partition]:
    """Return the partitions of the newer table, from its second copy where the first is damaged."""
    first = next((gpt for size in _SECTORS if (gpt := _gpt(source, size, size, guard))), None)
    sector = first.sector if first else _SECTORS[0]
    second = _gpt(source, first.other * sector, sector, guard) if first and first.is_sound else None
    # Where an image was cut or a disk made larger, the second copy may be at the very end all the same.
    second = second or _gpt(source, source.size // sector * sector - sector, sector, guard)
    if first is None or not first.is_sound:
        remarks.append(WRONG_CHECKSUM if first else NO_TABLE)
    if second is None:
        remarks.append(NO_SECOND_COPY)
    elif not second.is_sound or (first and first.is_sound and _facts(first) != _facts(second)):
        remarks.append(OTHER_SECOND_COPY)
    chosen = first if first and first.is_sound else second if second and second.is_sound else first or second
    return list(_in_gpt(chosen)) if chosen else []


def _facts(gpt: _Gpt) -> tuple[bytes, bytes]:
    return gpt.guid, gpt.entries


def _gpt(source: Source, at: int, sector: int, guard: Guard) -> _Gpt | None:
    """Return the copy of the table whose header lies there, None without one."""
    header = source.read_at(at, sector)
    if len(header) < _HEADER.size or not header.startswith(b"EFI PART"):
        return None
    _, _, size, checksum, own, other, _, _, guid, start, count, entry_bytes, entries_checksum = _HEADER.unpack(
        header[: _HEADER.size]
    )
    length = count * entry_bytes
    if not _HEADER.size <= size <= len(header) or entry_bytes < 128 or not 0 < length <= _MOST_ENTRIES_BYTES:
        return _Gpt(guid, other, sector, b"", 128, is_sound=False)
    # A copy that is found elsewhere than it says lies behind its entries, as the second one always does.
    begins = start * sector if own * sector == at else at - length
    entries = source.read_at(begins, length)
    guard.grew(len(entries))
    summed = binascii.crc32(header[:16] + bytes(4) + header[20:size]) == checksum
    is_sound = summed and len(entries) == length and binascii.crc32(entries) == entries_checksum
    return _Gpt(guid, other, sector, entries, entry_bytes, is_sound)


def _in_gpt(gpt: _Gpt) -> Iterator[_Partition]:
    for at in range(0, len(gpt.entries) - 127, gpt.entry_bytes):
        entry = gpt.entries[at : at + 128]
        first, last = struct.unpack_from("<QQ", entry, 32)
        if entry[:16] != _NO_TYPE and last >= first:
            name = wide(entry[56:]).partition("\x00")[0]
            text = clean_name(name.encode("utf-8", "surrogateescape"))
            where = first * gpt.sector, (last - first + 1) * gpt.sector
            yield _Partition(at // gpt.entry_bytes + 1, *where, text, entry[:16] == _EFI_GUID)
