"""The text of a compiled AutoIt script (EA06), from its words, numbers and signs.

From public descriptions (ClamAV's autoit.c, autoit-ripper): the number of lines, then items of a kind and a value; a
text is its length and UTF-16 letters, each XORed with the length.
"""

import struct

_SIGNS = dict(
    enumerate(
        (", ", " = ", " > ", " < ", " <> ", " >= ", " <= ", "(", ")", " + ", " - ", " / ", " * ", " & ", "[", "]",
         " == ", " ^ ", " += ", " -= ", " /= ", " *= ", " &= ", " ? ", " : "),
        0x40,
    )
)  # fmt: skip
_NUMBERS = {0x05: "<i", 0x10: "<q", 0x20: "<d"}
_WORDS = {
    0x30: ("", " "),
    0x31: ("", ""),
    0x32: ("@", ""),
    0x33: ("$", ""),
    0x34: ("", ""),
    0x35: (".", ""),
    0x37: ("", " "),
}
_TEXT, _LINE = 0x36, 0x7F


def script_text(content: bytes) -> bytes:
    """Return the script as UTF-8 text; what is text already comes back as it is, but without UTF-16."""
    if content.startswith(b"\xff\xfe"):
        return content[2:].decode("utf-16-le", "replace").encode("utf-8")
    if len(content) < 5 or content[4] not in _WORDS.keys() | {_TEXT, _LINE} | _NUMBERS.keys():
        return content
    text = _Items(content).text()
    return text.encode("utf-8", "replace") if text else content


class _Items:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 4

    def text(self) -> str:
        parts: list[str] = []
        while self._at < len(self._content):
            kind = self._content[self._at]
            self._at += 1
            part = self._item(kind)
            if part is None:
                break
            parts.append(part)
        return "".join(parts)

    def _item(self, kind: int) -> str | None:
        if kind in _SIGNS:
            return _SIGNS[kind]
        if kind == _LINE:
            return "\r\n"
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind == _TEXT:
            return '"' + self._letters().replace('"', '""') + '"'
        if kind in _WORDS:
            before, after = _WORDS[kind]
            return before + self._letters() + after
        return None

    def _number(self, layout: str) -> str | None:
        size = struct.calcsize(layout)
        run = self._content[self._at : self._at + size]
        self._at += size
        return str(struct.unpack(layout, run)[0]) if len(run) == size else None

    def _letters(self) -> str:
        length = int.from_bytes(self._content[self._at : self._at + 4], "little")
        run = self._content[self._at + 4 : self._at + 4 + 2 * length]
        self._at += 4 + 2 * length
        mask = (length & 0xFFFF).to_bytes(2, "little") * (len(run) // 2)
        plain = int.from_bytes(run[: len(mask)], "little") ^ int.from_bytes(mask, "little")
        return plain.to_bytes(len(mask), "little").decode("utf-16-le", "replace")
