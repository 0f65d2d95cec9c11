"""InstallShield's cabinets ("ISc("), versions 5 to 9 and those after: a header with the list, and volumes with data.

No specification is public; the fields are those that unshield 1.4 found (its names: common header, cab descriptor, file
descriptor). Files are compressed in chunks of their own, and sometimes masked.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from garrison.engine.formats import installshield_volume
from garrison.engine.formats.image_blocks import deflate_block
from garrison.engine.formats.opener import CORRUPT, Listed, Member, clean_name, closed, collect
from garrison.engine.formats.reading import Extent, runs, take, told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

MAGIC = b"ISc("
_NO_DATA = "not opened: its data is in another file"
_SPLIT, _MASKED, _COMPRESSED, _INVALID = 1, 2, 4, 8
_NEW = 6  # the version with larger descriptors
_UTF_16 = 17  # the version with wide names
_ENTRY = 0x57
_NAME_BYTES = 1024
_CHUNK_BYTES = 1024 * 1024
_VOLUMES = 1000
_PERIOD = 71  # of the mask


@dataclass(frozen=True, slots=True)
class _File:
    name: int
    folder: int
    flags: int
    size: int
    packed: int
    start: int
    volume: int


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files of a cabinet that is in one file. Raises OSError."""
    return told(_alone(source, guard))


def _alone(source: Source, guard: Guard) -> Iterator[Member]:
    if not has_list(source):
        yield from installshield_volume.read(source, guard)
        return
    # In a header without data, the place of the data is its end.
    has_data = int.from_bytes(source.read_at(20, 4), "little") < source.size
    yield from read(source, {1: source} if has_data else {}, guard)


def has_list(source: Source) -> bool:
    """Return whether this file of a cabinet has its list of members. Raises OSError."""
    header = source.read_at(0, 20)
    return len(header) == 20 and header[16:20] != bytes(4)


def read(header: Source, volumes: Mapping[int, Source], guard: Guard) -> Iterator[Member]:
    """Yield the files of a cabinet. header: the file with its list. Raises Incomplete at damage or a limit, OSError."""
    return _Cabinet(header, volumes, guard).members()


class _Cabinet:
    def __init__(self, header: Source, volumes: Mapping[int, Source], guard: Guard) -> None:
        self._header = header
        self._volumes = volumes
        self._guard = guard
        self._table = 0  # where the table of folders and files begins
        self._version = 0

    def members(self) -> Iterator[Member]:
        start = self._start()
        head = take(self._header, start, 48, self._guard)
        self._table = start + int.from_bytes(head[12:16], "little")
        folders, files, second = (int.from_bytes(head[at : at + 4], "little") for at in (28, 40, 44))
        for number in range(files):
            self._guard.check()
            file = self._old(folders, number) if self._version < _NEW else self._new(second, number)
            if file.flags & _INVALID or not file.name or not file.start:
                self._guard.pass_over()
                continue
            yield self._file(file, folders, number + 1)

    def _start(self) -> int:
        """Return where the descriptor begins; note the version."""
        magic, version, _, start = struct.unpack("<4sLLL", take(self._header, 0, 16, self._guard))
        if magic != MAGIC:
            raise Incomplete(CORRUPT)
        kind = version >> 24
        self._version = version >> 12 & 15 if kind == 1 else (version & 0xFFFF) // 100
        return int(start)

    def _new(self, second: int, number: int) -> _File:
        entry = take(self._header, self._table + second + number * _ENTRY, _ENTRY, self._guard)
        flags, size, packed, start = struct.unpack_from("<HQQQ", entry)
        name, folder = struct.unpack_from("<LH", entry, 58)
        return _File(name, folder, flags, size, packed, start, int.from_bytes(entry[85:87], "little"))

    def _old(self, folders: int, number: int) -> _File:
        place = take(self._header, self._table + 4 * (folders + number), 4, self._guard)
        entry = take(self._header, self._table + int.from_bytes(place, "little"), 42, self._guard)
        name, folder, flags, size, packed = struct.unpack_from("<LLHLL", entry)
        return _File(name, folder, flags, size, packed, int.from_bytes(entry[38:42], "little"), self._volume(number))

    def _volume(self, number: int) -> int:
        """Return which volume a file begins in: the first that does not end before it."""
        for volume, source in sorted(self._volumes.items()):
            if int.from_bytes(source.read_at(32, 4), "little") >= number:
                return volume
        return 1

    def _file(self, file: _File, folders: int, position: int) -> Member:
        text = self._name(file.name)
        if file.folder < folders:
            place = self._header.read_at(self._table + 4 * file.folder, 4)
            folder = self._name(int.from_bytes(place, "little"))
            text = f"{folder}/{text}" if folder else text
        text = clean_name(text.replace("\\", "/").encode("utf-8", "surrogateescape"))
        packed = file.packed if file.flags & _COMPRESSED else file.size
        listed = Listed(text, packed, file.size, position=position)
        source = self._volumes.get(file.volume)
        if source is None:
            return closed((text,), _NO_DATA, self._guard, listed)
        pieces = self._data(file, packed)
        if file.flags & _COMPRESSED:
            pieces = _inflated(_Run(pieces), file.size, self._guard)
        return collect((text,), pieces, self._guard, listed=listed)

    def _data(self, file: _File, length: int) -> Iterator[bytes]:
        """Yield the stored bytes of a file, from one volume after the other, without the mask."""
        offset = 0
        volume = file.volume
        for start, part in self._extents(file, length):
            for piece in runs(self._volumes[volume], [(start, part)], part, self._guard):
                yield _unmasked(piece, offset) if file.flags & _MASKED else piece
                offset += len(piece)
            volume += 1
        if offset < length:
            raise Incomplete(_NO_DATA)

    def _extents(self, file: _File, length: int) -> Iterator[Extent]:
        """Yield the place in each volume, from the file's first on."""
        if not file.flags & _SPLIT:
            yield file.start, length
            return
        part = min(length, max(0, self._volumes[file.volume].size - file.start))
        yield file.start, part
        for volume in range(file.volume + 1, file.volume + _VOLUMES):
            length -= part
            source = self._volumes.get(volume)
            if source is None or length <= 0:
                return
            start, first = self._continued(source, is_packed=bool(file.flags & _COMPRESSED))
            part = min(first, length)
            yield start, part

    def _continued(self, source: Source, *, is_packed: bool) -> Extent:
        """Return where a volume has the rest of the file that began in the one before."""
        form, width = ("<QQQ", 24) if self._version >= _NEW else ("<LLL", 12)
        start, size, packed = struct.unpack(form, take(source, 36, width, self._guard))
        return start, packed if is_packed else size

    def _name(self, offset: int) -> str:
        field = self._header.read_at(self._table + offset, _NAME_BYTES)
        if self._version < _UTF_16:
            return clean_name(field.split(b"\x00", 1)[0])
        return field.decode("utf-16-le", "replace").split("\x00", 1)[0]


class _Run:
    """Bytes from pieces, asked for by count."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def read(self, count: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        kept = []
        while count > 0:
            self._left = self._left or next(self._pieces, b"")
            if not self._left:
                break
            kept.append(self._left[:count])
            self._left = self._left[count:]
            count -= len(kept[-1])
        return b"".join(kept)


def _inflated(run: _Run, size: int, guard: Guard) -> Iterator[bytes]:
    """Yield what chunks of DEFLATE data unpack to; each has its length before it."""
    while size > 0:
        chunk = run.read(int.from_bytes(run.read(2), "little"))
        if not chunk:
            raise Incomplete(CORRUPT)
        piece = deflate_block(chunk, min(_CHUNK_BYTES, guard.room))
        guard.grew(len(piece))
        size -= len(piece)
        yield piece


@cache
def _tables() -> list[bytes]:
    """Return what each byte means, by its place in the mask's period."""
    turned = [(byte ^ 0xD5) >> 2 | (byte ^ 0xD5) << 6 & 0xFF for byte in range(256)]
    return [bytes((byte - place) & 0xFF for byte in turned) for place in range(_PERIOD)]


def _unmasked(piece: bytes, offset: int) -> bytes:
    out = bytearray(len(piece))
    for place in range(min(_PERIOD, len(piece))):
        out[place::_PERIOD] = piece[place::_PERIOD].translate(_tables()[(offset + place) % _PERIOD])
    return bytes(out)
