"""Text for people: names that may be any bytes, sizes, counts."""

import unicodedata

_STEPS = ("KiB", "MiB", "GiB", "TiB", "PiB")


def printable(untrusted: str) -> str:
    """Return a name that is safe on a terminal and a page.

    File names may hold control characters, direction overrides and bytes that are no UTF-8 (as surrogates, PEP 383);
    each is shown as an escape, so that a name can neither move the cursor nor pose as another name.
    """
    return "".join(_escape(char) for char in untrusted)


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


def size(count: int) -> str:
    """Return a number of bytes as people write it: 512 bytes, 3.4 MiB."""
    if count < 1024:
        return plural(count, "byte", "bytes")
    power = min((count.bit_length() - 1) // 10, len(_STEPS))
    return f"{count / 1024**power:.1f} {_STEPS[power - 1]}"


def plural(count: int, one: str, many: str) -> str:
    """Return the count with its noun: 1 file, 2 files."""
    return f"{count:,} {one if count == 1 else many}"
