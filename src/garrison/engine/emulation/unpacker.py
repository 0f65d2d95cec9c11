"""From a packed program to the program that was packed."""

import struct
from collections.abc import Iterator

from garrison.engine.emulation.loader import load_image
from garrison.engine.emulation.machine import Machine, Snapshot
from garrison.engine.emulation.memory import Fault, Region
from garrison.engine.guard import Guard
from garrison.engine.programs.image import Part, write_image
from garrison.engine.programs.pe_headers import Headers

_LEAST = 64  # bytes that were written, to be worth a look
_HEAP_BYTES = 4 * 1024 * 1024


def unpack(headers: Headers, guard: Guard) -> Iterator[bytes]:
    """Yield the program's image, written as a program, at the moments when it seems unpacked; at most two.

    headers: of a PE for 32-bit x86. Raises Incomplete when the time is over.
    """
    image = load_image(headers)
    if image is None:
        return
    try:
        machine = Machine(headers, image, guard)
        machine.run()
    except (Fault, struct.error, OverflowError):  # headers that make no sense
        return
    guard.emulated += machine.steps
    snapshots = machine.snapshots
    if not snapshots and _written(machine) >= _LEAST:
        snapshots = [Snapshot(-1, bytes(image.data))]
    for snapshot in snapshots:
        yield _program(headers, snapshot, machine.memory.regions if snapshot is snapshots[-1] else [])


def _written(machine: Machine) -> int:
    heap = [region for region in machine.memory.regions if _is_heap(region, machine)]
    return sum(region.dirty.count(1) for region in (machine.memory.image, *heap))


def _is_heap(region: Region, machine: Machine) -> bool:
    return machine.memory.image.end <= region.base < 0x70000000


def _program(headers: Headers, snapshot: Snapshot, regions: list[Region]) -> bytes:
    data = snapshot.image
    parts = []
    for name, section in zip(headers.section_names, headers.sections, strict=False):
        end = max(section.virtual_size, section.size)
        parts.append(Part(name, section.address, data[section.address : section.address + end], end))
    image_end = headers.image_base + len(data)
    parts.extend(
        Part(b"heap", region.base - headers.image_base, bytes(region.data), len(region.data))
        for region in regions
        if image_end <= region.base < 0x70000000 and len(region.data) <= _HEAP_BYTES and 1 in region.dirty
    )
    entry = max(snapshot.entry, 0)
    directories = b"".join(a.to_bytes(4, "little") + b.to_bytes(4, "little") for a, b in headers.directories)
    return write_image(parts, entry, headers.image_base, directories)
