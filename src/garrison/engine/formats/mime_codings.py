"""How mails encode content: RFC 2045, 6; yEnc 1.3. Read as tolerantly as mail programs do."""

import binascii
import re
from collections.abc import Iterator

from garrison.engine.formats.opener import Member, clean_name, collect
from garrison.engine.guard import Guard

_PIECE = 256 * 1024
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHERS = bytes(set(range(256)) - set(_LETTERS) - {0x3D})
_YENC_BEGIN = re.compile(rb"^=ybegin [^\r\n]{0,1000}\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?", re.MULTILINE)
_YENC_NAME = re.compile(rb" name=([^\r\n]{1,1000})")
_YENC_SHIFT = bytes((value - 42) % 256 for value in range(256))
_YENC_ESCAPE = re.compile(rb"=([^\r\n])", re.DOTALL)


def decode_base64(text: bytes) -> bytes:
    """Return what base64 says: anything foreign is left out, and padding in the middle begins a new run."""
    clean = text.translate(None, _OTHERS)
    if b"=" not in clean.rstrip(b"="):
        return _run(clean.rstrip(b"="))
    return b"".join(_run(run) for run in re.findall(rb"[^=]+", clean))


def _run(letters: bytes) -> bytes:
    rest = len(letters) % 4
    if rest == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def base64_pieces(text: bytes, guard: Guard) -> Iterator[bytes]:
    """Yield base64 decoded, in counted pieces. Raises Incomplete at a limit."""
    carried = b""
    for at in range(0, len(text), _PIECE):
        clean = carried + text[at : at + _PIECE].translate(None, _OTHERS)
        cut = clean.rfind(b"=") + 1
        cut += (len(clean) - cut) // 4 * 4
        carried = clean[cut:]
        yield _counted(decode_base64(clean[:cut]), guard)
    if carried:
        yield _counted(decode_base64(carried), guard)


def quoted_pieces(text: bytes, guard: Guard) -> Iterator[bytes]:
    """Yield quoted-printable decoded, in counted pieces. Raises Incomplete at a limit."""
    at = 0
    while at < len(text):
        stop = text.find(b"\n", at + _PIECE, at + 2 * _PIECE) + 1 or at + _PIECE
        yield _counted(binascii.a2b_qp(text[at:stop]), guard)
        at = stop


def plain_pieces(text: bytes, guard: Guard, most: int = _PIECE) -> Iterator[bytes]:
    """Yield bytes as they are, in counted pieces. Raises Incomplete at a limit."""
    for at in range(0, len(text), most):
        yield _counted(text[at : at + most], guard)


def _counted(piece: bytes, guard: Guard) -> bytes:
    guard.grew(len(piece))
    return piece


def yenc_files(content: bytes, guard: Guard) -> Iterator[Member]:
    """Yield the files in yEnc that are somewhere in a text."""
    at = 0
    while b"=ybegin " in content and not guard.stopped:
        begin = _YENC_BEGIN.search(content, at)
        if begin is None:
            return
        stop = content.find(b"\n=yend", begin.end() - 1)
        at = stop if stop >= 0 else len(content)
        name = _YENC_NAME.search(begin[0])
        yield collect(
            (clean_name(name[1].strip()) if name else "content",), _yenc(content[begin.end() : at], guard), guard
        )


def _yenc(text: bytes, guard: Guard) -> Iterator[bytes]:
    at = 0
    while at < len(text):
        stop = text.find(b"\n", at + _PIECE, at + 2 * _PIECE) + 1 or at + _PIECE
        piece = text[at:stop].replace(b"\r\n", b"").replace(b"\n", b"")
        if b"=" in piece:
            piece = _YENC_ESCAPE.sub(_escaped, piece)
        yield _counted(piece.translate(_YENC_SHIFT), guard)
        at = stop


def _escaped(match: re.Match[bytes]) -> bytes:
    return bytes(((match[1][0] - 64) % 256,))
