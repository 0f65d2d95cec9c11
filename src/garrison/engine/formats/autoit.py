"""Compiled AutoIt 3 scripts (EA05, EA06) and the files in them.

From public descriptions: ClamAV's autoit.c and autoit-ripper tell the layout and the constants. What is compiled is
the script's text (EA05) or its words and numbers one by one (EA06), which become text again here.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from garrison.engine.formats.autoit_crypto import Rotator, Twister, unpack
from garrison.engine.formats.autoit_script import script_text
from garrison.engine.formats.opener import NAME_CHARS, TOO_SHORT, Member, collect
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

MAGIC = b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d"
_FILES = 1000
_NAME_BYTES = 64 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs. Each key is added to something; each mask is put on a number. width: bytes of a letter."""

    stream: Callable[[int], Twister | Rotator]
    mark: int
    source_mask: int
    source_key: int
    path_mask: int
    path_key: int
    size_mask: int
    data_key: int
    width: int


DIALECTS = {
    b"AU3!EA05": Dialect(Twister, 0x16FA, 0x29BC, 0xA25E, 0x29AC, 0xF25E, 0x45AA, 0x22AF, 1),
    b"AU3!EA06": Dialect(Rotator, 0x18EE, 0xADBC, 0xB33F, 0xF820, 0xF479, 0x87BC, 0x2477, 2),
}


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the script and the files in it. Raises OSError."""
    head = source.read_at(0, 40)
    dialect = DIALECTS.get(head[16:24])
    if dialect is None or len(head) < 40:
        if head.startswith(MAGIC):
            yield Member((), None, "damaged: ends too early" if len(head) < 40 else "not opened: old AutoIt script")
        return
    key = dialect.data_key + (sum(head[24:40]) if dialect.width == 1 else 0)
    at = 40
    for _ in range(_FILES):
        entry = _read_entry(source, at, dialect)
        if entry is None or guard.stopped:
            return
        yield from _opened(source, entry, dialect.stream(key), guard)
        at = entry.start + entry.packed


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    path: str
    is_packed: bool
    start: int
    packed: int


def _read_entry(source: Source, at: int, dialect: Dialect) -> _Entry | None:
    if dialect.stream(dialect.mark).apply(source.read_at(at, 4)) != b"FILE":
        return None
    kind, at = _text(source, at + 4, dialect, dialect.source_mask, dialect.source_key)
    path, at = _text(source, at, dialect, dialect.path_mask, dialect.path_key)
    header = source.read_at(at, 29)
    if len(header) < 29:
        return None
    is_packed, packed = struct.unpack_from("<BI", header)
    return _Entry(kind, path, is_packed == 1, at + 29, packed ^ dialect.size_mask)


def _text(source: Source, at: int, dialect: Dialect, mask: int, key: int) -> tuple[str, int]:
    length = int.from_bytes(source.read_at(at, 4), "little") ^ mask
    size = length * dialect.width
    plain = dialect.stream(key + length).apply(source.read_at(at + 4, min(size, _NAME_BYTES)))
    text = plain.decode("utf-16-le" if dialect.width == 2 else "latin-1", "replace")
    return text, at + 4 + size


def _opened(source: Source, entry: _Entry, stream: Twister | Rotator, guard: Guard) -> Iterator[Member]:
    is_script = "SCRIPT<" in entry.kind
    path = entry.path if len(entry.path) <= NAME_CHARS else entry.path[:NAME_CHARS] + "…"
    names = ("(script)" if is_script else path or "file",)
    if not entry.is_packed and not is_script:
        yield collect(names, _plain(source, entry, stream, guard), guard)
        return
    pieces: list[bytes] = []
    remark = ""
    try:
        guard.check()
        pieces.extend(_plain(source, entry, stream, guard, is_counted=False))
    except Incomplete as reason:
        remark = reason.remark
    yield collect(names, _content(b"".join(pieces), remark, entry, guard), guard, is_derived=is_script)


def _content(plain: bytes, remark: str, entry: _Entry, guard: Guard) -> Iterator[bytes]:
    content = unpack(plain, guard) if entry.is_packed else plain
    if "SCRIPT<" in entry.kind:
        content = script_text(content)
    guard.grew(len(content))
    yield content
    if remark:
        raise Incomplete(remark)


def _plain(
    source: Source, entry: _Entry, stream: Twister | Rotator, guard: Guard, *, is_counted: bool = True
) -> Iterator[bytes]:
    """Yield the decrypted bytes. Raises Incomplete, OSError."""
    got = 0
    for piece in source.pieces(entry.start, entry.packed, _PIECE):
        got += len(piece)
        if is_counted:
            guard.grew(len(piece))
        else:
            guard.check()
        yield stream.apply(piece)
    if got < entry.packed:
        raise Incomplete(TOO_SHORT)
