"""The headers of mails and of their parts: RFC 5322, 2045, 2047, 2231; with what real and hostile programs write.

Where a header can be read in several ways, all of them count.
"""

import binascii
import re
from dataclasses import dataclass, field

from garrison.engine.formats.mime_codings import decode_base64
from garrison.engine.formats.opener import NAME_CHARS

HEADER_BYTES = 256 * 1024
_MOST_LINES = 2000
_FOLD = re.compile(rb"\r?\n[ \t]+")
_END = re.compile(rb"\r?\n[ \t]{0,1000}\r?\n")
_NONE = re.compile(rb"[ \t]{0,1000}\r?\n")
_PARAMETER = re.compile(
    rb"([a-z0-9_-]{1,40})(\*\d{1,3})?(\*)?\s{0,20}=\s{0,20}(\"(?:[^\"\\]|\\.)*\"?|[^\s;]*)", re.IGNORECASE
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_WORD = re.compile(rb"=\?([^?]{1,60})\?([bq])\?([^?]{0,1000})\?=", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(rb"\?=\s+=\?")
_PERCENT = re.compile(rb"%([0-9a-f]{2})", re.IGNORECASE)


@dataclass(slots=True)
class Headers:
    """What matters of a block of headers, in small letters.

    types: each media type that is named. encodings: each transfer encoding. boundaries: each that a multipart may have.
    name: of the file, "" when none is given. is_any: whether there was any header at all.
    """

    types: list[bytes] = field(default_factory=list)
    encodings: list[bytes] = field(default_factory=list)
    boundaries: list[bytes] = field(default_factory=list)
    name: str = ""
    is_any: bool = False


def read_headers(content: bytes, start: int) -> tuple[Headers, int]:
    """Return the headers that begin at an offset, and where the body begins."""
    found = Headers()
    none = _NONE.match(content, start)
    if none:
        return found, none.end()
    last = min(start + HEADER_BYTES, len(content))
    end = _END.search(content, start, last)
    body = end.end() if end else last
    text = _FOLD.sub(b" ", content[start : end.start() if end else last])
    for line in text.split(b"\n", _MOST_LINES)[:_MOST_LINES]:
        _take(line, found)
    return found, body


def _take(line: bytes, found: Headers) -> None:
    name, colon, value = line.partition(b":")
    if b"(" in name:
        name, colon, value = without_comments(line).partition(b":")
    if not colon:
        return
    found.is_any = True
    name = b"".join(name.split()).lower()
    if name == b"content-type":
        _content_type(value, found)
    elif name == b"content-transfer-encoding":
        for reading in _readings(value):
            _add(found.encodings, reading.strip().strip(b"\"';").lower())
    elif name == b"content-disposition":
        _names(value, found, (b"filename", b"name"))
    elif name in {b"content-name", b"content-description"} and not found.name:
        found.name = _decoded_words(value.strip())


def _content_type(value: bytes, found: Headers) -> None:
    for reading in _readings(value):
        _add(found.types, reading.partition(b";")[0].strip().strip(b"\"'").lower())
        for boundary in _parameters(reading, b"boundary"):
            _add(found.boundaries, boundary.rstrip())
    _names(value, found, (b"name", b"filename"))


def _names(value: bytes, found: Headers, keys: tuple[bytes, ...]) -> None:
    for key in keys:
        for given in _parameters(value, key):
            if not found.name:
                found.name = _decoded_words(given)


def _add(known: list[bytes], value: bytes) -> None:
    if value and value not in known and len(known) < 16:
        known.append(value)


def _readings(value: bytes) -> tuple[bytes, ...]:
    return (without_comments(value), value) if b"(" in value else (value,)


def without_comments(text: bytes) -> bytes:
    """Return a header without what stands in round brackets outside of quotes, nested ones too."""
    kept = bytearray()
    depth, is_quoted, is_escaped = 0, False, False
    for byte in text:
        if is_escaped:
            is_escaped = False
        elif byte == 0x5C:
            is_escaped = True
        elif byte == 0x22 and not depth:
            is_quoted = not is_quoted
        elif byte == 0x28 and not is_quoted:
            depth += 1
        elif byte == 0x29 and depth:
            depth -= 1
            continue
        if not depth:
            kept.append(byte)
    return bytes(kept)


def _parameters(value: bytes, wanted: bytes) -> list[bytes]:
    """Return each value of a parameter; one given in parts (RFC 2231, 3) is put together."""
    plain: list[bytes] = []
    parts: list[bytes] = []
    for key, part, star, given in _PARAMETER.findall(value):
        if key.lower() != wanted:
            continue
        if given.startswith(b'"'):
            given = _QUOTED_PAIR.sub(rb"\1", given[1:].removesuffix(b'"'))  # noqa: PLW2901 # the same, cleaned
        if star:
            given = _percent(given if part and part != b"*0" else given.rpartition(b"'")[2])  # noqa: PLW2901 # likewise
        (parts if part else plain).append(given)
    return [b"".join(parts), *plain] if parts else plain


def _percent(text: bytes) -> bytes:
    return _PERCENT.sub(lambda match: bytes((int(match[1], 16),)), text)


def _decoded_words(text: bytes) -> str:
    """Return a name as text: encoded words (RFC 2047) are decoded; bytes that are no UTF-8 become Latin-1."""
    out = _WORD.sub(_word, _BETWEEN_WORDS.sub(b"?==?", text[: 8 * NAME_CHARS]))
    try:
        name = out.decode("utf-8")
    except UnicodeDecodeError:
        name = out.decode("latin-1")
    return name[:NAME_CHARS]


def _word(match: re.Match[bytes]) -> bytes:
    charset, how, text = match[1].lower(), match[2].lower(), match[3]
    content = decode_base64(text) if how == b"b" else binascii.a2b_qp(text, header=True)
    return content if charset.startswith(b"utf-8") else content.decode("latin-1").encode("utf-8")
