"""The Rich Text Format: Microsoft's specification 1.9.1; its OLE 1.0 objects: [MS-OLEDS] 2.2.4 to 2.2.6.

What documents do to hide an object (groups and words between the digits, spaces, half bytes, a wrong header) is taken
as Word takes it, and where that is not known, the header of an object is looked for at any digit.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from garrison.engine.formats.ole_native import package
from garrison.engine.formats.opener import NAME_CHARS, TOO_SHORT, Member, collect, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

_MOST_BYTES = 100 * 1024 * 1024  # of a larger one, the beginning
_PIECE_BYTES = 256 * 1024
_DATA = re.compile(rb"\\(?:objdata|datastore)(?![a-zA-Z])")
_TOKEN = re.compile(rb"\\bin(\d{1,9}) ?|\\[a-zA-Z]{1,32}(?:-?\d{1,10})? ?|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[{}]|[^\\{}]+")
_FIELD = re.compile(rb"\\(fldinst|template)(?![a-zA-Z])")
_WORDS = re.compile(rb"\\[a-zA-Z]{1,32}(?:-?\d{1,10})? ?|\\\*|[{}\r\n]|\\(?=\\)")
_NOT_HEX = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))
_EMBEDDED, _LINKED = b"0105000002000000", b"0105000001000000"
_COMPOUND = b"d0cf11e0a1b11ae1"
_START = re.compile(_EMBEDDED + b"|" + _LINKED + b"|" + _COMPOUND)
_MOST_OBJECTS = 8  # in one run of digits
_FIELD_BYTES = 2000
_MOST_TARGETS = 1000
_MOST_FIELDS = 20_000
_MOST_TOKENS = 1_000_000  # in one run of digits
_FIELDS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Object:
    """An OLE 1.0 object. kind: its class. content: as far as it is there. target: of a link."""

    kind: str
    content: bytes
    is_whole: bool = True
    target: bytes = b""


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the objects, and what fields and templates refer to. Raises OSError."""
    content = source.read_at(0, _MOST_BYTES)
    targets: list[bytes] = []
    count = 0
    for digits in _runs(content, guard):
        for each in _objects(digits):
            count += 1
            if each.target:
                targets.append(b"link: " + each.target)
            else:
                yield _member(each, count, guard)
            if guard.stopped:
                break
        if guard.stopped or len(targets) > _MOST_TARGETS:
            break
    if not guard.stopped:
        text = b"\n".join([*targets, *_fields(content)])
        if text:
            yield derived("fields", text, guard, Type.TEXT)
    if guard.stopped:
        yield Member((), None, guard.stopped)


def _member(each: _Object, number: int, guard: Guard) -> Member:
    packed = package(each.content)
    name, content, is_whole = f"object {number} {each.kind}".rstrip(), each.content, each.is_whole
    if packed is not None:
        name, content, is_whole = packed.name, packed.content, packed.is_whole
    return collect((name[-NAME_CHARS:],), _pieces(content, guard, is_whole=is_whole), guard)


def _pieces(content: bytes, guard: Guard, *, is_whole: bool) -> Iterator[bytes]:
    for at in range(0, len(content), _PIECE_BYTES):
        piece = content[at : at + _PIECE_BYTES]
        guard.grew(len(piece))
        yield piece
    if not is_whole:
        raise Incomplete(TOO_SHORT)


def _runs(content: bytes, guard: Guard) -> Iterator[bytes]:
    """Yield the digits of each object, in small letters. Linear in the size: no part is read twice."""
    match = _DATA.search(content)
    while match is not None:
        with suppress(Incomplete):  # told at the end
            guard.check()
        if guard.stopped:
            return
        digits, at = _digits(content, match.end())
        if digits:
            yield digits
        match = _DATA.search(content, at)


def _digits(content: bytes, at: int) -> tuple[bytes, int]:
    """Return the digits up to the end of the group, and where that is. What an ignorable group says is no digit."""
    kept: list[bytes] = []
    depth = ignored = 0  # ignored: the depth of an ignorable group, 0 outside
    for _ in range(_MOST_TOKENS):
        token = _TOKEN.match(content, at)
        if token is None:
            break
        text = token[0]
        at = token.end()
        if text == b"{":
            depth += 1
            if not ignored and content.startswith(b"\\*", at) and not _DATA.match(content, at + 2):
                ignored = depth
        elif text == b"}":
            if depth == 0:
                break
            ignored = 0 if ignored == depth else ignored
            depth -= 1
        elif token[1] is not None:
            raw = content[at : at + int(token[1])]
            at += len(raw)
            kept += [] if ignored else [raw.hex().encode("ascii")]
        elif text[:1] != b"\\" and not ignored:
            kept.append(text.translate(None, _NOT_HEX))
    return b"".join(kept).lower(), at


def _objects(digits: bytes) -> Iterator[_Object]:
    """Yield the objects in a run of digits; a run without the header of any is taken as it is."""
    at = 0
    for _ in range(_MOST_OBJECTS):
        start = _START.search(digits, at)
        if start is None:
            break
        data = _bytes(digits[start.start() :])
        if start[0] == _COMPOUND:
            yield _Object("", data)
            return
        found, used = _object(data)
        if found is not None:
            yield found
        at = start.start() + max(2 * used, 16)
    else:
        return
    if at == 0:
        data = _bytes(digits)
        if data:
            yield _Object("", data)


def _bytes(digits: bytes) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))


def _object(data: bytes) -> tuple[_Object | None, int]:
    """Return an object of the old format, and how many bytes it takes: three texts with their lengths, the content."""
    texts: list[bytes] = []
    at = 8
    for _ in range(3):
        length = int.from_bytes(data[at : at + 4], "little")
        if length > len(data):
            return None, 8
        texts.append(data[at + 4 : at + 4 + length].rstrip(b"\x00"))
        at += 4 + length
    kind = texts[0][:64].decode("latin-1")
    if data[4] == 1:
        return (_Object(kind, b"", target=texts[1]) if texts[1] else None), at
    size = int.from_bytes(data[at : at + 4], "little")
    content = data[at + 4 : at + 4 + size]
    return (_Object(kind, content, len(content) == size) if content else None), at + 4 + len(content)


def _fields(content: bytes) -> list[bytes]:
    """Return what fields do and where templates come from, without the words of the format."""
    found: dict[bytes, None] = {}
    room = _FIELDS_BYTES
    at = 0
    for _ in range(_MOST_FIELDS):
        match = _FIELD.search(content, at)
        if match is None or room <= 0:
            break
        raw = content[match.end() : match.end() + _FIELD_BYTES]
        raw = raw[: _group_end(raw)]
        at = match.end() + len(raw)
        text = _WORDS.sub(b"", raw).strip()
        if text and text not in found:
            found[match[1] + b": " + text] = None
            room -= len(text)
    return list(found)


def _group_end(raw: bytes) -> int:
    depth = 0
    for token in _TOKEN.finditer(raw):
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        if depth < 0:
            return token.start()
    return len(raw)
