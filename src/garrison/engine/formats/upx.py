"""Programs packed by UPX 1 to 5 (PE and ELF): the sources of UPX 4.2 tell its headers (packhead.cpp, p_lx_elf.cpp)."""

import struct
from collections.abc import Iterator

from garrison.engine.formats.opener import Member, derived
from garrison.engine.formats.upx_codecs import NRV2B, NRV2D, NRV2E, unfiltered, unpack
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.programs.image import Part, write_image
from garrison.engine.programs.pe import read_headers
from garrison.engine.programs.pe_headers import Headers
from garrison.engine.source import Source

_MAGIC = b"UPX!"
_NAME = "unpacked: UPX"
_MOST = 32 * 1024 * 1024
_BLOCKS = 4096
_HEADER = struct.Struct("<4sBBBBIIIIIBBBB")


def members_of_pe(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets it
    """Yield the unpacked program of a PE. Raises OSError."""
    start = source.read_at(0, 8192)
    headers = read_headers(start)
    if headers is None or len(headers.sections) < 2 or not _looks_packed(start, headers):
        return
    content = source.read_at(0, guard.limits.object_bytes)
    whole = read_headers(content)
    if whole is None:
        return
    try:
        image = _unpacked_pe(content, whole, guard)
    except Incomplete as reason:
        yield Member((), None, reason.remark)
        return
    if image:
        yield derived(_NAME, image, guard)


def _most(guard: Guard) -> int:
    return min(_MOST, guard.limits.object_bytes)


def _looks_packed(start: bytes, headers: Headers) -> bool:
    return _MAGIC in start[:4096] or headers.section_names[1].startswith(b"UPX1")


def _unpacked_pe(content: bytes, headers: Headers, guard: Guard) -> bytes | None:
    first, second = headers.sections[:2]
    most = _most(guard)
    room = min(max(second.address + second.virtual_size - first.address, 0), most)
    at = content.find(_MAGIC, 0, 8192)
    if at >= 0 and at + 32 <= len(content):
        _, _, _, method, _, _, _, size, packed, _, kind, mark, _, _ = _HEADER.unpack_from(content, at)
        if 0 < size <= most and 0 < packed <= len(content):
            image = unpack(method, content[at + 32 : at + 32 + packed], size, guard)
            if image and len(image) == size:
                return _rebuilt(image, headers, kind, mark)
    # The header was wiped out, as those who hide do: the packed bytes begin their section.
    run = content[second.offset : second.offset + second.size]
    images = [image for method in (NRV2E, NRV2B, NRV2D) if (image := unpack(method, run, room, guard))]
    best = max(images, key=lambda image: (_original(image, headers.is_64) is not None, len(image)), default=b"")
    return _rebuilt(best, headers, 0, 0) if len(best) > len(run) // 2 else None


def _rebuilt(image: bytes, headers: Headers, kind: int, mark: int) -> bytes:
    """Return the program as it was before it was packed, as far as the image tells: its headers are at its end."""
    base = headers.sections[0].address
    original = _original(image, headers.is_64)
    if original is None:
        whole = [Part(b"UPX0", base, image, headers.sections[0].virtual_size)]
        return write_image(whole, 0, headers.image_base, is_64=headers.is_64)
    entry, code, code_size, directories, table = original
    image = unfiltered(image, max(0, code - base), code_size, kind, mark)
    parts = []
    left = len(image)  # no sections of an honest program lie over each other
    for name, virtual, address, size, *_, flags in struct.iter_unpack("<8sIIIIIIHHI", table):
        start = address - base
        if 0 <= start < len(image):
            run = image[start : start + min(max(virtual, size), left)]
            left -= len(run)
            parts.append(Part(name, address, run, virtual, flags))
    return write_image(parts, entry, headers.image_base, directories, headers.is_64)


def _original(image: bytes, is_64: bool) -> tuple[int, int, int, bytes, bytes] | None:
    """Return (entry, address and size of the code, directories, section table) of the original program."""
    at = int.from_bytes(image[-4:], "little")
    length = 264 if is_64 else 248
    header = image[at : at + length]
    if len(header) < length or header[:4] != b"PE\x00\x00":
        return None
    count = min(int.from_bytes(header[6:8], "little"), 96)
    (code_size,) = struct.unpack_from("<I", header, 28)
    entry, code = struct.unpack_from("<II", header, 40)
    table = image[at + length : at + length + 40 * count]
    return entry, code, code_size, header[length - 128 :], table[: len(table) - len(table) % 40]


def members_of_elf(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets it
    """Yield the unpacked program of an ELF. Raises OSError."""
    start = source.read_at(0, 4096)
    at = start.find(_MAGIC, 52)
    if at < 0:
        return
    order = ">" if start[5:6] == b"\x02" else "<"
    # l_info: checksum, magic, size of the loader, version, format; p_info: program, file size, block size.
    content = source.read_at(at + 20, guard.limits.object_bytes)
    try:
        image = _unpacked_elf(content, order, guard)
    except Incomplete as reason:
        yield Member((), None, reason.remark)
        return
    if image:
        yield derived(_NAME, image, guard)


def _unpacked_elf(content: bytes, order: str, guard: Guard) -> bytes:
    """Return the blocks put where the program's own headers, the first block, say that they belong."""
    blocks = list(_blocks(content, order, guard))
    if not blocks:
        return b""
    header = blocks[0]
    image = bytearray(header)
    rest = b"".join(blocks[1:])
    for offset, size in _extents(header):
        if not rest or offset > _most(guard):
            break
        run, rest = rest[:size], rest[size:]
        image.extend(bytes(max(0, offset + len(run) - len(image))))
        image[offset : offset + len(run)] = run
    return bytes(image + rest)


def _extents(header: bytes) -> Iterator[tuple[int, int]]:
    """Yield (offset, size) of each segment that is loaded, the first without the headers at its start."""
    if len(header) < 64 or header[:4] != b"\x7fELF":
        return
    order = ">" if header[5] == 2 else "<"
    is_64 = header[4] == 2
    at, size, count = 0, 0, 0
    if is_64:
        (at,) = struct.unpack_from(order + "Q", header, 32)
        size, count = struct.unpack_from(order + "HH", header, 54)
    else:
        (at,) = struct.unpack_from(order + "I", header, 28)
        size, count = struct.unpack_from(order + "HH", header, 42)
    done = len(header)
    for start in range(at, at + size * min(count, 64), size or 1):
        entry = header[start : start + (56 if is_64 else 32)]
        if len(entry) < (56 if is_64 else 32):
            return
        if is_64:
            kind, _, offset, _, _, length = struct.unpack_from(order + "IIQQQQ", entry)
        else:
            kind, offset, _, _, length = struct.unpack_from(order + "IIIII", entry)
        if kind == 1 and length:
            skipped = done if offset == 0 else 0
            yield offset + skipped, max(0, length - skipped)


def _blocks(content: bytes, order: str, guard: Guard) -> Iterator[bytes]:
    at = 0
    total = 0
    for _ in range(_BLOCKS):
        entry = content[at : at + 12]
        if len(entry) < 12:
            return
        size, packed, method, kind, mark = struct.unpack(order + "IIBBBx", entry)
        total += size
        if not 0 < packed <= size or total > _most(guard) or at + 12 + packed > len(content):
            return
        run = content[at + 12 : at + 12 + packed]
        block = run if packed == size else unpack(method, run, size, guard)
        if block is None:
            return
        yield unfiltered(block, 0, len(block), kind, mark)
        at += 12 + packed
