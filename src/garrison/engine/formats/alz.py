"""ALZ archives of ESTsoft: stored, bzip2 and DEFLATE; no public specification, facts of unalz's notes."""

from collections.abc import Iterator
from functools import partial

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Listed, Member, by_method, clean_name
from garrison.engine.formats.reading import told
from garrison.engine.formats.unpack import Inflater, Unpacking, bzip2_decoder
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_LOCAL = b"BLZ\x01"
_ENDS = (b"CLZ\x01", b"CLZ\x02", b"ELZ\x01")
_FOLDER = 0x10
_MAKERS = {1: bzip2_decoder, 2: Inflater}


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; folders are left out. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    at, position = 8, 0
    while True:
        guard.check()
        head = source.read_at(at, 13 + 6 + 16)
        if head[:4] in _ENDS:
            return
        if len(head) < 13:
            raise Incomplete(TOO_SHORT)
        if head[:4] != _LOCAL:
            raise Incomplete(CORRUPT)
        length = int.from_bytes(head[4:6], "little")
        attributes, flags = head[6], head[11]
        wide = flags >> 4
        if wide not in {0, 1, 2, 4, 8}:
            raise Incomplete(CORRUPT)
        if wide and len(head) < 19 + 2 * wide:
            raise Incomplete(TOO_SHORT)
        method, checksum, packed, size = 0, -1, 0, 0
        at += 13
        if wide:
            method, checksum = head[13], int.from_bytes(head[15:19], "little")
            packed = int.from_bytes(head[19 : 19 + wide], "little")
            size = int.from_bytes(head[19 + wide : 19 + 2 * wide], "little")
            at += 6 + 2 * wide
        text = clean_name(source.read_at(at, length))
        is_locked = bool(flags & 1)
        at += length + (12 if is_locked else 0)
        position += 1
        listed = Listed(text, packed, size, is_locked, position, checksum)
        if not attributes & _FOLDER:
            unpack = partial(_unpacked, source, guard, at, method, packed)
            yield by_method(source, guard, at, method, listed, unpack)
        at += packed


def _unpacked(source: Source, guard: Guard, at: int, method: int, packed: int) -> Unpacking | None:
    make = _MAKERS.get(method)
    return Unpacking(source, guard, make, at, packed) if make else None
