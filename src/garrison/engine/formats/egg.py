"""EGG archives of ESTsoft: "EGG Specification" 1.0; stored, DEFLATE, bzip2 and LZMA; a member's blocks in order."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from garrison.engine.formats.opener import (
    CORRUPT,
    ENCRYPTED,
    TOO_SHORT,
    Listed,
    Member,
    clean_name,
    closed,
    collect,
    stored,
)
from garrison.engine.formats.reading import told
from garrison.engine.formats.unpack import Decoder, Inflater, Unpacking, bzip2_decoder, raw_lzma
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_FILE, _BLOCK, _END = 0x0A8590E3, 0x02B50C13, 0x08E28222
_NAME, _LOCKED = 0x0A8591AC, 0x08D1470F
_STORED, _LZMA = 0, 4
_LZMA_HEADER = 9  # as in zips: four bytes, then five of properties
_MAKERS: dict[int, Callable[[], Decoder]] = {1: Inflater, 2: bzip2_decoder}


@dataclass(slots=True)
class _File:
    """size: unpacked. blocks: offset, packed and unpacked size, and method of each."""

    size: int
    name: str = "content"
    is_locked: bool = False
    blocks: list[tuple[int, int, int, int]] = field(default_factory=list)


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    reader = _Reader(source, guard)
    for position, file in enumerate(reader.files(), 1):
        guard.check()
        packed = sum(block[1] for block in file.blocks)
        listed = Listed(file.name, packed, file.size, file.is_locked, position)
        if file.is_locked:
            yield closed((file.name,), ENCRYPTED, guard, listed)
        elif file.blocks or not file.size:
            yield collect((file.name,), _unpacked(source, guard, file), guard, listed=listed)
        else:
            yield closed((file.name,), TOO_SHORT, guard, listed)
    if reader.remark:
        yield Member((), None, reader.remark)


class _Reader:
    """Reads the headers. remark: after the reading, why it ended before the end."""

    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self.remark = ""

    def files(self) -> Iterator[_File]:
        """Yield files, each when its last block was seen."""
        file: _File | None = None
        at = 14
        while True:
            self._guard.check()
            head = self._source.read_at(at, 22)
            kind = int.from_bytes(head[:4], "little")
            if len(head) < 4:
                self.remark = TOO_SHORT if file is None or not file.blocks else ""
                break
            if kind == _FILE:
                if file is not None:
                    yield file
                file = _File(int.from_bytes(head[8:16], "little"))
                at += 16
            elif kind == _BLOCK and file is not None and len(head) == 22:
                at = self._block(file, head, at)
            elif kind == _END:
                at += 4
            else:
                behind = self._extra(file, kind, head, at)
                if behind is None:
                    self.remark = CORRUPT
                    break
                at = behind
        if file is not None:
            yield file

    def _block(self, file: _File, head: bytes, at: int) -> int:
        method, _, size, packed = struct.unpack_from("<BBLL", head, 4)
        at += 18
        while (extra := self._source.read_at(at, 8)) and int.from_bytes(extra[:4], "little") != _END:
            behind = self._extra(None, int.from_bytes(extra[:4], "little"), extra, at)
            if behind is None:
                break
            at = behind
        at += 4
        if len(file.blocks) <= self._guard.limits.members:
            file.blocks.append((at, packed, size, method))
        return int(at + packed)

    def _extra(self, file: _File | None, kind: int, head: bytes, at: int) -> int | None:
        """Take what an extra field tells; return the offset behind it, or None when it is none."""
        if len(head) < 7 or not kind or kind & 0xFF000000 > 0x24000000:
            return None
        wide = 4 if head[4] & 1 else 2
        size = int.from_bytes(head[5 : 5 + wide], "little")
        start = at + 5 + wide
        if file is not None and kind == _NAME and not head[4] & 4:
            file.name = clean_name(self._source.read_at(start, min(size, 4096)))
        if file is not None and kind == _LOCKED:
            file.is_locked = True
        return start + size


def _unpacked(source: Source, guard: Guard, file: _File) -> Iterator[bytes]:
    for at, packed, size, method in file.blocks:
        if method == _STORED:
            yield from stored(source, at, packed, guard)
            continue
        make = _MAKERS.get(method)
        if method == _LZMA:
            make = raw_lzma(source.read_at(at, _LZMA_HEADER)[4:], guard.limits.object_bytes)
            if make is None:
                raise Incomplete(CORRUPT)
            run = Unpacking(source, guard, make, at + _LZMA_HEADER, max(0, packed - _LZMA_HEADER))
            run.enough = size
        elif make is None:
            raise Incomplete(f"not opened: packed by method {method}")
        else:
            run = Unpacking(source, guard, make, at, packed)
        yield from run
