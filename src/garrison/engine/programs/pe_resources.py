"""The resources of a PE program: Microsoft PE Format, ".rsrc"; the version information: VS_VERSIONINFO.

The tree has three levels: type, name, language. It is walked that deep and no deeper, whatever the offsets say.
"""

import struct
from collections.abc import Iterator

from garrison.engine.programs.pe_headers import RESOURCE, Headers, directory
from garrison.engine.programs.program import Resources

_ENTRIES = 4096  # in all directories together
_LEAVES = 2048
_STRINGS = 512
VERSION = "16"


def read_resources(headers: Headers) -> Resources:
    """Return (type, name, offset, size) of each resource whose bytes are in the file, numbers as text."""
    address = directory(headers, RESOURCE)[0]
    base = headers.offset_of(address) if address else -1
    if base < 0:
        return ()
    left = [_ENTRIES]
    found: list[tuple[str, str, int, int]] = []
    for kind, names in _entries(headers.content, base, 0x80000000, left):
        for name, languages in _entries(headers.content, base, names, left):
            for _, leaf in _entries(headers.content, base, languages, left):
                _add_leaf(headers, base + leaf, kind, name, found)
                if len(found) >= _LEAVES:
                    return tuple(found)
    return tuple(found)


def _add_leaf(headers: Headers, at: int, kind: str, name: str, found: list[tuple[str, str, int, int]]) -> None:
    entry = headers.content[at : at + 8]
    if at & 0x80000000 or len(entry) < 8:
        return
    address, size = struct.unpack("<II", entry)
    offset = headers.offset_of(address)
    if offset >= 0 and size:
        found.append((kind, name, offset, min(size, len(headers.content) - offset)))


def _entries(content: bytes, base: int, directory_at: int, left: list[int]) -> Iterator[tuple[str, int]]:
    """Yield (name, offset) of a directory's entries; the offset has its highest bit set when it is a directory."""
    if not directory_at & 0x80000000:
        return
    at = base + (directory_at & 0x7FFFFFFF)
    header = content[at : at + 16]
    if len(header) < 16:
        return
    named, numbered = struct.unpack_from("<HH", header, 12)
    for position in range(at + 16, at + 16 + 8 * (named + numbered), 8):
        left[0] -= 1
        entry = content[position : position + 8]
        if left[0] < 0 or len(entry) < 8:
            return
        name, offset = struct.unpack("<II", entry)
        yield _name(content, base, name), offset


def _name(content: bytes, base: int, name: int) -> str:
    if not name & 0x80000000:
        return str(name)
    at = base + (name & 0x7FFFFFFF)
    length = min(int.from_bytes(content[at : at + 2], "little"), 128)
    return content[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")


def read_version_strings(content: bytes, resources: Resources) -> tuple[tuple[int, int], ...]:
    """Return (offset, length) of each key with its value; both are UTF-16, zero-terminated, and in the file."""
    found: list[tuple[int, int]] = []
    for kind, _, offset, size in resources:
        if kind == VERSION:
            _walk(content, offset, offset + size, found)
    return tuple(found)


def _walk(content: bytes, start: int, end: int, found: list[tuple[int, int]]) -> None:
    """Add the strings of one VS_VERSIONINFO: its children's StringFileInfo, their tables, and those tables' strings."""
    for at, stop in _children(content, _behind_key(content, start, end) + 52, end):
        if content[at + 6 : at + 34] != "StringFileInfo".encode("utf-16-le"):
            continue
        for table, table_end in _children(content, _behind_key(content, at, stop), stop):
            for string, string_end in _children(content, _behind_key(content, table, table_end), table_end):
                if len(found) >= _STRINGS:
                    return
                found.append((string + 6, string_end - string - 6))


def _children(content: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    for _ in range(_STRINGS):
        at += -at % 4
        length = int.from_bytes(content[at : at + 2], "little")
        if length < 8 or at + length > end:
            return
        yield at, at + length
        at += length


def _behind_key(content: bytes, at: int, end: int) -> int:
    """Return the aligned offset behind a node's key."""
    position = at + 6
    while position + 1 < min(end, at + 6 + 512):
        if content[position : position + 2] == b"\x00\x00":
            position += 2
            return position + -position % 4
        position += 2
    return end
