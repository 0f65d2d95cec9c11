"""The headers of 7z archives: 7zFormat.txt of the LZMA SDK (Igor Pavlov, public domain)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Incomplete

END, HEADER, ARCHIVE_PROPERTIES, MORE_STREAMS, MAIN_STREAMS, FILES, PACK, UNPACK, SUBSTREAMS = range(9)
SIZE, CRC, FOLDER, CODER_SIZES, COUNTS, EMPTY_STREAM, EMPTY_FILE, ANTI, NAMES = range(9, 18)
ENCODED = 0x17
_MOST_CODERS = 8
_MOST_STREAMS = 16


@dataclass(frozen=True, slots=True)
class Coder:
    """One step of unpacking. method: its number as bytes; inputs: how many streams it takes."""

    method: bytes
    inputs: int
    properties: bytes


@dataclass(slots=True)
class Folder:
    """Members that are packed together.

    binds: for each bound input the output it is; packed: for each input the number of its packed stream, or -1.
    sizes: what each coder gives, in bytes. members: size and CRC-32 (-1: none) of each.
    """

    coders: list[Coder]
    binds: dict[int, int]
    packed: list[int]
    sizes: list[int] = field(default_factory=list)
    checksum: int = -1
    members: list[tuple[int, int]] = field(default_factory=list)

    @property
    def main(self) -> int:
        """The coder whose output is the members."""
        bound = set(self.binds.values())
        for number in range(len(self.coders)):
            if number not in bound:
                return number
        raise Incomplete(CORRUPT)


@dataclass(slots=True)
class Streams:
    """Where packed streams lie (offset in the file, size), and the folders made of them."""

    packed: list[tuple[int, int]] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)


@dataclass(slots=True)
class Files:
    """Names in order; which have no content at all, and which of those are files."""

    names: list[str] = field(default_factory=list)
    empty: list[bool] = field(default_factory=list)
    empty_files: list[bool] = field(default_factory=list)


class Reader:
    """Reads what headers are made of. Every method raises Incomplete where the header ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """Return so many bytes."""
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise Incomplete(TOO_SHORT)
        self._at += count
        return piece

    def number(self) -> int:
        """Return a number whose first byte tells how many follow."""
        first = self.byte()
        value, mask = 0, 0x80
        for count in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * count
            value |= self.byte() << 8 * count
            mask >>= 1
        return value

    def count(self) -> int:
        """Return the number of things that each take a byte or more of the header."""
        number = self.number()
        if number > len(self._data):
            raise Incomplete(CORRUPT)
        return number

    def bits(self, count: int) -> list[bool]:
        """Return so many bits, highest first."""
        data = self.take((count + 7) // 8)
        return [bool(data[at >> 3] >> (7 - (at & 7)) & 1) for at in range(count)]

    def checksums(self, count: int) -> list[int]:
        """Return so many CRC-32, -1 where there is none."""
        given = [True] * count if self.byte() else self.bits(count)
        return [struct.unpack("<L", self.take(4))[0] if is_given else -1 for is_given in given]

    def names(self) -> Iterator[str]:
        """Yield the names up to the end: UTF-16, each with a zero behind it."""
        text = self._data[self._at :].decode("utf-16-le", "replace")
        for name in text.split("\x00")[:-1]:
            yield name.encode("utf-8", "replace").decode()

    def skip_properties(self) -> None:
        """Pass over the archive's properties."""
        while self.number() != END:
            self.take(self.number())


def read_streams(reader: Reader) -> Streams:
    """Return what a streams info says. Raises Incomplete."""
    streams = Streams()
    is_split = False
    while (kind := reader.number()) != END:
        if kind == PACK:
            _read_pack(reader, streams)
        elif kind == UNPACK:
            _read_folders(reader, streams)
        elif kind == SUBSTREAMS:
            _read_substreams(reader, streams.folders)
            is_split = True
        else:
            raise Incomplete(CORRUPT)
    if not is_split:
        for folder in streams.folders:
            folder.members = [(folder.sizes[folder.main], folder.checksum)]
    return streams


def _read_pack(reader: Reader, streams: Streams) -> None:
    at = 32 + reader.number()
    count = reader.count()
    while (kind := reader.number()) != END:
        if kind == SIZE:
            for _ in range(count):
                size = reader.number()
                streams.packed.append((at, size))
                at += size
        elif kind == CRC:
            reader.checksums(count)
        else:
            raise Incomplete(CORRUPT)


def _read_folders(reader: Reader, streams: Streams) -> None:
    if reader.number() != FOLDER:
        raise Incomplete(CORRUPT)
    count = reader.count()
    if reader.byte():
        raise Incomplete(CORRUPT)  # kept elsewhere: no program writes that
    first = 0
    for _ in range(count):
        folder = _read_folder(reader, first)
        first += sum(number >= 0 for number in folder.packed)
        streams.folders.append(folder)
    if reader.number() != CODER_SIZES:
        raise Incomplete(CORRUPT)
    for folder in streams.folders:
        folder.sizes = [reader.number() for _ in folder.coders]
    while (kind := reader.number()) != END:
        if kind != CRC:
            raise Incomplete(CORRUPT)
        for folder, checksum in zip(streams.folders, reader.checksums(count), strict=True):
            folder.checksum = checksum


def _read_folder(reader: Reader, first: int) -> Folder:
    coders = [_read_coder(reader) for _ in range(_few(reader.number(), _MOST_CODERS))]
    inputs = _few(sum(coder.inputs for coder in coders), _MOST_STREAMS)
    binds = {}
    for _ in range(len(coders) - 1):
        source = reader.number()
        binds[source] = _few(reader.number(), len(coders) - 1)
    count = inputs - len(binds)
    places = [reader.number() for _ in range(count)] if count > 1 else [n for n in range(inputs) if n not in binds]
    packed = [-1] * inputs
    for number, place in enumerate(places):
        packed[_few(place, inputs - 1)] = first + number
    return Folder(coders, binds, packed)


def _few(number: int, most: int) -> int:
    if number > most:
        raise Incomplete(CORRUPT)
    return number


def _read_coder(reader: Reader) -> Coder:
    flags = reader.byte()
    method = reader.take(flags & 15)
    inputs, outputs = 1, 1
    if flags & 0x10:
        inputs, outputs = _few(reader.number(), _MOST_STREAMS), reader.number()
    properties = reader.take(reader.number()) if flags & 0x20 else b""
    if outputs != 1 or not inputs:
        raise Incomplete(CORRUPT)
    return Coder(method, inputs, properties)


def _read_substreams(reader: Reader, folders: list[Folder]) -> None:
    counts = [1] * len(folders)
    kind = reader.number()
    if kind == COUNTS:
        counts = [reader.count() for _ in folders]
        kind = reader.number()
    for folder, count in zip(folders, counts, strict=True):
        left = folder.sizes[folder.main]
        sizes = [reader.number() for _ in range(count - 1)] if kind == SIZE else []
        if count > 1 and kind != SIZE:
            raise Incomplete(CORRUPT)
        left -= sum(sizes)
        sizes += [max(left, 0)] if count else []
        known = folder.checksum if count == 1 else -1
        folder.members = [(size, known) for size in sizes]
    kind = reader.number() if kind == SIZE else kind
    if kind == CRC:
        _read_checksums(reader, folders)
        kind = reader.number()
    if kind != END:
        raise Incomplete(CORRUPT)


def _read_checksums(reader: Reader, folders: list[Folder]) -> None:
    wanted = [
        (folder, number)
        for folder in folders
        for number in range(len(folder.members))
        if len(folder.members) != 1 or folder.checksum < 0
    ]
    for (folder, number), checksum in zip(wanted, reader.checksums(len(wanted)), strict=True):
        folder.members[number] = (folder.members[number][0], checksum)


def read_files(reader: Reader) -> Files:
    """Return what a files info says. Raises Incomplete."""
    files = Files()
    count = reader.count()
    while (kind := reader.number()) != END:
        inside = Reader(reader.take(reader.number()))
        if kind == EMPTY_STREAM:
            files.empty = inside.bits(count)
        elif kind == EMPTY_FILE:
            files.empty_files = inside.bits(sum(files.empty))
        elif kind == NAMES and not inside.byte():
            files.names = list(inside.names())
    files.empty += [False] * (count - len(files.empty))
    files.names += [""] * (count - len(files.names))
    return files
