"""The tar format in all its dialects: v7, ustar, pax (POSIX.1-2017, pax), GNU (GNU tar manual, "Basic Tar Format").

An own reader, because it must read forward from a stream, stop at any damage with what came before, and take no length
in a header at its word.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from garrison.engine.formats.forward import Forward, ForwardSource
from garrison.engine.formats.opener import TOO_SHORT, Listed, Member, clean_name, collect
from garrison.engine.formats.sparse import Sparse, expand, map_in_data, map_of_gnu, map_of_pax
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import is_tar
from garrison.engine.source import Source

BLOCK = 512
_LONG_BYTES = 64 * 1024  # of a GNU long name
_PAX_BYTES = 1024 * 1024  # of one pax header
_NO_CONTENT = frozenset(b"123456V")  # links, devices, folders, labels
_BIG = 1 << 62


@dataclass(slots=True)
class _Notes:
    """What the headers before an entry say about it."""

    name: bytes = b""
    pax: list[tuple[bytes, bytes]] = field(default_factory=list)

    def pax_value(self, key: bytes) -> bytes:
        """Return the last value of a pax record, or b""."""
        return next((value for known, value in reversed(self.pax) if known == key), b"")


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside. Raises OSError."""
    return read(ForwardSource(source, guard))


def read(stream: Forward) -> Iterator[Member]:
    """Yield the files in a tar that is read forward; folders, links and devices have no content and are left out.

    Raises OSError.
    """
    return _Reader(stream).members()


class _Reader:
    def __init__(self, stream: Forward) -> None:
        self._stream = stream
        self._notes = _Notes()
        self._count = 0
        self._is_damaged = False

    def members(self) -> Iterator[Member]:
        while True:
            block = self._stream.read(BLOCK)
            if len(block) < BLOCK:
                break
            if not block[0] and not block.strip(b"\x00"):
                continue  # the end, unless another tar was appended
            if not is_tar(block):
                yield from self._lost()
                continue
            yield from self._entry(block)
            if self._stream.guard.stopped or self._stream.remark:
                break
        yield from self._end(block)

    def _lost(self) -> Iterator[Member]:
        """Say once that a header is damaged; the reading goes on block by block until one is sound again."""
        if not self._is_damaged:
            self._is_damaged = True
            yield Member((), None, f"damaged after member {self._count}")
        if self._stream.guard.stopped:
            return
        try:
            self._stream.guard.check()
        except Incomplete as reason:
            self._stream.remark = reason.remark

    def _end(self, block: bytes) -> Iterator[Member]:
        if self._stream.guard.stopped:
            yield Member((), None, self._stream.guard.stopped)
        elif self._stream.remark.startswith("limit"):
            yield Member((), None, self._stream.remark)
        elif not self._is_damaged and (self._stream.remark or 0 < len(block) < BLOCK):
            yield Member((), None, f"damaged after member {self._count}")

    def _entry(self, block: bytes) -> Iterator[Member]:
        kind = block[156]
        size = _number(block[124:136])
        if kind in b"xgXLK":
            self._note(kind, size)
            return
        notes, self._notes = self._notes, _Notes()
        pax_size = notes.pax_value(b"size")
        if pax_size.isdigit() and len(pax_size) < 20:
            size = int(pax_size)
        name = _name(block, notes)
        if kind in _NO_CONTENT or (name.endswith("/") and not size):  # v7 had no type for folders
            return
        self._count += 1
        sparse = map_of_gnu(block, self._stream) if kind == ord("S") else map_of_pax(notes.pax)
        end = self._stream.at + size
        yield self._file(name, size, sparse)
        missing = max(0, end - self._stream.at)
        if self._stream.skip(missing + -size % BLOCK) < missing and not self._stream.remark:
            self._stream.remark = TOO_SHORT

    def _note(self, kind: int, size: int) -> None:
        """Keep what a header for the next entry says: GNU long name, pax records (global ones name no file)."""
        most = _PAX_BYTES if kind in b"xX" else _LONG_BYTES
        kept = self._stream.read(min(size, most)) if kind in b"xXL" else b""
        missing = size - len(kept)
        if self._stream.skip(missing + -size % BLOCK) < missing and not self._stream.remark:
            self._stream.remark = TOO_SHORT
        if kind == ord("L"):
            self._notes.name = kept.split(b"\x00", 1)[0]
        elif kind in b"xX":
            self._notes.pax = _pax_records(kept)

    def _file(self, name: str, size: int, sparse: Sparse | None) -> Member:
        data = self._data(size)
        if sparse is not None:
            data = self._sparse(sparse, data)
        listed = Listed(name, size, size, position=self._count)
        return collect((name,), data, self._stream.guard, listed=listed)

    def _data(self, size: int) -> Iterator[bytes]:
        got = 0
        for piece in self._stream.run(size):
            got += len(piece)
            yield piece
        if self._stream.remark or got < size:
            raise Incomplete(self._stream.remark or TOO_SHORT)

    def _sparse(self, sparse: Sparse, data: Iterator[bytes]) -> Iterator[bytes]:
        if sparse.is_in_data:
            sparse, data = map_in_data(sparse, data)
        yield from expand(sparse, data, self._stream.guard)


def _number(untrusted: bytes) -> int:
    """Return a size: octal, or base-256 when its first bit is set (GNU); nonsense counts as 0."""
    if untrusted[0] == 0x80:
        return min(int.from_bytes(untrusted[1:], "big"), _BIG)
    digits = untrusted.split(b"\x00", 1)[0].strip()
    return int(digits, 8) if digits and not digits.translate(None, b"01234567") else 0


def _name(block: bytes, notes: _Notes) -> str:
    given = notes.pax_value(b"GNU.sparse.name") or notes.pax_value(b"path") or notes.name
    if given:
        return clean_name(given)
    name = block[:100].split(b"\x00", 1)[0]
    prefix = block[345:500].split(b"\x00", 1)[0] if block[257:263] == b"ustar\x00" else b""
    return clean_name(prefix + b"/" + name if prefix else name)


def _pax_records(untrusted: bytes) -> list[tuple[bytes, bytes]]:
    """Return the records `LENGTH KEY=VALUE NEWLINE` of a pax header, as far as they are well-formed."""
    records: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(untrusted):
        space = untrusted.find(b" ", at, at + 20)
        digits = untrusted[at:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        end = at + length
        if space < 0 or end <= space or end > len(untrusted):
            break
        key, equals, value = untrusted[space + 1 : end - 1].partition(b"=")
        if equals:
            records.append((key, value))
        at = end
    return records
