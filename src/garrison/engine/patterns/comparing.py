"""Comparisons of bytes in an object with figures (ClamAV's byte compare)."""

from typing import Any

_BLANKS = b" \t\n\v\f\r"


def compares(content: bytes, start: int, wanted: list[Any]) -> bool:
    """Return whether a figure in the object is as wanted.

    start: where the part that the comparison refers to lies. wanted: distance from there, kind (h, d, a: text in base
    16, 10, either; i: binary), whether little endian, whether all bytes have to be digits, length, comparisons.
    """
    distance, kind, is_little, is_exact, length, comparisons = wanted
    at = start + distance
    if at < 0 or at + length > len(content):
        return False
    raw = content[at : at + length]
    if kind == "i":
        value: int | None = int.from_bytes(raw, "little" if is_little else "big")
    else:
        value = _figure(raw, kind, is_little=is_little, is_exact=is_exact)
    return value is not None and all(_holds(value, *each) for each in comparisons)


def _figure(raw: bytes, kind: str, *, is_little: bool, is_exact: bool) -> int | None:
    text = raw.strip(_BLANKS).lower()
    base = 10 if kind == "d" else 16
    if kind == "a":
        base = 16 if text.startswith(b"0x") else 10
    if base == 16:
        text = text.removeprefix(b"0x")
        if is_little:
            padded = text.zfill(len(text) + len(text) % 2)
            text = b"".join(padded[at : at + 2] for at in range(len(padded) - 2, -1, -2))
    digits = b"0123456789abcdef"[:base]
    length = len(text) - len(text.lstrip(digits))
    if length == 0 or (is_exact and length != len(text)):
        return None
    return int(text[:length], base)


def _holds(value: int, how: str, figure: int) -> bool:
    if how == "=":
        return value == figure
    return value > figure if how == ">" else value < figure
