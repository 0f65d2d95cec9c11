"""Files with holes in a tar: GNU tar manual, "Sparse Formats" (old GNU, pax 0.0, 0.1 and 1.0)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from garrison.engine.formats.forward import Forward
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Guard, Incomplete

_BLOCK = 512
_MOST_PARTS = 100_000
_ZEROS = bytes(256 * 1024)
_ENTRY = 24  # two numbers of 12 digits


@dataclass(frozen=True, slots=True)
class Sparse:
    """Where the data of a file with holes belongs.

    parts: offset and length of each run of data, in bytes. size: of the whole file. is_in_data: whether the map is yet
    to be read from the start of the data (pax 1.0).
    """

    parts: tuple[tuple[int, int], ...]
    size: int
    is_in_data: bool = False


def map_of_gnu(block: bytes, stream: Forward) -> Sparse:
    """Return the map in an old GNU header (type S) and the blocks that continue it, which are read. Raises OSError."""
    parts = _entries(block[386:482])
    is_continued = block[482:483] not in {b"\x00", b""}
    while is_continued and len(parts) < _MOST_PARTS:
        more = stream.read(_BLOCK)
        if len(more) < _BLOCK:
            break
        parts += _entries(more[:504])
        is_continued = more[504] != 0
    return Sparse(tuple(parts), _octal(block[483:495]))


def map_of_pax(records: list[tuple[bytes, bytes]]) -> Sparse | None:
    """Return the map in pax records, or None when the file has no holes."""
    values = dict(records)
    size = _decimal(values.get(b"GNU.sparse.realsize", values.get(b"GNU.sparse.size", b"")))
    if values.get(b"GNU.sparse.major") == b"1":
        return Sparse((), size, is_in_data=True)
    if b"GNU.sparse.map" in values:
        return Sparse(_pairs(values[b"GNU.sparse.map"].split(b",")), size)
    single = [value for key, value in records if key in {b"GNU.sparse.offset", b"GNU.sparse.numbytes"}]
    return Sparse(_pairs(single), size) if single else None


def map_in_data(sparse: Sparse, data: Iterator[bytes]) -> tuple[Sparse, Iterator[bytes]]:
    """Return the map that pax 1.0 puts before the data (decimal numbers, a line each), and the data behind it.

    Raises Incomplete when there is none, OSError.
    """
    kept = b""
    wanted = -1
    while True:
        lines = kept.split(b"\n", (wanted * 2 if wanted > 0 else 0) + 1)
        if wanted < 0 and len(lines) > 1:
            wanted = min(_decimal(lines[0]), _MOST_PARTS)
            continue
        if wanted >= 0 and len(lines) > wanted * 2 + 1:
            break
        piece = next(data, b"")
        if not piece or len(kept) > _MOST_PARTS * 40:
            raise Incomplete(CORRUPT)
        kept += piece
    used = sum(len(line) + 1 for line in lines[:-1])
    rest = kept[used + -used % _BLOCK :]
    return Sparse(_pairs(lines[1:-1]), sparse.size), _then(rest, data)


def expand(sparse: Sparse, data: Iterator[bytes], guard: Guard) -> Iterator[bytes]:
    """Yield the file with its holes as zeros, which count as unpacked. Raises Incomplete at a limit, OSError."""
    at = 0
    left = b""
    for offset, length in sparse.parts:
        yield from _hole(offset - at, guard)
        at = max(at, offset)
        while length > 0:
            left = left or next(data, b"")
            if not left:
                return
            piece, left = left[:length], left[length:]
            length -= len(piece)  # noqa: PLW2901 # what is still to come
            at += len(piece)
            yield piece
    yield from data if not sparse.parts else ()
    yield from _hole(sparse.size - at, guard)


def _hole(length: int, guard: Guard) -> Iterator[bytes]:
    while length > 0:
        piece = _ZEROS[:length]
        guard.grew(len(piece))
        length -= len(piece)
        yield piece


def _then(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _entries(field: bytes) -> list[tuple[int, int]]:
    runs = [field[at : at + _ENTRY] for at in range(0, len(field) - _ENTRY + 1, _ENTRY)]
    return [(_octal(run[:12]), _octal(run[12:])) for run in runs if run[0]]


def _pairs(values: list[bytes]) -> tuple[tuple[int, int], ...]:
    numbers = [_decimal(value) for value in values[: _MOST_PARTS * 2]]
    return tuple(list(pairwise(numbers))[::2])


def _decimal(untrusted: bytes) -> int:
    return int(untrusted) if untrusted.isdigit() and len(untrusted) < 19 else 0


def _octal(untrusted: bytes) -> int:
    if untrusted[:1] == b"\x80":
        return int.from_bytes(untrusted[4:], "big")
    digits = untrusted.strip(b" \x00")
    return int(digits, 8) if digits and not digits.translate(None, b"01234567") else 0
