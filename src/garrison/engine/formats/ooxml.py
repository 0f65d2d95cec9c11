"""Word's XML documents: what fields do, put together. ECMA-376, part 1, 17.16.23 (instrText), 17.16.19 (fldSimple).

A command (DDEAUTO) may be split over any number of runs, so that no rule finds it in the XML. The parts of such
documents are members of a zip; this is an opener for the part.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

from garrison.engine.formats.opener import Member, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

_MOST_BYTES = 16 * 1024 * 1024
_PART = re.compile(rb'<(?:\w{1,20}:)?instrText\b[^<>]{0,200}>([^<]*)|:instr="([^"]*)"|:fldCharType="(begin)"')
_ENTITY = re.compile(rb"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));")
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield what the fields of a document's part do, a line each, as one text. Raises OSError."""
    head = source.head()
    if b"wordprocessingml" not in head:
        return
    content = source.read_at(0, _MOST_BYTES)
    with suppress(Incomplete):  # told at the end
        guard.check()
    text = _fields(content)
    if text:
        yield derived("fields", text, guard, Type.TEXT)
    if guard.stopped:
        yield Member((), None, guard.stopped)


def _fields(content: bytes) -> bytes:
    fields: list[bytes] = []
    for match in _PART.finditer(content):
        if match[1] is not None:
            fields.append(unescaped(match[1]))
        elif match[2] is not None:
            fields += [b"\n", unescaped(match[2]), b"\n"]
        elif match[3]:
            fields.append(b"\n")
    lines = b"".join(fields).split(b"\n")
    return b"\n".join(line for line in lines if line.strip())


def unescaped(text: bytes) -> bytes:
    """Return a text of XML with its references replaced; those to characters that are none stay."""
    return _ENTITY.sub(_meant, text) if b"&" in text else text


def _meant(match: "re.Match[bytes]") -> bytes:
    if match[3]:
        return _NAMED[match[3]]
    point = int(match[1]) if match[1] else int(match[2], 16)
    return chr(point).encode("utf-8", "replace") if point < 0x110000 else match[0]
