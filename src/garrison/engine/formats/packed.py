"""Packed PE programs: by their own format when it is known, else by letting them unpack themselves in an emulator."""

from collections.abc import Iterator

from garrison.engine.emulation.unpacker import unpack
from garrison.engine.formats import upx
from garrison.engine.formats.opener import Member, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.programs.pe import read_headers
from garrison.engine.programs.pe_headers import Headers, directory
from garrison.engine.programs.pe_imports import read_imports
from garrison.engine.source import Source

_MOST = 8 * 1024 * 1024
_INSTRUCTIONS = 40_000_000  # in one file, all its programs together
_FEW_IMPORTS = 12
_X86, _MANAGED = 0x14C, 14
_USUAL = {b".text", b"CODE", b".code", b".itext", b".data", b".rdata", b".rsrc", b".idata", b".reloc", b".bss", b".tls"}
NAME = "unpacked: emulated"


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the programs that were packed in one. Raises OSError."""
    found = False
    for member in upx.members_of_pe(source, guard, name):
        found = True
        yield member
    if found or guard.stopped or source.size > _MOST or guard.emulated >= _INSTRUCTIONS:
        return
    headers = read_headers(source.read_at(0, 4096))
    if headers is None or headers.is_64 or headers.machine != _X86:
        return
    content = source.read_at(0, _MOST)
    whole = read_headers(content)
    if whole is not None and hash(content) not in guard.made and looks_packed(whole):
        yield from _emulated(whole, guard)


def _emulated(headers: Headers, guard: Guard) -> Iterator[Member]:
    guard.made.add(hash(headers.content))
    try:
        for image in unpack(headers, guard):
            if hash(image) not in guard.made:
                guard.made.add(hash(image))
                yield derived(NAME, image, guard)
    except Incomplete as reason:
        yield Member((), None, reason.remark)


def looks_packed(headers: Headers) -> bool:
    """Return whether the program begins in code that can be written over, and something else is odd as well."""
    if not headers.entry or directory(headers, _MANAGED)[0]:
        return False
    sections = headers.sections
    number = next(
        (
            number
            for number, section in enumerate(sections)
            if section.address <= headers.entry < section.address + max(section.virtual_size, section.size)
        ),
        -1,
    )
    if number < 0:
        return True
    if not sections[number].is_writable:
        return False
    is_last = number == len(sections) - 1 and number > 0
    is_odd = headers.section_names[number].rstrip(b"\x00") not in _USUAL
    has_room = any(not section.size and section.virtual_size > 0x1000 and section.is_executable for section in sections)
    return is_last or is_odd or has_room or len(read_imports(headers)) <= _FEW_IMPORTS
