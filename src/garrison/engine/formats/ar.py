"""The ar format: System V and GNU names, BSD names; static libraries and Debian packages (deb(5)) are such.

ar(5) of FreeBSD and binutils' ar.h: each member has a header of 60 bytes in text, and begins at an even offset.
"""

from collections.abc import Iterator

from garrison.engine.formats.opener import Listed, Member, clean_name, collect, stored
from garrison.engine.formats.reading import told
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_MAGIC = b"!<arch>\n"
_HEADER = 60
_END = b"`\n"
_NAMES_BYTES = 4 * 1024 * 1024  # of the table of long names
_NAME_BYTES = 64 * 1024  # of a BSD name before the data
_SYMBOLS = frozenset({b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED", b"__.SYMDEF_64"})


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the members; tables of symbols and of names are left out. Raises OSError."""
    return told(_Reader(source, guard).members())


class _Reader:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self._names = b""
        self._count = 0

    def members(self) -> Iterator[Member]:
        at = len(_MAGIC)
        while at < self._source.size:
            self._guard.check()
            header = self._source.read_at(at, _HEADER)
            size = _number(header[48:58])
            if len(header) < _HEADER or header[58:] != _END or size < 0:
                if header.strip(b"\n\x00"):
                    yield Member((), None, f"damaged after member {self._count}")
                return
            at += _HEADER
            yield from self._entry(header[:16].rstrip(b" "), at, size)
            at += size + size % 2

    def _entry(self, field: bytes, at: int, size: int) -> Iterator[Member]:
        if field == b"//":
            self._names = self._source.read_at(at, min(size, _NAMES_BYTES))
            return
        name = self._long_name(field)
        if field.startswith(b"#1/"):
            length = min(max(_number(field[3:]), 0), size, _NAME_BYTES)
            name = self._source.read_at(at, length).rstrip(b"\x00")
            at += length
            size -= length
        if name in _SYMBOLS:
            return
        self._count += 1
        text = clean_name(name.removesuffix(b"/") or field)
        listed = Listed(text, size, size, position=self._count)
        yield collect((text,), stored(self._source, at, size, self._guard), self._guard, listed=listed)

    def _long_name(self, field: bytes) -> bytes:
        """Return the name that a field holds, or that it points to ("/123") in the table of names."""
        start = _number(field[1:]) if field.startswith(b"/") and len(field) > 1 else -1
        if not 0 <= start < len(self._names):
            return field
        end = self._names.find(b"\n", start, start + _NAME_BYTES)
        name = self._names[start : end if end >= 0 else start + _NAME_BYTES]
        return name.split(b"\x00", 1)[0]  # programs from Microsoft end names with a zero


def _number(field: bytes) -> int:
    digits = field.strip(b" ")
    return int(digits) if digits.isdigit() and len(digits) < 20 else -1
