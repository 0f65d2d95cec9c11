"""Comparisons of bytes in an object with figures (ClamAV's byte compare), to the letter of what clamscan does."""

import re
from typing import Any, Final

_BLANKS: Final = b" \t\n\v\f\r"
_NUMBER = {10: re.compile(rb"[ \t-\r]*([+-]?)(\d*)"), 16: re.compile(rb"[ \t-\r]*([+-]?)(?:0[xX])?([0-9a-fA-F]*)")}
_HIGHEST: Final = (1 << 63) - 1


def compares(content: bytes, start: int, wanted: list[Any]) -> bool:
    """Return whether a figure in the object is as wanted.

    start: where the part that the comparison refers to lies. wanted: distance from there, kind (h, d, a: text in base
    16, 10, either; i: binary), order (l, b, or "": only decimal figures have one then), whether all bytes have to be
    digits, length, comparisons. As in clamscan nothing at offset 0 is compared, and text without digits is 0.
    """
    distance, kind, order, is_exact, length, comparisons = wanted
    at = start + distance
    if at <= 0 or at + length > len(content):
        return False
    raw = content[at : at + length]
    if kind == "i":
        figure = _binary(raw, order)
        return figure is not None and all(_holds(figure, *each) for each in comparisons)
    value = _figure(raw, kind, "b" if kind == "d" else order, is_exact=is_exact)
    return value is not None and all(_holds(value, *each) for each in comparisons)


def _binary(raw: bytes, order: str) -> int | None:
    if not order:
        return None
    return int.from_bytes(raw, "little" if order == "l" else "big", signed=len(raw) == 8)


def _figure(raw: bytes, kind: str, order: str, *, is_exact: bool) -> int | None:
    text = raw.lstrip(_BLANKS)
    is_padded = len(text) != len(raw)
    if kind == "a":
        if len(text) < 3:
            return None
        kind = "h" if text[:2] in {b"0x", b"0X"} else "d"
    if not order or (kind == "d" and order == "l"):
        return None
    digits = _turned(text) if order == "l" else text
    value, end = _number(digits, 16 if kind == "h" else 10)
    if value is None or (is_exact and (end != len(text) or is_padded)):
        return None
    return value


def _number(text: bytes, base: int) -> tuple[int | None, int]:
    """Return what C's strtol reads, and where it ends; None for a number that is too large."""
    told = _NUMBER[base].match(text)
    if told is None or not told[2]:
        return 0, 0
    value = int(told[2], base)
    if value > _HIGHEST:
        return None, told.end()
    return (-value if told[1] == b"-" else value), told.end()


def _turned(text: bytes) -> bytes:
    """Return hexadecimal text with its bytes in the other order."""
    if len(text) == 1:
        return text
    is_marked = len(text) > 2 and text[:2] in {b"0x", b"0X"}
    if len(text) % 2:
        text = b"x00" + text[2:] if is_marked else b"0" + text
    elif is_marked:
        text = b"x" + text[1:]
    turned = bytearray(b"0" * len(text))
    for at in range(0, len(text), 2):
        pair = text[len(text) - at - 2 : len(text) - at]
        if not _is_digit(pair[0]):
            turned = bytearray(b"0" * len(text))
            continue
        turned[at] = pair[0]
        if _is_digit(pair[1]):
            turned[at + 1] = pair[1]
        else:
            turned = bytearray(b"0" * len(text))
    return bytes(turned)


def _is_digit(byte: int) -> bool:
    return byte in b"0123456789abcdefABCDEFxX"


def _holds(value: int, how: str, figure: int) -> bool:
    if how == "=":
        return value == figure
    return value > figure if how == ">" else value < figure
