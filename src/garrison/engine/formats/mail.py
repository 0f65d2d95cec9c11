"""Mails: RFC 5322, and their parts: RFC 2045 to 2049; read so that no way to hide a part from some programs works.

The parts are found in one pass over the lines that begin with two hyphens: any boundary that was declared anywhere
before ends a part, and so does a line that looks like one because a header of a part follows. Mails in mails are read
in the same pass. So missing ends, wrong nesting and doubled headers do no harm, and no depth is needed.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from garrison.engine.formats import binhex, mime_codings, uuencode
from garrison.engine.formats.mime import Headers, read_headers
from garrison.engine.formats.opener import Member, collect
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import identify
from garrison.engine.source import Source
from garrison.engine.type import Type

_LINE = 1000
_MOST_BOUNDARIES = 64
_LINES = 256  # after so many lines the time is looked at
_PART_FOLLOWS = re.compile(rb"[ \t]*\r?\ncontent-[a-z-]{2,30}[ \t]{0,9}[:(]", re.IGNORECASE)
_BASE64_LINES = re.compile(rb"\s*(?:[A-Za-z0-9+/]{56,76}\r?\n){2,}")
_UU = (b"uu", b"x-uu")


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the parts. Raises OSError."""
    content = source.read_at(0, guard.limits.object_bytes * 3 // 2)
    if b"\n" not in content[:4096]:
        content = content.replace(b"\r", b"\n")
    try:
        for number, (headers, start, end) in enumerate(_parts(content, guard), 1):
            yield from _part(headers, content[start:end], number, guard)
            if guard.stopped:
                return
    except Incomplete as reason:
        yield Member((), None, reason.remark)


def _parts(content: bytes, guard: Guard) -> Iterator[tuple[Headers, int, int]]:
    """Yield the headers, start and end of each part that has content of its own. Raises Incomplete at a limit."""
    boundaries: dict[bytes, None] = {}
    headers, body = _opened(content, _after_from(content), boundaries)
    at = body - 1
    for lines in count(1):
        if lines % _LINES == 0:
            guard.check()
        at = content.find(b"\n--", max(at, 0))
        if at < 0:
            break
        stop = content.find(b"\n", at + 3, at + _LINE)
        line = content[at + 3 : stop if stop >= 0 else at + _LINE].rstrip()
        if not _is_boundary(line, boundaries) and not _PART_FOLLOWS.match(content, at + 3 + len(line)):
            at += 3
            continue
        if line and len(boundaries) < _MOST_BOUNDARIES:
            boundaries[line.removesuffix(b"--") or line] = None  # one that was declared nowhere
        if _has_content(headers, content, body, at):
            yield headers, body, at
        headers, body = _opened(content, stop + 1 if stop >= 0 else len(content), boundaries)
        at = body - 1
    if _has_content(headers, content, body, len(content)):
        yield headers, body, len(content)


def _after_from(content: bytes) -> int:
    return content.find(b"\n") + 1 if content.startswith((b"From ", b">From ")) else 0


def _is_boundary(line: bytes, boundaries: dict[bytes, None]) -> bool:
    return bool(boundaries) and (line in boundaries or line.startswith(tuple(boundaries)))


def _opened(content: bytes, start: int, boundaries: dict[bytes, None]) -> tuple[Headers, int]:
    """Return the headers at an offset and where their body begins; a mail in the body is gone into."""
    headers, body = read_headers(content, start)
    _declare(headers, boundaries)
    for _ in range(16):
        if not any(kind.startswith(b"message/") for kind in headers.types) or _is_encoded(headers):
            break
        inner, inner_body = read_headers(content, body)
        if not inner.is_any or not (inner.types or inner.encodings):
            break
        headers, body = inner, inner_body
        _declare(headers, boundaries)
    return headers, body


def _declare(headers: Headers, boundaries: dict[bytes, None]) -> None:
    for boundary in headers.boundaries:
        if len(boundaries) < _MOST_BOUNDARIES:
            boundaries[boundary] = None


def _is_encoded(headers: Headers) -> bool:
    return any(coding.startswith((b"base64", b"quoted", *_UU)) for coding in headers.encodings)


def _has_content(headers: Headers, content: bytes, start: int, end: int) -> bool:
    """Return whether a part is more than the few words before the first part, or after the last."""
    if headers.encodings or headers.name:
        return True
    return bool(content[start : min(end, start + 4096)].strip())


def _part(headers: Headers, body: bytes, number: int, guard: Guard) -> Iterator[Member]:
    name = headers.name or f"part {number}"
    codings = headers.encodings or [b""]
    is_given = False
    for coding in codings:
        for member in _decoded(coding, body, name, guard):
            is_given = True
            yield _typed(member, headers)
        if guard.stopped:
            return
    if not is_given:
        yield _typed(collect((name,), mime_codings.plain_pieces(body, guard), guard), headers)
    if not _is_encoded(headers):
        yield from _inside(body, name, guard)


def _decoded(coding: bytes, body: bytes, name: str, guard: Guard) -> Iterator[Member]:
    """Yield what a transfer encoding says; nothing for one that leaves the body as it is."""
    if coding.startswith((b"base64", b"x-base64")):
        yield collect((name,), mime_codings.base64_pieces(body, guard), guard)
    elif coding.startswith(b"quoted"):
        yield collect((name,), mime_codings.quoted_pieces(body, guard), guard)
    elif coding.startswith(_UU):
        yield from uuencode.files(body, guard)
    elif b"binhex" in coding:
        yield from binhex.files(body, guard)


def _inside(body: bytes, name: str, guard: Guard) -> Iterator[Member]:
    """Yield files that are written into a text."""
    if not guard.stopped and uuencode.MARK in body:
        yield from uuencode.files(body, guard)
    if not guard.stopped and binhex.MARK in body:
        yield from binhex.files(body, guard)
    if not guard.stopped:
        yield from mime_codings.yenc_files(body, guard)
    if not guard.stopped and _BASE64_LINES.match(body, 0, 4096):
        yield collect((name,), mime_codings.base64_pieces(body, guard), guard)


def _typed(member: Member, headers: Headers) -> Member:
    """Return a member with the type that its headers know better than its content."""
    if member.content is None:
        return member
    if any(kind.startswith(b"message/rfc822") for kind in headers.types):
        return replace(member, kind=Type.EMAIL)
    if b"text/html" in headers.types and identify(member.content[:4096]) is Type.TEXT:
        return replace(member, kind=Type.HTML)
    return member
