"""Outlook's mails in a compound file: [MS-OXMSG] 2.1 to 2.3; the streams themselves are the compound file's opener's.

What only this format knows: the names of the attachments, and the texts as texts.
"""

from garrison.engine.formats.ole import Compound, wide
from garrison.engine.formats.opener import NAME_CHARS
from garrison.engine.type import Type

_LIST = "__properties_version1.0"
_STREAM = "__substg1.0_"
_DATA, _LONG_NAME, _NAME = "37010102", "3707", "3704"
_TEXTS = {"1000001F": ("(text)", Type.TEXT), "1013001F": ("(page)", Type.HTML)}


class Message:
    """What a compound file tells as one of Outlook's mails; of another it tells nothing."""

    def __init__(self, compound: Compound) -> None:
        self._compound = compound
        paths = {stream.path for stream in compound.streams()}
        self._paths = paths if _LIST in paths else set()

    def attached_as(self, path: str) -> str:
        """Return the name of the attachment that a stream is, "" when it is none. Raises OSError.

        The attachment's own folder gives it, the long name before the short one.
        """
        folder, _, last = path.rpartition(_STREAM)
        if last != _DATA or path not in self._paths:
            return ""
        for tag in (_LONG_NAME, _NAME):
            wide_name, narrow_name = f"{folder}{_STREAM}{tag}001F", f"{folder}{_STREAM}{tag}001E"
            if wide_name in self._paths:
                return _text(self._compound.read(wide_name, 4 * NAME_CHARS))[:NAME_CHARS] or "attachment"
            if narrow_name in self._paths:
                return self._compound.read(narrow_name, NAME_CHARS).decode("latin-1").rstrip("\x00") or "attachment"
        return "attachment"

    def text(self, path: str, content: bytes) -> tuple[str, bytes, Type] | None:
        """Return what a stream says to people: its title in brackets, UTF-8, and type; None when it is no text."""
        last = path.rpartition(_STREAM)[2]
        if last not in _TEXTS or path not in self._paths:
            return None
        title, kind = _TEXTS[last]
        return title, _text(content).encode("utf-8", "replace"), kind


def _text(content: bytes) -> str:
    return wide(content).rstrip("\x00")
