"""The objects of a PDF: ISO 32000-1:2008, 7.3. Found by scanning; the table of their places may say anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.pdf_filters import Parameters, names

_HEADER = re.compile(rb"(\d{1,10})[\s\x00]{1,8}(\d{1,5})[\s\x00]{0,8}$")
_HEADER_BYTES = 32
_END = re.compile(rb"endobj|(?<!end)stream(?:\r\n|\n|\r)")
_LENGTH = re.compile(rb"/Length[\s\x00]{0,8}(\d{1,10})(?![\s\x00]{1,8}\d{1,10}[\s\x00]{1,8}R)")
_FILTER = re.compile(rb"/(?:Filter|F)[\s\x00]{0,8}(\[[^\]]{0,400}\]|/[^\s/<>\[\]()%\x00]{1,40})")
_NUMBERS = re.compile(rb"/(Predictor|Colors|BitsPerComponent|Columns|EarlyChange|First)[\s\x00]{0,8}(\d{1,7})")
_ESCAPED = re.compile(rb"\\(\r\n|[0-7]{1,3}|[\s\S])")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_BRACKET = re.compile(rb"\\[\s\S]|[()]")
_NOT_HEX = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))
_MOST_INNER = 100_000
_HEAD_BYTES = 8 * 1024 * 1024  # of an object without a stream


@dataclass(frozen=True, slots=True)
class Object:
    """An object. head: all before its stream. start, end: of the stream's bytes, -1 when it has none.

    is_inner: whether it was in a stream of objects, so that its texts are not encrypted once more.
    """

    number: int
    generation: int
    head: bytes
    start: int = -1
    end: int = -1
    is_whole: bool = True
    is_inner: bool = False


def scan(content: bytes) -> Iterator[Object]:
    """Yield the objects of a file, in their order. Linear in its size."""
    at = content.find(b"obj")
    while at >= 0:
        header = _HEADER.search(content, max(0, at - _HEADER_BYTES), at)
        if header is None:
            at = content.find(b"obj", at + 3)
            continue
        found = _object(content, at + 3, int(header[1]), int(header[2]))
        yield found
        behind = at + 3 + len(found.head) if found.start < 0 else found.end
        at = content.find(b"obj", max(behind, at + 3))


def _object(content: bytes, at: int, number: int, generation: int) -> Object:
    end = _END.search(content, at)
    if end is None:
        return Object(number, generation, content[at : at + _HEAD_BYTES])
    head = content[at : end.start()]
    if end[0] == b"endobj":
        return Object(number, generation, head[:_HEAD_BYTES])
    stop, is_whole = _stream_end(content, end.end(), head)
    return Object(number, generation, head[:_HEAD_BYTES], end.end(), stop, is_whole)


def _stream_end(content: bytes, start: int, head: bytes) -> tuple[int, bool]:
    """Return where a stream ends: where its length says, when that is true, else at the next word for it."""
    length = _LENGTH.search(head)
    if length is not None:
        stop = start + int(length[1])
        if b"endstream" in content[stop : stop + 16]:
            return stop, True
    stop = content.find(b"endstream", start)
    if stop < 0:
        return len(content), False
    if content[stop - 2 : stop] == b"\r\n" and stop - 2 >= start:
        return stop - 2, True
    return (stop - 1 if content[stop - 1 : stop] in {b"\n", b"\r"} and stop > start else stop), True


def filters(head: bytes) -> tuple[bytes, ...]:
    """Return the filters of a stream, from the outside in."""
    match = _FILTER.search(head)
    return names(match[1]) if match else ()


def parameters(head: bytes) -> Parameters:
    """Return what the filters are told. With several, the one that has a predictor is meant."""
    if b"Decode" not in head and b"/DP" not in head:
        return Parameters()
    found = _numbers(head)
    return Parameters(
        found.get(b"Predictor", 1),
        found.get(b"Colors", 1),
        found.get(b"BitsPerComponent", 8),
        found.get(b"Columns", 1),
        found.get(b"EarlyChange", 1),
    )


def _numbers(head: bytes) -> dict[bytes, int]:
    """Return the numbers that matter, by their names; of several of a name the first."""
    return {match[1]: int(match[2]) for match in reversed(list(_NUMBERS.finditer(head)))}


def inner_objects(content: bytes, head: bytes) -> Iterator[Object]:
    """Yield the objects in an unpacked stream of objects (7.5.7)."""
    start = _numbers(head).get(b"First", 0)
    numbers = [int(word) for word in content[:start].split()[: 2 * _MOST_INNER] if word.isdigit() and len(word) <= 10]
    places = sorted(zip(numbers[1::2], numbers[::2], strict=False))
    ends = [*(place for place, _ in places[1:]), len(content)]
    for (place, number), end in zip(places, ends, strict=False):
        yield Object(number, 0, content[start + place : start + end], is_inner=True)


def text_at(head: bytes, at: int) -> tuple[bytes, int]:
    """Return the text that begins at an offset, in brackets or as hexadecimal digits (7.3.4), and where it ends."""
    first = head[at : at + 1]
    if first == b"<" and head[at + 1 : at + 2] != b"<":
        end = head.find(b">", at)
        end = end if end >= 0 else len(head)
        digits = head[at + 1 : end].translate(None, _NOT_HEX)
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii")), end
    if first != b"(":
        return b"", at
    depth = 0
    end = len(head)
    for match in _BRACKET.finditer(head, at):
        depth += {b"(": 1, b")": -1}.get(match[0], 0)
        if depth == 0:
            end = match.start()
            break
    body = head[at + 1 : end]
    return (_ESCAPED.sub(_unescaped, body) if b"\\" in body else body), end


def _unescaped(match: "re.Match[bytes]") -> bytes:
    escape = match[1]
    if escape[:1].isdigit() and escape[0] < 0x38:
        return bytes((int(escape, 8) & 255,))
    return _PLAIN.get(escape, escape)


def readable(text: bytes) -> bytes:
    """Return a text in UTF-8 when it says to be UTF-16 (7.9.2.2), else as it is."""
    if text.startswith((b"\xfe\xff", b"\xff\xfe")):
        return text.decode("utf-16", "replace").encode("utf-8", "replace")
    return text.removeprefix(b"\xef\xbb\xbf")
