"""The PDF format: ISO 32000-1:2008. Streams, files, scripts and actions, whatever the tables say of their places."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from garrison.engine.formats.opener import ENCRYPTED, NAME_CHARS, TOO_SHORT, Member, clean_name, collect, derived
from garrison.engine.formats.pdf_crypt import Cipher, cipher
from garrison.engine.formats.pdf_filters import decode, is_picture, names, unescaped
from garrison.engine.formats.pdf_objects import (
    Object,
    filters,
    inner_objects,
    parameters,
    readable,
    scan,
    text_at,
)
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

_MOST_BYTES = 100 * 1024 * 1024  # of a larger one, the beginning
_MOST_OBJECTS = 500_000
_STEPS_A_CHECK = 256
_SINGLY = 1000  # so many streams are objects of their own; books have tens of thousands
_BUNDLE_BYTES = 1024 * 1024
_ACTIONS_BYTES = 1024 * 1024
_IMAGE = re.compile(rb"/Subtype[\s\x00]{0,8}/Image\b")
_TABLE = re.compile(rb"/Type[\s\x00]{0,8}/XRef\b")
_OBJECTS = re.compile(rb"/Type[\s\x00]{0,8}/ObjStm\b")
_FILE = re.compile(rb"/Type[\s\x00]{0,8}/EmbeddedFile\b")
_FILE_REFERENCE = re.compile(rb"/EF[\s\x00]{0,8}<<([^>]{0,400})>>")
_REFERENCE = re.compile(rb"(\d{1,10})[\s\x00]{1,8}(\d{1,5})[\s\x00]{1,8}R\b")
_FILTER_REFERENCE = re.compile(rb"/Filter[\s\x00]{0,8}(\d{1,10})[\s\x00]{1,8}\d{1,5}[\s\x00]{1,8}R\b")
_FILE_NAME = re.compile(rb"/(?:UF|F)[\s\x00]{0,8}(?=[(<])")
_SPACE = rb"[\s\x00]{0,8}"
_INTERESTING = re.compile(
    rb"/(J|#4[Aa])(S|#53)" + _SPACE + rb"(?=[(<\d])|"
    rb"/(Launch|URI|SubmitForm|GoToR|GoToE|ImportData|OpenAction|AA|RichMedia|XFA)\b"
)
_TEXT = re.compile(rb"/(?:F|P|D|UF|URI|URL|Win|Unix|DOS|O)" + _SPACE + rb"(?=\(|<(?!<))")


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield scripts, files and unpacked streams; images are left out. Raises OSError."""
    reader = _Reader(source.read_at(0, _MOST_BYTES), guard)
    yield from reader.members()
    if guard.stopped:
        yield Member((), None, guard.stopped)


class _Reader:
    def __init__(self, content: bytes, guard: Guard) -> None:
        self._content = content
        self._guard = guard
        self._cipher: Cipher | None = None
        self._scripts: set[int] = set()  # the numbers of streams that are scripts
        self._files: dict[int, str] = {}  # names of embedded files by their streams' numbers
        self._actions: dict[bytes, None] = {}
        self._actions_room = _ACTIONS_BYTES
        self._texts: dict[bytes, None] = {}  # scripts that are texts
        self._bundle: list[bytes] = []
        self._count = 0
        self._steps = 0
        self._filters: dict[int, bytes] = {}  # objects that other objects may call their filters

    def members(self) -> Iterator[Member]:
        objects = list(islice(scan(self._content), _MOST_OBJECTS))
        if len(objects) == _MOST_OBJECTS:
            yield Member((), None, f"limit reached: more than {_MOST_OBJECTS:,} parts of a PDF")
        self._cipher = cipher(self._content, objects)
        if self._cipher is not None and not self._cipher.is_open:
            yield Member((), None, ENCRYPTED)
        self._filters = {each.number: each.head for each in objects if each.start < 0 and b"Decode" in each.head}
        for each in objects:
            if each.start >= 0 and b"bjStm" in (plain := unescaped(each.head)) and _OBJECTS.search(plain):
                yield from self._object_stream(each)
            self._note(each)
            if self._is_over():
                return
        yield from self._found()
        for each in objects:
            if each.start >= 0:
                yield from self._stream(each)
            if self._is_over():
                return
        yield from self._bundled()

    def _stopped(self) -> bool:
        return bool(self._guard.stopped)

    def _is_over(self) -> bool:
        """Return whether a limit was reached; the time is asked for now and then."""
        self._steps += 1
        if self._steps % _STEPS_A_CHECK == 0:
            with suppress(Incomplete):
                self._guard.check()
        return self._stopped()

    def _object_stream(self, each: Object) -> Iterator[Member]:
        member = self._decoded(each, (f"object {each.number}",))
        yield member
        for inner in inner_objects(member.content or b"", unescaped(each.head)):
            self._note(inner)

    def _note(self, each: Object) -> None:
        """Keep what an object says of scripts, files and actions."""
        head = each.head
        if b"/EF" in head:
            self._note_files(each)
        launches = False
        behind = 0
        for match in _INTERESTING.finditer(head):
            if match.start() < behind:
                continue  # in a text
            if match[1]:
                behind = self._note_script(each, match.end())
            elif match[3]:
                launches = launches or match[3] not in {b"OpenAction", b"AA", b"XFA"}
                self._act(match[3])
        if b"#" in head and not launches:
            head = unescaped(head)
            launches = any(match[3] for match in _INTERESTING.finditer(head))
        if launches:
            behind = 0
            for match in _TEXT.finditer(head):
                if match.start() >= behind:
                    text, behind = text_at(head, match.end())
                    self._act(match[0].strip() + b" " + readable(self._opened(each, text)))

    def _act(self, line: bytes) -> None:
        if line not in self._actions and self._actions_room > 0:
            self._actions[line] = None
            self._actions_room -= len(line) + 1

    def _note_files(self, each: Object) -> None:
        match = _FILE_REFERENCE.search(each.head)
        name = _FILE_NAME.search(each.head)
        text = text_at(each.head, name.end())[0] if name else b""
        shown = clean_name(readable(self._opened(each, text)))[-NAME_CHARS:]
        for reference in _REFERENCE.finditer(match[1] if match else b""):
            self._files[int(reference[1])] = shown

    def _note_script(self, each: Object, at: int) -> int:
        """Keep a script, or which stream is one; return where the text ends."""
        reference = _REFERENCE.match(each.head, at)
        if reference is not None:
            self._scripts.add(int(reference[1]))
            return reference.end()
        text, end = text_at(each.head, at)
        if text:
            self._texts[readable(self._opened(each, text))] = None
        return end

    def _opened(self, each: Object, text: bytes) -> bytes:
        """Return a text of an object without its encryption."""
        if self._cipher is None or each.is_inner or not text:
            return text
        return self._cipher.text(text, each.number, each.generation)

    def _found(self) -> Iterator[Member]:
        for number, text in enumerate(self._texts, 1):
            yield derived(f"script {number}", text, self._guard, Type.JAVASCRIPT)
            if self._stopped():
                return
        if self._actions:
            yield derived("actions", b"\n".join(self._actions), self._guard, Type.TEXT)

    def _stream(self, each: Object) -> Iterator[Member]:
        head = unescaped(each.head)
        if _TABLE.search(head) or _OBJECTS.search(head):
            return
        if each.number in self._scripts:
            member = self._decoded(each, (f"(script of object {each.number})",))
            text = readable(member.content or b"")
            yield Member(member.names, text, member.remark, Type.JAVASCRIPT, is_derived=True)
            return
        name = self._files.get(each.number)
        if name is not None or _FILE.search(head):
            yield self._decoded(each, (name or f"object {each.number}",))
        elif not _IMAGE.search(head) and not is_picture(self._filters_of(head)):
            yield from self._other(each)

    def _other(self, each: Object) -> Iterator[Member]:
        """Yield a stream of the kind that there are many of; beyond the first thousand, several in one."""
        self._count += 1
        if self._count <= _SINGLY:
            member = self._decoded(each, (f"object {each.number}",))
            if member.content or member.remark:
                yield member
            return
        with suppress(Incomplete):  # the limits are told at the end; of damage, the first thousand have told enough
            self._bundle.extend(self._pieces(each))
        if sum(map(len, self._bundle[-64:])) >= _BUNDLE_BYTES or len(self._bundle) >= 64:
            yield from self._bundled()

    def _bundled(self) -> Iterator[Member]:
        if self._bundle:
            content = b"\n".join(self._bundle)
            self._bundle = []
            yield collect((f"(streams up to {self._count})",), (content,), self._guard, is_derived=True)

    def _decoded(self, each: Object, names: tuple[str, ...]) -> Member:
        return collect(names, self._pieces(each), self._guard)

    def _pieces(self, each: Object) -> Iterator[bytes]:
        head = unescaped(each.head)
        data = self._content[each.start : each.end]
        if self._cipher is not None:
            if not self._cipher.is_open:
                raise Incomplete(ENCRYPTED)
            data = self._cipher.stream(data, each.number, each.generation, head)
        yield from decode(data, self._filters_of(head), parameters(head), self._guard)
        if not each.is_whole:
            raise Incomplete(TOO_SHORT)

    def _filters_of(self, head: bytes) -> tuple[bytes, ...]:
        reference = _FILTER_REFERENCE.search(head)
        if reference is not None:
            return names(self._filters.get(int(reference[1]), b""))
        return filters(head)
