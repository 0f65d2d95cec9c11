"""PE programs."""

from garrison.engine.programs.pe_headers import SECURITY, Headers, directory, find_headers
from garrison.engine.programs.pe_imports import import_hash, read_imports
from garrison.engine.programs.pe_resources import read_resources, read_version_strings
from garrison.engine.programs.program import Details, Imports, Program, Resources

_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0x1C0: "ARM", 0x1C4: "ARM", 0xAA64: "ARM64", 0x200: "IA-64"}
_LIBRARY = 0x2000


class _Details(Details):
    __slots__ = ("_headers",)

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def imports(self) -> Imports:
        return read_imports(self._headers)

    def import_hash(self) -> bytes:
        return import_hash(read_imports(self._headers))

    def resources(self) -> Resources:
        return read_resources(self._headers)

    def version_strings(self) -> tuple[tuple[int, int], ...]:
        return read_version_strings(self._headers.content, read_resources(self._headers))


def read_headers(content: bytes) -> Headers | None:
    """Return the headers of a PE program, or None when it is none."""
    at = find_headers(content)
    return Headers(content, at) if at >= 0 else None


def read(content: bytes) -> Program | None:
    """Return what the headers say, or None when it is no PE program."""
    headers = read_headers(content)
    if headers is None:
        return None
    ends = [section.offset + section.size for section in headers.sections if section.size]
    is_library = headers.characteristics & _LIBRARY != 0
    certificate = directory(headers, SECURITY)  # the one directory whose address is an offset
    is_signed = 0 < certificate[0] < len(content) and certificate[1] > 0
    return Program(
        _subtype(headers, is_library),
        headers.offset_of(headers.entry) if headers.entry else -1,
        headers.sections,
        max(ends, default=min(headers.header_size, len(content))),
        headers.is_64,
        is_library,
        headers.image_base,
        entry_address=headers.entry,
        certificate=(certificate[0], min(certificate[1], len(content) - certificate[0])) if is_signed else (0, 0),
        details=_Details(headers),
    )


def _subtype(headers: Headers, is_library: bool) -> str:
    width = "PE32+" if headers.is_64 else "PE32"
    machine = _MACHINES.get(headers.machine, f"machine {headers.machine:#x}")
    return f"{width} {'DLL' if is_library else 'program'}, {machine}"
