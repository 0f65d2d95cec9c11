"""The opener for compound files: every stream, and what the known ones hold."""

from collections.abc import Iterator

from garrison.engine.formats import excel4, ooxml_crypt, ppt, vba
from garrison.engine.formats.mime_codings import plain_pieces
from garrison.engine.formats.msg import Message
from garrison.engine.formats.msi import unpacked_name
from garrison.engine.formats.ole import Compound, Stream
from garrison.engine.formats.ole_native import package
from garrison.engine.formats.opener import ENCRYPTED, NAME_CHARS, TOO_SHORT, Listed, Member, collect, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

_NO_LIST = "damaged: its list of streams cannot be read"
_DIR_BYTES = 1 << 20


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the streams, mails' attachments by their own names; packed files, macros, texts. Raises OSError."""
    return _Reader(source, guard).members()


class _Reader:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._compound = Compound(source)
        self._guard = guard
        self._message = Message(self._compound)
        self._modules = self._listed_modules()
        self._sources: list[bytes] = []

    def members(self) -> Iterator[Member]:
        if not self._compound.is_sound:
            yield Member((), None, _NO_LIST)
        for position, stream in enumerate(self._compound.streams(), 1):
            yield from self._stream(stream, position)
            if self._guard.stopped:
                break
        if len(self._sources) > 1 and not self._guard.stopped:
            yield derived("macros", b"\n".join(self._sources), self._guard, Type.VBSCRIPT)
        if self._guard.stopped:
            yield Member((), None, self._guard.stopped)

    def _stream(self, stream: Stream, position: int) -> Iterator[Member]:
        name = unpacked_name(stream.path)[-NAME_CHARS:]
        listed = Listed(name, stream.size, stream.size, position=position)
        names = (self._message.attached_as(stream.path) or name,)
        member = collect(names, self._counted(stream), self._guard, listed=listed)
        content = member.content or b""
        last = stream.path.rsplit("/", 1)[-1]
        packed = package(content) if last.lower() == "\x01ole10native" else None
        if packed is None:
            yield member
        else:
            remark = "" if packed.is_whole else member.remark or TOO_SHORT
            yield Member((packed.name[-NAME_CHARS:],), packed.content, remark, listed=listed)
            yield derived("package", packed.trace.encode("utf-8"), self._guard, Type.TEXT)
        if not self._guard.stopped and content:
            yield from self._meaning(stream.path, last, content)

    def _counted(self, stream: Stream) -> Iterator[bytes]:
        left = stream.size
        for piece in self._compound.pieces(stream):
            left -= len(piece)
            self._guard.grew(len(piece))
            yield piece
        if left > 0:
            raise Incomplete(TOO_SHORT)

    def _meaning(self, path: str, last: str, content: bytes) -> Iterator[Member]:
        """Yield what is packed in a stream of a known name."""
        if last == "PowerPoint Document":
            yield from self._slides(content)
        elif last == "EncryptedPackage":
            yield self._decrypted(content)
        elif last in {"Workbook", "Book"}:
            yield from self._workbook(content)
        elif last == "WordDocument" and content[:2] == b"\xec\xa5" and content[11:12] and content[11] & 1:
            yield Member((), None, ENCRYPTED)  # [MS-DOC] 2.5.2, fEncrypted
        else:
            yield from self._written(path, content)
            yield from self._macros(path, content)

    def _written(self, path: str, content: bytes) -> Iterator[Member]:
        written = self._message.text(path, content)
        if written is not None:
            title, text, kind = written
            yield collect((title,), plain_pieces(text, self._guard), self._guard, kind=kind, is_derived=True)

    def _slides(self, content: bytes) -> Iterator[Member]:
        for number, (at, length, size) in enumerate(ppt.objects(content), 1):
            packed = content[at : at + length]
            pieces = ppt.unpacked(packed, size, self._guard) if size >= 0 else self._plain(packed)
            yield collect((f"object {number}",), pieces, self._guard)
            if self._guard.stopped:
                return

    def _plain(self, content: bytes) -> Iterator[bytes]:
        self._guard.grew(len(content))
        yield content

    def _decrypted(self, content: bytes) -> Member:
        """Return the document that opens with a password everybody knows."""
        try:
            pieces = ooxml_crypt.opened(self._compound.read("EncryptionInfo"), content, self._guard)
        except Incomplete as reason:
            return Member((), None, reason.remark)
        if pieces is None:
            return Member((), None, ENCRYPTED)
        return collect(("document",), pieces, self._guard)

    def _workbook(self, content: bytes) -> Iterator[Member]:
        if excel4.is_encrypted(content):
            yield Member((), None, ENCRYPTED)
            return
        sheets = excel4.macro_sheets(content)
        if sheets:
            yield derived("Excel 4 macros", sheets.encode("utf-8", "replace"), self._guard, Type.TEXT)

    def _macros(self, path: str, content: bytes) -> Iterator[Member]:
        """Yield a module's source: where the list of modules says it is, else where a source seems to begin."""
        name, offset = self._modules.get(path.lower(), ("", -1))
        if not 0 <= offset < len(content) or content[offset] != 1:
            offset = vba.source_start(content)
        if offset < 0:
            return
        names = (f"(macros: {name or path.rsplit('/', 1)[-1]})",)
        pieces = vba.unpacked(content[offset:], self._guard)
        member = collect(names, pieces, self._guard, kind=Type.VBSCRIPT, is_derived=True)
        self._sources.append(member.content or b"")
        yield member

    def _listed_modules(self) -> dict[str, tuple[str, int]]:
        """Return name and offset of each module by its stream's path, in small letters."""
        found: dict[str, tuple[str, int]] = {}
        for stream in self._compound.streams():
            folder, _, last = stream.path.rpartition("/")
            if last.lower() != "dir" or stream.size > _DIR_BYTES:
                continue
            for module in vba.modules(self._unpacked_dir(stream.path)):
                where = f"{folder}/{module.stream}" if folder else module.stream
                found[where.lower()] = (module.name[: NAME_CHARS // 2], module.offset)
        return found

    def _unpacked_dir(self, path: str) -> bytes:
        kept: list[bytes] = []
        room = _DIR_BYTES
        try:
            for piece in vba.unpacked(self._compound.read(path), self._guard):
                kept.append(piece)
                room -= len(piece)
                if room < 0:
                    break
        except Incomplete:
            pass
        return b"".join(kept)
