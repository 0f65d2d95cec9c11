"""Bringing a PE program into the emulated memory, as Windows does."""

import struct

from garrison.engine.emulation.cpu import EBP, EBX, EDX, ESP, Cpu
from garrison.engine.emulation.memory import Memory, Region
from garrison.engine.emulation.windows import MODULE, Windows
from garrison.engine.programs.pe_headers import IMPORT, Headers, directory

IMAGE_BYTES = 16 * 1024 * 1024
STACK, STACK_BYTES = 0x00030000, 0x100000
THREAD = 0x7FFDE000
EXIT = MODULE + 0x10000  # where the program returns to
_ALL = 0xFFFFFFFF
_LIBRARIES, _FUNCTIONS = 64, 2048


def load_image(headers: Headers) -> Region | None:
    """Return the image, every section where it belongs; None when it is too large or lies where nothing can."""
    ends = [section.address + section.virtual_size for section in headers.sections]
    size = max([headers.image_size, *ends]) + 0xFFF & ~0xFFF
    base = headers.image_base
    if not 0 < size <= IMAGE_BYTES or not 0x200000 <= base <= 0x70000000:
        return None
    image = bytearray(size)
    content = headers.content
    start = content[: min(max(headers.header_size, 0x200), 0x1000)]
    image[: len(start)] = start
    for section in headers.sections:
        length = min(section.size, (section.virtual_size + 0xFFF) & ~0xFFF, size - section.address)
        if length > 0:
            image[section.address : section.address + length] = content[section.offset : section.offset + length]
    return Region(base, image)


def link(headers: Headers, image: Region, windows: Windows) -> None:
    """Write the functions' addresses where the program looks for them."""
    at = directory(headers, IMPORT)[0]
    for _ in range(_LIBRARIES):
        entry = image.data[at : at + 20]
        if not at or len(entry) < 20:
            return
        lookup, _, _, name, thunk = struct.unpack("<5I", entry)
        if not name or not thunk:
            return
        _link_library(image.data, lookup or thunk, thunk, windows)
        at += 20


def _link_library(data: bytearray, lookup: int, thunk: int, windows: Windows) -> None:
    for number in range(_FUNCTIONS):
        entry = data[lookup + 4 * number : lookup + 4 * number + 4]
        if len(entry) < 4 and lookup != thunk:
            lookup = thunk
            entry = data[thunk + 4 * number : thunk + 4 * number + 4]
        value = int.from_bytes(entry, "little")
        slot = thunk + 4 * number
        if not value or slot + 4 > len(data):
            return
        if value & 0x80000000:
            address = windows.function(f"#{value & 0xFFFF}")
        else:
            text = bytes(data[value + 2 : value + 130])
            address = windows.function(text.partition(b"\x00")[0].decode("latin-1"))
        struct.pack_into("<I", data, slot, address)


def start(headers: Headers, memory: Memory, cpu: Cpu) -> None:
    """Set up the stack, what Windows keeps for each thread and process, and the registers at the entry point."""
    memory.add(STACK, bytearray(STACK_BYTES))
    thread = memory.add(THREAD, bytearray(0x2000))
    base, process, top = headers.image_base, THREAD + 0x1000, STACK + STACK_BYTES - 0x1000
    struct.pack_into("<III", thread.data, 0, top + 0x20, STACK + STACK_BYTES, STACK)
    struct.pack_into("<I8xII", thread.data, 0x18, THREAD, 0x4D8, 0x4DC)
    struct.pack_into("<I", thread.data, 0x30, process)
    struct.pack_into("<II", thread.data, 0x1008, base, process + 0x100)
    _list_modules(thread, process, ((base, "a.exe", memory.image.end - base), (MODULE, "ntdll.dll", 0x100000),
                                    (MODULE, "kernel32.dll", 0x100000)))  # fmt: skip
    memory.write32(top + 0x20, _ALL)
    memory.write32(top + 0x24, EXIT)
    memory.write32(top, EXIT)
    memory.write(top + 4, struct.pack("<III", base, 1, 0))  # what the entry point of a library is told
    cpu.fs_base = THREAD
    cpu.registers[ESP] = top
    cpu.registers[EBP] = top + 0x30
    cpu.registers[EBX] = process
    cpu.registers[EDX] = base + headers.entry


def _list_modules(thread: Region, process: int, modules: tuple[tuple[int, str, int], ...]) -> None:
    """Write the list of loaded libraries: three rings through the same entries."""
    rings = process + 0x100 + 0xC
    entries = [process + 0x200 + 0x80 * number for number in range(len(modules))]
    for ring in range(3):
        nodes = [rings + 8 * ring, *(entry + 8 * ring for entry in entries)]
        for number, node in enumerate(nodes):
            following, previous = nodes[(number + 1) % len(nodes)], nodes[number - 1]
            struct.pack_into("<II", thread.data, node - THREAD, following, previous)
    for number, (base, name, size) in enumerate(modules):
        at = entries[number] - THREAD
        text = process + 0x600 + 0x40 * number
        length = 2 * len(name)
        struct.pack_into("<III", thread.data, at + 0x18, base, base, size)
        struct.pack_into("<HHIHHI", thread.data, at + 0x24, length, length + 2, text, length, length + 2, text)
        thread.data[text - THREAD : text - THREAD + length] = name.encode("utf-16-le")
