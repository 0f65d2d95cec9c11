"""BinHex 4.0: RFC 1741, 4 and appendix A; both forks of a Macintosh file."""

import binascii
import re
from collections.abc import Iterator

from garrison.engine.formats.mime_codings import plain_pieces
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Member, clean_name, collect, part_name
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

MARK = b"(This file must be converted with BinHex"
_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TABLE = bytes.maketrans(_LETTERS, _BASE64)
_OTHERS = bytes(set(range(256)) - set(_LETTERS))
_START = re.compile(rb"[\r\n]\s{0,64}:")
_PIECE = 64 * 1024
_RUN = re.compile(rb"\x90(.)", re.DOTALL)


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files' forks. Raises OSError."""
    yield from files(source.read_at(0, guard.limits.object_bytes * 3 // 2), guard)


def files(content: bytes, guard: Guard) -> Iterator[Member]:
    """Yield what is encoded somewhere in a text."""
    at = content.find(MARK)
    while at >= 0 and not guard.stopped:
        start = _START.search(content, at)
        if start is None:
            return
        stop = content.find(b":", start.end())
        stop = stop if stop >= 0 else len(content)
        yield from _forks(content[start.end() : stop], guard)
        at = content.find(MARK, stop)


def _forks(text: bytes, guard: Guard) -> Iterator[Member]:
    reader = _Reader(_expanded(text, guard))
    try:
        length = reader.exactly(1)[0]
        name = clean_name(reader.exactly(length)) or "content"
        header = reader.exactly(21)
    except Incomplete as reason:
        if not guard.stopped:
            yield Member((), None, CORRUPT)
        else:
            yield Member((), None, reason.remark)
        return
    sizes = int.from_bytes(header[11:15], "big"), int.from_bytes(header[15:19], "big")
    for fork, size in zip((name, part_name(name, "resource fork")), sizes, strict=True):
        if fork != name and (not size or guard.stopped):
            return
        yield collect((fork,), reader.run(size), guard)
        if reader.is_over:
            return
        try:
            reader.exactly(2)  # a checksum
        except Incomplete:
            return


def _expanded(text: bytes, guard: Guard) -> Iterator[bytes]:
    """Yield the bytes, with runs of equal ones written out. Raises Incomplete at a limit."""
    last, carried, packed = b"", b"", b""
    for at in range(0, len(text), _PIECE):
        letters = carried + text[at : at + _PIECE].translate(_TABLE, _OTHERS)
        cut = len(letters) // 4 * 4 if at + _PIECE < len(text) else len(letters) - (len(letters) % 4 == 1)
        carried = letters[cut:]
        packed += binascii.a2b_base64(letters[:cut] + b"=" * (-cut % 4))
        out: list[bytes] = []
        done = 0
        for run in _RUN.finditer(packed):
            if run.start() > done:
                out.append(packed[done : run.start()])
                last = packed[run.start() - 1 : run.start()]
            done = run.end()
            if not run[1][0]:
                last = b"\x90"
                out.append(last)
            else:
                out.append(last * (run[1][0] - 1))
        stop = len(packed) - packed.endswith(b"\x90") if done < len(packed) else done
        out.append(packed[done:stop])
        last = packed[stop - 1 : stop] if stop > done else last
        packed = packed[stop:]
        yield from plain_pieces(b"".join(out), guard)


class _Reader:
    """Takes counted bytes out of pieces. is_over: whether they ended before what was asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""
        self.is_over = False

    def exactly(self, count: int) -> bytes:
        return b"".join(self.run(count))

    def run(self, count: int) -> Iterator[bytes]:
        while count > 0:
            piece = self._left or next(self._pieces, b"")
            if not piece:
                self.is_over = True
                raise Incomplete(TOO_SHORT)
            used, self._left = piece[:count], piece[count:]
            count -= len(used)
            yield used
