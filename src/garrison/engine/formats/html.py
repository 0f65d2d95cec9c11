"""Pages and drawings: what is in them as data: addresses (RFC 2397), as scripts, and as pages in pages.

A page is matched as it stands; of its scripts only those become objects of their own that decode or run something, so
that an ordinary page costs one pass and gives nothing.
"""

import re
from collections.abc import Iterator

from garrison.engine.formats.mime_codings import base64_pieces, plain_pieces
from garrison.engine.formats.opener import Member, collect
from garrison.engine.formats.scripts import made, narrow
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from garrison.engine.type import Type

_DATA = re.compile(rb"data:([a-z0-9.+/-]{0,100})((?:;[a-z0-9=._-]{1,60}){0,9}),", re.IGNORECASE)
_PLAIN_END = re.compile(rb"[\"'<>\s]")
_CODED_END = re.compile(rb"[^A-Za-z0-9+/=%\s\\_-]")
_SCRIPT = re.compile(rb"<script\b([^>]{0,300})>", re.IGNORECASE)
_SCRIPT_END = re.compile(rb"</script", re.IGNORECASE)
_SRCDOC = re.compile(rb"srcdoc\s{0,9}=\s{0,9}(?:\"([^\"]{1,1000000})\"|'([^']{1,1000000})')", re.IGNORECASE)
_ENTITY = re.compile(rb"&(?:#(x[0-9a-f]{1,6}|\d{1,7})|(lt|gt|amp|quot|apos));?", re.IGNORECASE)
_LETTER_ENTITY = re.compile(rb"&#(?:x[46-7][0-9a-f]|6[5-9]|[78][0-9]|90|9[7-9]|1[01][0-9]);?", re.IGNORECASE)
_NAMED = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}
_PERCENT = re.compile(rb"%([0-9a-f]{2})", re.IGNORECASE)
_DOES_SOMETHING = (
    b"eval(", b"unescape(", b"fromcharcode", b"atob(", b"activexobject", b"createobject", b"execute", b"wscript",
    b"decodeuricomponent(", b"base64", b"mssaveoropenblob", b"new blob(", b"\\x", b"chr(", b".reverse()",
)  # fmt: skip
_MOST = 1000
_FEWEST_ENTITIES = 16


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield what a page carries. Raises OSError."""
    content = source.read_at(0, guard.limits.object_bytes * 3 // 2)
    plain = narrow(content)
    if plain is not None:
        yield made("text", plain, guard, Type.HTML)
        return
    small = content.lower()
    for part in (_addresses, _scripts, _pages):
        yield from part(content, small, guard)
        if guard.stopped:
            return
    if small.count(b"&#") >= _FEWEST_ENTITIES and len(_LETTER_ENTITY.findall(content)) >= _FEWEST_ENTITIES:
        yield made("text", without_entities(content), guard, Type.HTML)


def _addresses(content: bytes, small: bytes, guard: Guard) -> Iterator[Member]:
    if b"data:" not in small:
        return
    at = 0
    for number in range(1, _MOST):
        found = _DATA.search(content, at)
        if found is None or guard.stopped:
            return
        is_coded = b"base64" in found[2].lower()
        end = (_CODED_END if is_coded else _PLAIN_END).search(content, found.end())
        at = end.start() if end else len(content)
        text = content[found.end() : at]
        if text and not _is_picture(found[1], text):
            pieces = base64_pieces(_unquoted(text), guard) if is_coded else plain_pieces(_unquoted(text), guard)
            yield collect((f"data {number}",), pieces, guard)


def _is_picture(declared: bytes, text: bytes) -> bool:
    if declared.lower() == b"image/svg+xml" or not declared.lower().startswith(
        (b"image/", b"font/", b"application/font")
    ):
        return False
    return not text.startswith((b"TV", b"UEs", b"f0VM", b"PD", b"PH"))


def _unquoted(text: bytes) -> bytes:
    return _PERCENT.sub(lambda match: bytes((int(match[1], 16),)), text) if b"%" in text else text


def _scripts(content: bytes, small: bytes, guard: Guard) -> Iterator[Member]:
    if b"<script" not in small or not any(word in small for word in _DOES_SOMETHING):
        return
    at = 0
    for number in range(1, _MOST):
        start = _SCRIPT.search(content, at)
        if start is None or guard.stopped:
            return
        end = _SCRIPT_END.search(content, start.end())
        at = end.end() if end else len(content)
        script = content[start.end() : end.start() if end else len(content)]
        if script.strip() and any(word in script.lower() for word in _DOES_SOMETHING):
            kind = Type.VBSCRIPT if b"vbs" in start[1].lower() else Type.JAVASCRIPT
            yield made(f"script {number}", script, guard, kind)


def _pages(content: bytes, small: bytes, guard: Guard) -> Iterator[Member]:
    if b"srcdoc" not in small:
        return
    for number, found in enumerate(_SRCDOC.finditer(content), 1):
        if guard.stopped or number > _MOST:
            return
        yield made(f"page {number}", without_entities(found[1] or found[2]), guard, Type.HTML)


def without_entities(text: bytes) -> bytes:
    """Return a text with the numbers of its characters, and the five names of XML, replaced by the characters."""
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[bytes]) -> bytes:
    if match[2]:
        return _NAMED[match[2].lower()]
    number = match[1].lower()
    value = int(number[1:], 16) if number.startswith(b"x") else int(number)
    return chr(value).encode("utf-8", "replace") if value < 0x110000 else match[0]
