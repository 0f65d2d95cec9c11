"""Mach-O programs: Apple, OS X ABI Mach-O File Format Reference; <mach-o/loader.h>, <mach-o/fat.h>."""

import struct

from garrison.engine.programs.program import Program, Section

_MACHINES = {7: "x86", 0x1000007: "x86-64", 12: "ARM", 0x100000C: "ARM64", 18: "PowerPC", 0x1000012: "PowerPC64"}
_TYPES = {1: "object", 2: "program", 6: "library", 7: "loader", 8: "bundle", 11: "kernel extension"}
_COMMANDS = 512
_SECTIONS = 512
_SEGMENT, _SEGMENT_64, _UNIX_THREAD, _MAIN = 1, 0x19, 5, 0x80000028
# Where the instruction pointer lies in a thread's state, by machine: (offset from the command, size).
_POINTERS = {7: (16 + 40, 4), 0x1000007: (16 + 128, 8), 12: (16 + 60, 4), 0x100000C: (16 + 256, 8), 18: (16, 4)}
_FAT = {b"\xca\xfe\xba\xbe": ">5I", b"\xca\xfe\xba\xbf": ">IIQQII"}
_SLICES = 32


def slices(content: bytes, end: int) -> tuple[tuple[str, int, int], ...]:
    """Return (machine, offset, size) of each program in a universal one, as far as they lie before the file's end."""
    layout = struct.Struct(_FAT.get(content[:4], ""))
    if not layout.size or len(content) < 8:
        return ()
    count = min(int.from_bytes(content[4:8], "big"), _SLICES)
    table = content[8 : 8 + layout.size * count]
    found: list[tuple[str, int, int]] = []
    for entry in layout.iter_unpack(table[: len(table) - len(table) % layout.size]):
        machine, _, offset, size = entry[:4]
        if 0 < offset < end and size:
            name = _MACHINES.get(machine, f"machine {machine}")
            found.append((name, offset, min(size, end - offset)))
    return tuple(found)


def read(content: bytes) -> Program | None:
    """Return what the headers say, or None when it is no Mach-O program, or a universal one of several."""
    magic = content[:4]
    if magic not in {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"}:
        return None
    order = ">" if magic[0] == 0xFE else "<"
    is_64 = 0xCF in (magic[0], magic[3])
    start = 32 if is_64 else 28
    if len(content) < start:
        return None
    machine, _, kind, count, _ = struct.unpack_from(order + "5I", content, 4)
    reader = _Reader(content, order, machine)
    reader.walk(start, min(count, _COMMANDS))
    ends = [section.offset + section.size for section in reader.segments]
    bits = "64" if is_64 else "32"
    return Program(
        f"Mach-O {bits}-bit {_TYPES.get(kind, 'file')}, {_MACHINES.get(machine, f'machine {machine}')}",
        reader.entry_point(),
        tuple(reader.sections or reader.segments),
        max(ends, default=len(content)),
        is_64,
        kind == 6,
        reader.base,
    )


class _Reader:
    def __init__(self, content: bytes, order: str, machine: int) -> None:
        self._content = content
        self._order = order
        self._machine = machine
        self._main = -1
        self._pointer = -1
        self.base = 0
        self.segments: list[Section] = []
        self.sections: list[Section] = []

    def walk(self, at: int, count: int) -> None:
        for _ in range(count):
            if at + 8 > len(self._content):
                return
            command, size = struct.unpack_from(self._order + "II", self._content, at)
            if size < 8:
                return
            body = self._content[at : at + min(size, 64 * 1024)]
            if command in {_SEGMENT, _SEGMENT_64}:
                self._segment(body, command == _SEGMENT_64)
            elif command == _MAIN and len(body) >= 16:
                (self._main,) = struct.unpack_from(self._order + "Q", body, 8)
            elif command == _UNIX_THREAD and self._machine in _POINTERS:
                where, width = _POINTERS[self._machine]
                value = body[where : where + width]
                self._pointer = int.from_bytes(value, "little" if self._order == "<" else "big") if value else -1
            at += size

    def entry_point(self) -> int:
        if 0 <= self._main < len(self._content):
            return self._main
        for segment in self.segments:
            inside = self._pointer - self.base - segment.address
            if self._pointer >= 0 and 0 <= inside < segment.size:
                return segment.offset + inside
        return -1

    def _segment(self, body: bytes, is_64: bool) -> None:
        header = struct.Struct(self._order + ("16s4Q4I" if is_64 else "16s4I4I"))
        if len(body) < 8 + header.size:
            return
        name, address, memory, offset, size, _, rights, count, _ = header.unpack_from(body, 8)
        if name.startswith(b"__TEXT"):
            self.base = address
        self._add(self.segments, name, (offset, size, address, memory), rights)
        entry = struct.Struct(self._order + ("16s16sQQIIIIIIII" if is_64 else "16s16s9I"))
        at = 8 + header.size
        for _ in range(min(count, _SECTIONS - len(self.sections))):
            if at + entry.size > len(body):
                return
            section, _, address, size, offset, *_ = entry.unpack_from(body, at)
            self._add(self.sections, section, (offset, size if offset else 0, address, size), rights)
            at += entry.size

    def _add(self, to: list[Section], name: bytes, place: tuple[int, int, int, int], rights: int) -> None:
        offset, size, address, memory = place
        start = min(offset, len(self._content))
        to.append(
            Section(
                name.rstrip(b"\x00").decode("latin-1"),
                start,
                min(size, len(self._content) - start),
                max(0, address - self.base),
                memory,
                rights & 1 != 0,
                rights & 2 != 0,
                rights & 4 != 0,
            )
        )
