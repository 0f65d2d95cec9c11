"""Scripts and other texts: what they hide in their strings, and files that are written into them."""

import codecs
from collections.abc import Iterator

from garrison.engine.formats import binhex, mime_codings, uuencode
from garrison.engine.formats.deobfuscate import ROUNDS, Found, one_round
from garrison.engine.formats.opener import Member, Opener, collect
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type
from garrison.engine.writing import is_wide

_MOST_BYTES = 4 << 20
_PIECE = 16 * 1024


def opener(kind: Type) -> Opener:
    """Return the opener for scripts in a language; TEXT stands for any."""

    def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # openers get the name
        """Yield the decoded text, and what was hidden in it. Raises OSError."""
        content = source.read_at(0, guard.limits.object_bytes)
        plain = narrow(content)
        if plain is not None:
            yield made("text", plain, guard, kind)
            return
        if kind is Type.TEXT:
            yield from _written_in(content, guard)
        if not guard.stopped:
            yield from decoded(content[:_MOST_BYTES], guard, kind)

    return members


def narrow(content: bytes) -> bytes | None:
    """Return a text in UTF-16 as UTF-8, so that patterns and rules see it; None for any other."""
    if b"\x00" not in content[:64] or not is_wide(content[:4096]):
        return None
    is_big = content.startswith(b"\xfe\xff") or (content[0] == 0 and not content.startswith(b"\xff\xfe"))
    decode = codecs.utf_16_be_decode if is_big else codecs.utf_16_le_decode
    text, _ = decode(content, "replace", True)
    return text.removeprefix("\ufeff").encode("utf-8", "replace")


def decoded(content: bytes, guard: Guard, kind: Type) -> Iterator[Member]:
    """Yield a script as its language would see it, when that differs, and the objects that were hidden in it."""
    found = Found(content)
    try:
        for _ in range(ROUNDS):
            guard.check()
            if not one_round(found, kind) or len(found.text) > 2 * _MOST_BYTES:
                break
    except Incomplete as reason:
        yield Member((), None, reason.remark)
        return
    if found.text != content:
        yield made("decoded", found.text, guard, kind)
    for number, hidden in enumerate(found.objects, 1):
        if guard.stopped:
            return
        pieces = mime_codings.plain_pieces(hidden, guard)
        yield collect((f"(hidden {number})",), pieces, guard, is_derived=True)


def made(name: str, content: bytes, guard: Guard, kind: Type) -> Member:
    """Return a text that the engine made, counted piece by piece."""
    pieces = mime_codings.plain_pieces(content, guard, _PIECE)
    return collect((f"({name})",), pieces, guard, kind=kind, is_derived=True)


def _written_in(content: bytes, guard: Guard) -> Iterator[Member]:
    if b"\nbegin" in content:
        yield from uuencode.files(content, guard)
    if not guard.stopped and binhex.MARK in content:
        yield from binhex.files(content, guard)
    if not guard.stopped and b"=ybegin " in content:
        yield from mime_codings.yenc_files(content, guard)
