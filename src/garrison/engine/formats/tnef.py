"""Mails as Outlook wraps them up (winmail.dat): [MS-OXTNEF] 2.1, [MS-OXPROPS]."""

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.opener import CORRUPT, Member, clean_name, collect, stored
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_ATTACH_START, _ATTACH_DATA, _ATTACH_TITLE, _ATTACH_PROPS = 0x9002, 0x800F, 0x8010, 0x9005
_BODY, _MESSAGE_PROPS = 0x800C, 0x9003
_LONG_NAME, _NAME, _OBJECT, _HTML, _RTF = 0x3707, 0x3704, 0x3701, 0x1013, 0x1009
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_PROPS_BYTES = 64 * 1024
_MOST_PROPS = 1000

Place = tuple[int, int]  # offset and length, in bytes


@dataclass(slots=True)
class _Attachment:
    """What was read of one so far. contents: where its data lies, the ordinary place first."""

    name: str = ""
    contents: tuple[Place, ...] = ()


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the attachments and the texts. Raises OSError."""
    current = _Attachment()
    count = 0
    for kind, at, length in _attributes(source):
        if kind == _ATTACH_START:
            count += bool(current.contents)
            yield from _given(source, current, count, guard)
            current = _Attachment()
        elif kind == _ATTACH_TITLE:
            current.name = current.name or _text(source.read_at(at, min(length, 4096)), is_wide=False)
        elif kind == _ATTACH_DATA:
            current.contents += ((at, length),)
        elif kind == _ATTACH_PROPS:
            _add_properties(source, (at, length), current)
        elif kind in {_BODY, _MESSAGE_PROPS} and length:
            yield from _texts(source, kind, (at, length), guard)
        if guard.stopped:
            return
    yield from _given(source, current, count + 1, guard)
    if source.size < 6:
        yield Member((), None, CORRUPT)


def _attributes(source: Source) -> Iterator[tuple[int, int, int]]:
    """Yield kind, offset and length of each attribute (2.1.3.1), as far as the list makes sense."""
    at = 6
    while True:
        head = source.read_at(at, 9)
        if len(head) < 9 or head[0] not in {1, 2}:
            return
        kind, length = struct.unpack("<H2xI", head[1:])
        yield kind, at + 9, length
        at += 9 + length + 2


def _given(source: Source, attachment: _Attachment, number: int, guard: Guard) -> Iterator[Member]:
    for at, length in attachment.contents:
        name = attachment.name or f"attachment {number}"
        yield collect((name,), stored(source, at, length, guard), guard)
        if guard.stopped:
            return


def _texts(source: Source, kind: int, place: Place, guard: Guard) -> Iterator[Member]:
    if kind == _BODY:
        yield collect(("body",), stored(source, *place, guard), guard)
        return
    for tag, _, start, size in _properties(source, place):
        if tag in {_HTML, _RTF} and size and not guard.stopped:
            what = "body.html" if tag == _HTML else "body (compressed RTF)"
            yield collect((what,), stored(source, start, size, guard), guard)


def _add_properties(source: Source, place: Place, current: _Attachment) -> None:
    for tag, form, start, size in _properties(source, place):
        if tag == _LONG_NAME or (tag == _NAME and not current.name):
            current.name = _text(source.read_at(start, min(size, 4096)), is_wide=form == 0x1F) or current.name
        elif tag == _OBJECT and size > 16:
            # An object begins with the identifier of its interface.
            current.contents += ((start + 16, size - 16),) if form == 0x0D else ((start, size),)


def _properties(source: Source, place: Place) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, form, offset and length of the properties of variable length (2.1.3.4)."""
    at, end = place[0], min(sum(place), source.size)
    count = min(_number(source, at), _MOST_PROPS)
    at += 4
    for _ in range(count):
        head = source.read_at(at, 4)
        if at + 4 > end or len(head) < 4:
            return
        form, tag = struct.unpack("<HH", head)
        at += 4
        if tag >= 0x8000:
            at += _named(source, at)
        values = min(_number(source, at), _MOST_PROPS) if form & 0x1000 or form in _VARIABLE else 1
        at += 4 if form & 0x1000 or form in _VARIABLE else 0
        base = form & 0xFFF
        if base in _WIDTHS:
            at += _WIDTHS[base] * values
            continue
        if base not in _VARIABLE:
            return
        for _ in range(values):
            size = _number(source, at)
            if at + 4 > end:
                return
            yield tag, base, at + 4, min(size, end - at - 4)
            at += 4 + size + -size % 4


def _named(source: Source, at: int) -> int:
    """Return how long the name of a property is."""
    if _number(source, at + 16) == 0:
        return 24
    size = _number(source, at + 20)
    return 24 + size + -size % 4


def _number(source: Source, at: int) -> int:
    return int.from_bytes(source.read_at(at, 4), "little")


def _text(stored_name: bytes, *, is_wide: bool) -> str:
    if is_wide:
        return codecs.utf_16_le_decode(stored_name, "replace", True)[0].rstrip("\x00")[:1000]
    return clean_name(stored_name.split(b"\x00", 1)[0])
