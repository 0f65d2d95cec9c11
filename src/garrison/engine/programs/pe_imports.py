"""The imports of a PE program: Microsoft PE Format, ".idata"; their digest: imphash (Mandiant, 2014)."""

import hashlib
import struct

from garrison.engine.programs.pe_headers import IMPORT, Headers, directory
from garrison.engine.programs.pe_ordinals import name_of
from garrison.engine.programs.program import Imports

_LIBRARIES = 256
_FUNCTIONS = 8192
_NAME_BYTES = 256


def read_imports(headers: Headers) -> Imports:
    """Return (library, function) in the file's order; an ordinal is "#12". Nonsense ends the list."""
    address = directory(headers, IMPORT)[0]
    found: list[tuple[str, str]] = []
    for number in range(_LIBRARIES):
        at = headers.offset_of(address + 20 * number) if address else -1
        entry = headers.content[at : at + 20] if at >= 0 else b""
        if len(entry) < 20:
            break
        lookup, _, _, name, thunk = struct.unpack("<5I", entry)
        library = headers.text_at(name, _NAME_BYTES) if name else None
        if not library or not thunk:
            break
        if not _read_thunks(headers, library.decode("latin-1"), lookup or thunk, thunk, found):
            break
    return tuple(found)


def _read_thunks(headers: Headers, library: str, lookup: int, thunk: int, found: list[tuple[str, str]]) -> bool:
    """Add one library's functions; False when there are too many."""
    width = 8 if headers.is_64 else 4
    at = headers.offset_of(lookup)
    if at < 0:  # packers leave the lookup table's address as it was
        at = headers.offset_of(thunk)
    if at < 0:
        return True
    ordinal = 1 << (8 * width - 1)
    content = headers.content
    while len(found) < _FUNCTIONS:
        value = int.from_bytes(content[at : at + width], "little")
        at += width
        if not value or at > len(content):
            return True
        if value & ordinal:
            found.append((library, f"#{value & 0xFFFF}"))
            continue
        name = headers.text_at((value & 0x7FFFFFFF) + 2, _NAME_BYTES)
        if name is None:
            return True
        found.append((library, name.decode("latin-1")))
    return False


def import_hash(imports: Imports) -> bytes:
    """Return the MD5 of the imports in small letters, the libraries without their usual endings; b"" for none."""
    if not imports:
        return b""
    parts: list[str] = []
    for library, function in imports:
        stem = library.lower()
        base, _, ending = stem.rpartition(".")
        stem = base if ending in {"dll", "ocx", "sys"} else stem
        name = name_of(stem, int(function[1:])) if function[:1] == "#" and function[1:].isdecimal() else function
        parts.append(f"{stem}.{name.lower()}")
    text = ",".join(parts).encode("latin-1", "replace")
    return hashlib.md5(text, usedforsecurity=False).digest()
