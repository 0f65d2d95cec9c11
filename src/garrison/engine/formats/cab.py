"""Microsoft's cabinets: [MS-CAB] (stored, MSZIP by [MS-MCI], Quantum, LZX); files of one cabinet of a set."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats import quantum
from garrison.engine.formats.lzh_codes import counted, packed_room
from garrison.engine.formats.lzx import Lzx
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Listed, Member, clean_name, closed, collect
from garrison.engine.formats.reading import take, told
from garrison.engine.formats.unpack import Solid
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_HAS_PREVIOUS, _HAS_NEXT, _HAS_RESERVE = 1, 2, 4
_STORED, _MSZIP, _QUANTUM, _LZX = range(4)
_WINDOW = 32768
_FROM_ELSEWHERE = 0xFFFD  # and above: a file that is continued over cabinets


@dataclass(frozen=True, slots=True)
class _Folder:
    """Blocks that are packed together. at: offset of the first; method: with its parameters."""

    at: int
    blocks: int
    method: int


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    folder: int
    start: int
    size: int
    position: int


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside, folder by folder. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    cabinet = _Cabinet(source, guard)
    files: dict[int, list[_File]] = {}
    for file in cabinet.files():
        files.setdefault(file.folder, []).append(file)
    for number, inside in sorted(files.items()):
        inside.sort(key=lambda file: file.start)
        if number >= len(cabinet.folders):
            for file in inside:
                why = "not opened: it is spread over several cabinets" if number >= _FROM_ELSEWHERE else CORRUPT
                yield closed((file.name,), why, guard, _listed(file))
                guard.check()
            continue
        run = Solid(cabinet.unpacked(cabinet.folders[number]))
        for file in inside:
            guard.check()
            yield collect((file.name,), run.take(file.start, file.size), guard, listed=_listed(file))
    if cabinet.is_cut:
        yield Member((), None, TOO_SHORT)


def _listed(file: _File) -> Listed:
    return Listed(file.name, -1, file.size, False, file.position)


class _Cabinet:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self.is_cut = False
        head = take(source, 0, 36)
        self._files_at, folders, self._count, flags = struct.unpack_from("<16xL6x3H", head)
        at, folder_reserve, self._block_reserve = 36, 0, 0
        if flags & _HAS_RESERVE:
            reserve, folder_reserve, self._block_reserve = struct.unpack("<HBB", take(source, at, 4))
            at += 4 + reserve
        for flag in (_HAS_PREVIOUS, _HAS_NEXT):
            for _ in range(2 if flags & flag else 0):
                at += len(self._text(at)) + 1
        self.folders = []
        for _ in range(folders):
            self.folders.append(_Folder(*struct.unpack("<LHH", take(source, at, 8, guard))))
            at += 8 + folder_reserve

    def _text(self, at: int) -> bytes:
        return self._source.read_at(at, 256).split(b"\x00", 1)[0]

    def files(self) -> Iterator[_File]:
        """Yield what the list of files says, as far as it goes."""
        at = self._files_at
        for position in range(1, self._count + 1):
            fixed = self._source.read_at(at, 16)
            if len(fixed) < 16:
                self.is_cut = True
                return
            self._guard.check()
            size, start, folder = struct.unpack_from("<LLH", fixed)
            name = self._text(at + 16)
            at += 17 + len(name)
            yield _File(clean_name(name), folder, start, size, position)

    def unpacked(self, folder: _Folder) -> Iterator[bytes]:
        """Yield what a folder's blocks unpack to, counted. Raises Incomplete."""
        kind = folder.method & 15
        if kind == _LZX:
            pieces = self._lzx(folder)
        elif kind == _MSZIP:
            pieces = self._mszip(folder)
        elif kind == _STORED:
            pieces = (data for data, _ in self._blocks(folder))
        elif kind == _QUANTUM:
            pieces = quantum.unpacked(self._blocks(folder), folder.method >> 8 & 31)
        else:
            raise Incomplete(CORRUPT)
        return counted(pieces, self._guard, max(self._source.size - folder.at, 1))

    def _blocks(self, folder: _Folder) -> Iterator[tuple[bytes, int]]:
        """Yield the packed bytes of each block and what they unpack to; of a cut one, what is there."""
        at = folder.at
        for _ in range(folder.blocks):
            head = take(self._source, at, 8)
            packed, size = struct.unpack_from("<4xHH", head)
            at += 8 + self._block_reserve
            data = self._source.read_at(at, packed)
            yield data, size
            if len(data) < packed:
                raise Incomplete(TOO_SHORT)
            at += packed

    def _mszip(self, folder: _Folder) -> Iterator[bytes]:
        before = b""
        for data, _ in self._blocks(folder):
            if not data.startswith(b"CK"):
                raise Incomplete(CORRUPT)
            try:
                piece = zlib.decompressobj(-15, zdict=before).decompress(data[2:], _WINDOW)
            except zlib.error as error:
                raise Incomplete(CORRUPT) from error
            yield piece
            before = (before + piece)[-_WINDOW:]

    def _lzx(self, folder: _Folder) -> Iterator[bytes]:
        data, size = [], 0
        reason: Incomplete | None = None
        room = packed_room(self._guard)
        try:
            for piece, unpacked in self._blocks(folder):
                self._guard.check()
                data.append(piece)
                size += unpacked
                room -= len(piece)
                if room < 0:
                    break
        except Incomplete as error:
            reason = error
        yield from Lzx(b"".join(data), folder.method >> 8 & 31, size)
        if reason is not None:
            raise reason
