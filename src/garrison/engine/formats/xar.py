"""The xar format (xar project, "xarformat"): macOS packages (.pkg) and older extensions of browsers.

A head, a table of contents in XML (packed by zlib), and a heap with the files' data. The XML is read by expat without
entities, as far as its elements go.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from garrison.engine.formats.image_blocks import GzipDecoder, ZlibDecoder
from garrison.engine.formats.opener import Listed, Member, clean_name, closed, collect, stored
from garrison.engine.formats.reading import take, told
from garrison.engine.formats.unpack import Decoder, Unpacking, bzip2_decoder, lzma_decoder, xz_decoder
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_TABLE_BYTES = 64 * 1024 * 1024
_DEPTH = 256
_FILES = 100_000
_TEXT = 1024  # of a name or a number
_STYLES: dict[str, Callable[[], Decoder]] = {
    "application/x-bzip2": bzip2_decoder,
    "application/x-lzma": lzma_decoder,
    "application/x-xz": xz_decoder,
}
_STORED = {"", "application/octet-stream"}
_NO_LIST = "damaged: its list of members cannot be read"


@dataclass(slots=True)
class _File:
    """What the table says; lengths and offset in bytes, -1 where it says nothing."""

    name: str = ""
    style: str = ""
    numbers: dict[str, int] = field(default_factory=dict)


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside. Checksums are not compared. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    head = take(source, 0, 28, guard)
    length, packed = struct.unpack_from(">H2xQ", head, 4)
    table = _Table()
    remark = ""
    try:
        for piece in Unpacking(source, guard, ZlibDecoder, length, packed):
            table.feed(piece)
    except Incomplete as reason:
        remark = reason.remark
    heap = length + packed
    for position, file in enumerate(table.files, start=1):
        guard.check()
        yield _member(source, heap, file, position, guard)
    if remark or not table.is_sound:
        yield Member((), None, remark if remark.startswith("limit") else _NO_LIST)


def _member(source: Source, heap: int, file: _File, position: int, guard: Guard) -> Member:
    text = clean_name(file.name.encode("utf-8", "surrogateescape"))
    packed, start = file.numbers.get("length", 0), heap + file.numbers.get("offset", 0)
    listed = Listed(text, packed, file.numbers.get("size", -1), position=position)
    if file.style in _STORED:
        return collect((text,), stored(source, start, packed, guard), guard, listed=listed)
    make = _STYLES.get(file.style)
    if file.style == "application/x-gzip":  # which is zlib's form, in spite of its name
        make = GzipDecoder if source.read_at(start, 2) == b"\x1f\x8b" else ZlibDecoder
    if make is None:
        return closed((text,), "not opened: packed by an unknown method", guard, listed)
    return collect((text,), iter(Unpacking(source, guard, make, start, packed)), guard, listed=listed)


class _Table:
    """The files of a table of contents, as far as it was fed. is_sound: whether it was read to its end."""

    def __init__(self) -> None:
        self.files: list[_File] = []
        self.is_sound = False
        self._parser = expat.ParserCreate("utf-8")  # whatever the XML says: no other encoding is looked up
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse
        self._parser.buffer_text = True
        self._path: list[str] = []
        self._open: list[_File] = []
        self._text = ""
        self._fed = 0
        self._is_broken = False

    def feed(self, piece: bytes) -> None:
        """Take more of the XML. Damage ends the reading, and what came before stays."""
        self._fed += len(piece)
        if self._is_broken or self._fed > _TABLE_BYTES:
            self._is_broken = True
            return
        try:
            self._parser.Parse(piece, False)
        except (expat.ExpatError, LookupError, ValueError, _RefusedError):
            self._is_broken = True
            self.is_sound = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEPTH:
            raise _RefusedError
        self._path.append(name)
        self._text = ""
        if name == "file":
            self._open.append(_File())
        elif name == "encoding" and self._open:
            self._open[-1].style = attributes.get("style", "")[:_TEXT]

    def _characters(self, text: str) -> None:
        self._text += text[: max(0, _TEXT - len(self._text))]

    def _end(self, name: str) -> None:
        parent = self._path[-2] if len(self._path) > 1 else ""
        self._path.pop()
        if name == "xar":
            self.is_sound = not self._is_broken
        if not self._open:
            return
        file = self._open[-1]
        if name == "file":
            self._open.pop()
            self._finish(file)
        elif name == "name" and parent == "file":
            folder = self._open[-2].name if len(self._open) > 1 else ""
            file.name = f"{folder}/{self._text}"[:_TEXT] if folder else self._text
        elif parent == "data" and name in {"length", "offset", "size"} and self._text.strip().isdigit():
            file.numbers[name] = int(self._text.strip()[:19])

    def _finish(self, file: _File) -> None:
        if len(self.files) >= _FILES:
            raise _RefusedError
        if "offset" in file.numbers:
            self.files.append(file)

    def _refuse(self, *_: object) -> None:
        raise _RefusedError


class _RefusedError(Exception):
    """The XML has what no table of contents has."""
