"""Windows Installer packages: compound files whose names of streams are packed.

Two characters of an alphabet of 64 are one of UTF-16 from U+3800 on, one is from U+4800 on; U+4840 begins the name of a
table. Source: the MSI format as the packages themselves show it, and Wine's documentation of it.
"""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
_TWO, _ONE, _TABLE = 0x3800, 0x4800, 0x4840


def unpacked_name(name: str) -> str:
    """Return the name of a stream as the package means it; other names come back as they are."""
    if not any(_TWO <= ord(char) <= _TABLE for char in name):
        return name
    return "".join(map(_unpacked, name))


def _unpacked(char: str) -> str:
    point = ord(char)
    if _TWO <= point < _ONE:
        point -= _TWO
        return _ALPHABET[point & 63] + _ALPHABET[point >> 6]
    if _ONE <= point < _TABLE:
        return _ALPHABET[point - _ONE]
    return "!" if point == _TABLE else char
