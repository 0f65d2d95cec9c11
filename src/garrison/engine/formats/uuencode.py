"""Files in uuencode, anywhere in a text: POSIX.1-2017, uuencode; also its variant in base64."""

import binascii
import re
from collections.abc import Iterator

from garrison.engine.formats.mime_codings import base64_pieces
from garrison.engine.formats.opener import TOO_SHORT, Member, clean_name, collect
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

MARK = b"begin"
_BEGIN = re.compile(rb"^begin(-base64)?[ \t]{1,8}[0-7]{3,4}[ \t]{1,8}([^\r\n]{0,1000})\r?\n", re.MULTILINE)
_PIECE = 64 * 1024
_LINE = 200  # what a line with 63 bytes needs, and blanks that mails add


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files. Raises OSError."""
    yield from files(source.read_at(0, guard.limits.object_bytes * 3 // 2), guard)


def files(content: bytes, guard: Guard) -> Iterator[Member]:
    """Yield the files that are encoded somewhere in a text."""
    at = 0
    while MARK in content and not guard.stopped:
        begin = _BEGIN.search(content, at)
        if begin is None:
            return
        reader = _Base64(content, begin.end(), guard) if begin[1] else _Lines(content, begin.end(), guard)
        yield collect((clean_name(begin[2].strip()) or "content",), reader.pieces(), guard)
        at = max(reader.end, begin.end())


class _Lines:
    """The lines of one file. end: where in the text they end, once the pieces were taken."""

    def __init__(self, content: bytes, start: int, guard: Guard) -> None:
        self._content = content
        self._guard = guard
        self.end = start

    def pieces(self) -> Iterator[bytes]:
        kept: list[bytes] = []
        size = 0
        is_ended = False
        for line in self._lines():
            if line[:3] == b"end":
                is_ended = True
                break
            part = _decoded(line)
            is_ended = line in {b"`", b" "}  # the end proper is often lost
            kept.append(part)
            size += len(part)
            if size >= _PIECE:
                yield self._counted(kept, size)
                kept, size = [], 0
        yield self._counted(kept, size)
        if not is_ended:
            raise Incomplete(TOO_SHORT)

    def _counted(self, kept: list[bytes], size: int) -> bytes:
        self._guard.grew(size)
        return b"".join(kept)

    def _lines(self) -> Iterator[bytes]:
        """Yield lines without their ends; a last one that is cut only as far as it is there."""
        content = self._content
        while self.end < len(content):
            stop = content.find(b"\n", self.end, self.end + _LINE)
            if stop < 0:
                line = content[self.end : self.end + _LINE]
                self.end += len(line)
                if len(line) < _LINE and line != b"end":
                    yield line[: 1 + (len(line) - 1) // 4 * 4] + b"\n"  # only what is whole
                elif line == b"end":
                    yield line
                return
            line = content[self.end : stop].rstrip(b"\r")
            self.end = stop + 1
            yield line


def _decoded(line: bytes) -> bytes:
    is_cut = line.endswith(b"\n")
    line = line.rstrip(b"\n")
    if not 0x20 <= (line[0] if line else 0) <= 0x60:
        return b""
    room = (len(line) - 1) * 3 // 4
    count = (line[0] - 0x20) & 0x3F
    try:
        part = binascii.a2b_uu(line[: 1 + (count + 2) // 3 * 4])
    except binascii.Error:
        return b""
    return part[:room] if is_cut else part


class _Base64:
    """As _Lines, for the variant in base64, which ends at a line of equal signs."""

    def __init__(self, content: bytes, start: int, guard: Guard) -> None:
        stop = content.find(b"\n====", start - 1)
        self._is_whole = stop >= 0
        self.end = stop if stop >= 0 else len(content)
        self._text = content[start : self.end]
        self._guard = guard

    def pieces(self) -> Iterator[bytes]:
        yield from base64_pieces(self._text, self._guard)
        if not self._is_whole:
            raise Incomplete(TOO_SHORT)
