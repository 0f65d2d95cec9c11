"""Windows' shortcuts: [MS-SHLLINK] 2.1 (header), 2.3 (LinkInfo), 2.4 (StringData), 2.5 (ExtraData)."""

import struct
from collections.abc import Iterator

from garrison.engine.formats.ole import wide
from garrison.engine.formats.opener import Member, collect, derived, stored
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from garrison.engine.type import Type

_HEADER_BYTES = 76
_HAS_TARGETS, _HAS_INFO, _IS_WIDE = 1, 2, 0x80
_TEXTS = ((4, "name"), (8, "relative path"), (0x10, "working folder"), (0x20, "arguments"), (0x40, "icon"))
_ENVIRONMENT = 0xA0000001
_MOST_BYTES = 1024 * 1024  # of what a shortcut is; more is behind it
_MOST_BLOCKS = 100


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield a text of what the shortcut starts, and what lies behind it. Raises OSError."""
    lines, end = _read(source.read_at(0, _MOST_BYTES))
    if lines:
        yield derived("shortcut", "\n".join(lines).encode("utf-8", "replace"), guard, Type.TEXT)
    behind = source.size - end
    if behind > 0 and not guard.stopped:
        yield collect(("behind the shortcut",), stored(source, end, behind, guard), guard)
    if guard.stopped:
        yield Member((), None, guard.stopped)


def _read(content: bytes) -> tuple[list[str], int]:
    """Return what the shortcut says, a line each, and where it ends."""
    lines: list[str] = []
    flags = int.from_bytes(content[20:24], "little")
    at = _HEADER_BYTES
    if flags & _HAS_TARGETS:
        at += 2 + int.from_bytes(content[at : at + 2], "little")
    if flags & _HAS_INFO:
        length = int.from_bytes(content[at : at + 4], "little")
        lines += _info(content[at : at + length])
        at += max(length, 4)
    for flag, what in _TEXTS:
        if flags & flag:
            count = int.from_bytes(content[at : at + 2], "little")
            raw = content[at + 2 : at + 2 + count * (2 if flags & _IS_WIDE else 1)]
            at += 2 + count * (2 if flags & _IS_WIDE else 1)
            lines.append(f"{what}: {wide(raw) if flags & _IS_WIDE else raw.decode('latin-1')}")
    return _extra(content, at, lines)


def _info(info: bytes) -> list[str]:
    """Return the target's path: its beginning, and its end (2.3)."""
    if len(info) < 28:
        return []
    path, suffix = struct.unpack_from("<I4xI", info, 16)
    texts = [info[place : info.find(b"\x00", place)] for place in (path, suffix) if 28 <= place < len(info)]
    text = b"".join(texts)
    return [f"target: {text.decode('latin-1')}"] if text else []


def _extra(content: bytes, at: int, lines: list[str]) -> tuple[list[str], int]:
    """Add the target that names variables; return the lines and the offset behind the last block."""
    for _ in range(_MOST_BLOCKS):
        size = int.from_bytes(content[at : at + 4], "little")
        if size < 4 or at + size > len(content):
            return lines, min(at + 4, len(content)) if size < 4 else at
        if size >= 788 and content[at + 4 : at + 8] == _ENVIRONMENT.to_bytes(4, "little"):
            target = wide(content[at + 268 : at + 788]).split("\x00", 1)[0]
            lines.append(f"target: {target}")
        at += size
    return lines, at
