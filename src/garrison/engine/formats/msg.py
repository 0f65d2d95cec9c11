"""Outlook's mails in a compound file: [MS-OXMSG] 2.1 to 2.3; the streams themselves are the compound file's opener's.

What only this format knows: the names of the attachments, and the texts as texts.
"""

import codecs
from collections.abc import Iterator

from garrison.engine.formats.mime_codings import plain_pieces
from garrison.engine.formats.ole import Compound
from garrison.engine.formats.opener import NAME_CHARS, Member, collect
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from garrison.engine.type import Type

_LIST = "__properties_version1.0"
_STREAM = "__substg1.0_"
_DATA, _LONG_NAME, _NAME = "37010102", "3707", "3704"
_TEXTS = {"1000001F": ("(text)", Type.TEXT), "1013001F": ("(page)", Type.HTML)}


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the attachments under their own names, and the texts; nothing for other compound files. Raises OSError."""
    compound = Compound(source)
    paths = [stream.path for stream in compound.streams()]
    if _LIST not in paths:
        return
    known = set(paths)
    for path in paths:
        folder, _, last = path.rpartition(_STREAM)
        if last == _DATA:
            yield _attachment(compound, path, _given_name(compound, folder, known), guard)
        elif last in _TEXTS:
            title, kind = _TEXTS[last]
            text = _wide(compound.read(path, guard.limits.object_bytes))
            yield collect(
                (title,), plain_pieces(text.encode("utf-8", "replace"), guard), guard, kind=kind, is_derived=True
            )
        if guard.stopped:
            return


def _attachment(compound: Compound, path: str, given: str, guard: Guard) -> Member:
    content = compound.read(path, guard.limits.object_bytes)
    return collect((given or "attachment",), plain_pieces(content, guard), guard)


def _given_name(compound: Compound, folder: str, known: set[str]) -> str:
    """Return the name that an attachment's own folder gives it, the long one before the short one."""
    for tag in (_LONG_NAME, _NAME):
        wide, narrow = f"{folder}{_STREAM}{tag}001F", f"{folder}{_STREAM}{tag}001E"
        if wide in known:
            return _wide(compound.read(wide, 4 * NAME_CHARS))[:NAME_CHARS]
        if narrow in known:
            return compound.read(narrow, NAME_CHARS).decode("latin-1").rstrip("\x00")
    return ""


def _wide(content: bytes) -> str:
    return codecs.utf_16_le_decode(content, "replace", True)[0].rstrip("\x00")
