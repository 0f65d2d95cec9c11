"""ELF programs: System V ABI, "Object Files" (gABI 4.1); ELF-64 Object File Format 1.5."""

import struct
from collections.abc import Iterable

from garrison.engine.programs.program import Program, Section

_MACHINES = {
    3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S390", 40: "ARM", 42: "SuperH", 2: "SPARC", 43: "SPARC",
    62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch",
}  # fmt: skip
_TYPES = {1: "object", 2: "program", 3: "shared object", 4: "core"}
_SECTIONS = 512
_LOAD, _NO_BITS = 1, 8


def read(content: bytes) -> Program | None:
    """Return what the headers say, or None when it is no ELF program."""
    if len(content) < 52 or content[:4] != b"\x7fELF" or content[4] not in b"\x01\x02":
        return None
    is_64 = content[4] == 2
    order = ">" if content[5] == 2 else "<"
    header = content[16:64].ljust(48, b"\x00")
    layout = "HHIQQQIHHHHHH" if is_64 else "HHIIIIIHHHHHH"
    kind, machine, _, entry, segments_at, sections_at, _, _, segment_size, segments, section_size, sections, names = (
        struct.unpack_from(order + layout, header)
    )
    loads = list(_segments(content, order, is_64, segments_at, segment_size, segments))
    base = min((address - address % 0x1000 for _, _, address, _, _ in loads), default=0)
    placed = _sections(content, order, is_64, (sections_at, section_size, sections, names), base)
    size = len(content)
    if not placed:
        placed = tuple(_as_section(load, base, size) for load in loads)
    ends = [offset + length for offset, length, _, _, _ in loads]
    ends += [section.offset + section.size for section in placed]
    ends.append(sections_at + section_size * sections)
    bits = "64" if is_64 else "32"
    kept = [end for end in ends if end <= size]
    return Program(
        f"ELF {bits}-bit {_TYPES.get(kind, 'file')}, {_MACHINES.get(machine, f'machine {machine}')}",
        _entry(entry, loads, size),
        placed,
        max(kept, default=size) if len(kept) == len(ends) else size,
        is_64,
        kind == 3 and entry == 0,
        base,
        entry_address=entry - base,
    )


def _segments(
    content: bytes, order: str, is_64: bool, at: int, size: int, count: int
) -> Iterable[tuple[int, int, int, int, int]]:
    """Yield (offset, size, address, size in memory, flags) of each segment that is loaded."""
    wanted = 56 if is_64 else 32
    if size < wanted:
        return
    for start in range(at, at + size * min(count, _SECTIONS), size):
        entry = content[start : start + wanted]
        if len(entry) < wanted:
            return
        if is_64:
            kind, flags, offset, address, _, length, memory, _ = struct.unpack(order + "IIQQQQQQ", entry)
        else:
            kind, offset, address, _, length, memory, flags, _ = struct.unpack(order + "8I", entry)
        if kind == _LOAD:
            yield offset, length, address, memory, flags


def _entry(entry: int, loads: list[tuple[int, int, int, int, int]], end: int) -> int:
    for offset, length, address, _, _ in loads:
        if entry and address <= entry < address + length and offset + entry - address < end:
            return offset + entry - address
    return -1


def _as_section(load: tuple[int, int, int, int, int], base: int, end: int) -> Section:
    offset, length, address, memory, flags = load
    start = min(offset, end)
    return Section(
        "", start, min(length, end - start), address - base, memory, flags & 4 != 0, flags & 2 != 0, flags & 1 != 0
    )


def _sections(
    content: bytes, order: str, is_64: bool, table: tuple[int, int, int, int], base: int
) -> tuple[Section, ...]:
    at, size, count, names = table
    layout = struct.Struct(order + ("IIQQQQIIQQ" if is_64 else "10I"))
    if not at or size != layout.size or not count:
        return ()
    run = content[at : at + size * min(count, _SECTIONS)]
    raw = list(layout.iter_unpack(run[: len(run) - len(run) % size]))
    text_at, text_size = (raw[names][4], raw[names][5]) if names < len(raw) else (0, 0)
    texts = content[text_at : text_at + min(text_size, 64 * 1024)]
    end = len(content)
    found: list[Section] = []
    for name, kind, flags, address, offset, length, _, _, _, _ in raw[1:]:
        start = offset if offset < end else end  # noqa: FURB136 # twice as fast, for each section
        stop = texts.find(b"\x00", name, name + 128)
        label = texts[name : stop if stop >= 0 else name + 128].decode("latin-1")
        room = 0 if kind == _NO_BITS else end - start
        kept = length if length < room else room  # noqa: FURB136 # likewise
        relative = address - base if address > base else 0
        found.append(Section(label, start, kept, relative, length, flags & 2 != 0, flags & 1 != 0, flags & 4 != 0))
    return tuple(found)
