"""Text for people: sentences with values, names that may be any bytes, sizes, counts.

A sentence is put together in English where it is written and in the reader's language where it is read. So that nothing
in between has to know, it travels as an ordinary text that remembers what it was made of.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

_STEPS = ("KiB", "MiB", "GiB", "TiB", "PiB")


class Message(str):
    """An English sentence that remembers its original with {names}, and the values for them.

    many: the original for any other number than one, "" where it does not depend on a number, which is then `number`.
    """

    __slots__ = ("many", "number", "original", "values")

    original: str
    many: str
    number: int
    values: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """Return what a reader's language needs of it, as JSON holds it."""
        told: dict[str, Any] = {"text": self.original, "values": plain_values(self.values)}
        return {**told, "many": self.many, "count": self.number} if self.many else told


class Size(str):
    """A number of bytes in English that remembers the number."""

    __slots__ = ("bytes",)

    bytes: int

    def plain(self) -> dict[str, Any]:
        """Return what a reader's language needs of it, as JSON holds it."""
        return {"bytes": self.bytes}


def message(original: str, values: Mapping[str, Any], many: str = "", count: int = 1) -> Message:
    """Return a sentence with its values filled in; a missing value shows as its name.

    many: the original for any other count than one; {count} in either shows the count.
    """
    if many:
        values = {**values, "count": count}
    chosen = many if many and count != 1 else original
    made = Message(chosen.format_map(_Filled({**values, "count": f"{count:,}"} if many else values)))
    made.original, made.many, made.number, made.values = original, many, count, values
    return made


def phrase(original: str, /, **values: Any) -> Message:
    """Return a part of a sentence that can be translated by itself, with its values filled in."""
    return message(original, values)


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sentence's values as JSON holds them, those that are sentences or sizes with what they were made of."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Message | Size):
        return value.plain()
    return value if value is None or isinstance(value, str | int | float | bool | dict | list) else str(value)


class _Filled(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def printable(untrusted: str) -> str:
    """Return a name that is safe on a terminal and a page.

    File names may hold control characters, direction overrides and bytes that are no UTF-8 (as surrogates, PEP 383);
    each is shown as an escape, so that a name can neither move the cursor nor pose as another name.
    """
    return untrusted if untrusted.isprintable() else "".join(_escape(char) for char in untrusted)


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    point = ord(char)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{point - 0xDC00:02x}"
    if unicodedata.category(char) == "Zs":
        return " "
    if point < 0x10000:
        return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"
    return f"\\U{point:08x}"


def size(count: int) -> Size:
    """Return a number of bytes as people write it: 512 bytes, 3.4 MiB."""
    if count < 1024:
        made = Size(plural(count, "byte", "bytes"))
    else:
        power = min((count.bit_length() - 1) // 10, len(_STEPS))
        made = Size(f"{count / 1024**power:.1f} {_STEPS[power - 1]}")
    made.bytes = count
    return made


def plural(count: int, one: str, many: str) -> Message:
    """Return the count with its noun: 1 file, 2 files."""
    return message("{count} " + one, {}, "{count} " + many, count)
