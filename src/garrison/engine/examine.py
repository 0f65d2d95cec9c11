"""What is this object? Identify it, match it, open it, and do the same with all that is inside."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from garrison.engine.budget import Budget, Limits
from garrison.engine.databases import Detector
from garrison.engine.description import describe
from garrison.engine.formats import archives, images
from garrison.engine.formats.late import opener
from garrison.engine.formats.opener import Member, Opener
from garrison.engine.formats.openers import CLOSED, OPENERS
from garrison.engine.formats.zip_directory import has_directory
from garrison.engine.guard import PASSWORDS, Guard
from garrison.engine.heuristics.assess import assess
from garrison.engine.heuristics.levels import Level
from garrison.engine.identify import identify, identify_source
from garrison.engine.judge import Said, judge
from garrison.engine.matches import Match
from garrison.engine.source import Source
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Verdict

_ZIP = opener("zip")
_PLAIN = {Type.DATA, Type.TEXT}
# What tells a document or a program that is a zip: of Office, of OpenDocument and EPUB, of Java.
_ZIPPED = (b"[Content_Types].xml", b"mimetypeapplication/", b"META-INF/")
# Their own openers read them to the end; in anything else a zip may lie behind.
_PACKED = frozenset(kind for family in (archives, images) for kind in family.OPENERS) - {Type.ELF, Type.PE, Type.DOS}


def examine(  # what an examination is made of
    source: Source,
    name: str,
    detector: Detector,
    limits: Limits,
    budget: Budget,
    level: Level = Level.MEDIUM,
) -> Verdict:
    """Return the verdict on a file and on everything inside it.

    name: the file's own name, which names what is inside a compressed file; the type comes from the content.
    level: how soon the heuristics call something probable.
    What cannot be read, opened or checked is a remark: nothing a file contains makes this raise.
    """
    return _Examination(source, name, detector, limits, budget, level).verdict()


@dataclass(slots=True)
class _Level:
    """A container that is being read."""

    subject: Subject
    inner: tuple[str, ...]
    members: Iterator[Member]
    seen: set[tuple[int, int]] = field(default_factory=set)


class _Examination:
    def __init__(  # likewise
        self, source: Source, name: str, detector: Detector, limits: Limits, budget: Budget, level: Level
    ) -> None:
        self._level = level
        self._source = source
        self._name = name
        self._detector = detector
        self._limits = limits
        self._guard = Guard(limits, budget, source.size, (*detector.passwords, *PASSWORDS))
        self._said = Said()
        self._levels: list[_Level] = []  # a list of work, outermost first: no recursion, however deep it goes
        self._size = source.size
        self._is_whole = False
        self._budget = budget

    def verdict(self) -> Verdict:
        subject = self._file()
        while self._levels:
            self._step(self._levels[-1])
        if not self._guard.stopped and self._budget.spent():
            self._said.remark("limit reached: time")  # matching ended early where it asked
        subtype, why = describe(subject)
        return Verdict(
            type=subject.kind,
            subtype=subtype,
            type_why=why,
            objects=self._guard.objects,
            bytes=self._size + self._guard.unpacked,
            findings=self._said.findings(),
            remarks=self._said.remarks(),
            sha256=self._digest() if self._said.found else "",
        )

    def _file(self) -> Subject:
        """Examine the file itself: all of it, or its beginning."""
        try:
            content = self._source.read_at(0, self._limits.object_bytes)
            is_whole = len(content) < self._limits.object_bytes or not self._source.read_at(len(content), 1)
        except (OSError, MemoryError) as error:
            self._said.remark(_unreadable(error))
            return Subject(b"", Type.DATA, self._name)
        if is_whole:
            self._source = Source(content)  # nobody can change it under us any more
            self._size = len(content)
            self._is_whole = True
        else:
            self._said.remark(self._guard.size_remark)
        try:
            kind = identify_source(self._source)
        except OSError as error:
            self._said.remark(_unreadable(error))
            kind = identify(content[:4096])
        subject = Subject(content, kind, self._name, None, is_whole, budget=self._budget)
        self._object(subject, self._source, ())
        return subject

    def _step(self, level: _Level) -> None:
        """Examine the next member of a container."""
        try:
            member = next(level.members, None)
        except (OSError, MemoryError) as error:
            self._said.remark(_unreadable(error), level.inner)
            member = None
        if member is None:
            self._levels.pop()
            return
        inner = level.inner + member.names
        if member.remark != self._guard.stopped:
            self._said.remark(member.remark, inner)
        if member.listed is not None:
            listed = self._detector.match_listed(member.listed, level.subject)
            if listed.found:
                self._said.find(judge(listed.found, inner))
        if member.content is not None:
            self._member(member, member.content, level, inner)
        if self._guard.stopped:
            self._said.stop(self._guard.stopped, level.inner)
            self._levels.clear()

    def _member(self, member: Member, content: bytes, level: _Level, inner: tuple[str, ...]) -> None:
        # Two openers of one container may come upon the same object.
        known = (len(content), hash(content))
        if known in level.seen and not member.remark:
            return
        level.seen.add(known)
        source = Source(content)
        subject = Subject(
            content,
            member.kind or identify_source(source),
            member.names[-1],
            level.subject,
            is_whole=member.remark != self._guard.size_remark,  # what damage left may be all there ever was
            is_derived=member.is_derived,
            budget=self._budget,
        )
        self._object(subject, source, inner)

    def _object(self, subject: Subject, source: Source, inner: tuple[str, ...]) -> None:
        """Match an object, and open it when it is a container."""
        matches = self._detector.match(subject)
        self._said.remark(matches.remark, inner)
        found = (*matches.found, *self._suspicion(subject))
        if found:
            self._said.find(judge(found, inner))
        self._open(subject, source, inner)

    def _suspicion(self, subject: Subject) -> tuple[Match, ...]:
        assessed = assess(subject, self._level)
        if assessed is None or self._detector.allows(subject):
            return ()
        why = "; ".join(assessed.reasons)
        signature = "+".join(assessed.rules) or assessed.name
        return (Match(assessed.name, assessed.kind, Certainty.PROBABLE, why, signature, -1, assessed.score),)

    def _open(self, subject: Subject, source: Source, inner: tuple[str, ...]) -> None:
        if not self._limits.archives and _is_archive(subject.kind, source):
            return
        openers = self._openers(subject.kind, source, inner)
        if not openers:
            self._said.remark(CLOSED.get(subject.kind, ""), inner)
            return
        if len(self._levels) >= self._limits.depth:
            if subject.kind in _PLAIN:
                return  # most often there is nothing in it
            self._said.remark(f"limit reached: nested deeper than {self._limits.depth}", inner)
            return
        name = subject.name or self._name
        source.program = subject.program()
        members = chain.from_iterable(each(source, self._guard, name) for each in openers)
        self._levels.append(_Level(subject, inner, members))

    def _openers(self, kind: Type, source: Source, inner: tuple[str, ...]) -> tuple[Opener, ...]:
        openers = OPENERS[kind]
        if kind in _PACKED or source.size < 22:
            return openers
        try:
            # A zip behind a program, a page, a picture.
            return (*openers, _zip_in_ole if kind is Type.OLE else _ZIP) if has_directory(source) else openers
        except OSError as error:
            self._said.remark(_unreadable(error), inner)
            return openers

    def _digest(self) -> str:
        """Return the file's SHA-256, or "" when it cannot be read to its end in time."""
        digest = hashlib.sha256()
        try:
            for piece in self._source.pieces():
                digest.update(piece)
                if not self._is_whole and self._budget.spent():
                    return ""
        except OSError:
            return ""
        return digest.hexdigest()


def _zip_in_ole(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield what a zip behind an OLE file holds, without a word on damage.

    Slides hold zips of shapes whose sectors lie apart; what opens OLE puts these together, and says what is damaged.
    """
    for member in _ZIP(source, guard, name):
        if not member.remark.startswith("damaged"):
            yield member
        elif member.content is not None:
            yield replace(member, remark="")


def _is_archive(kind: Type, source: Source) -> bool:
    """Return whether an object is nothing but a container of other files."""
    return kind in _PACKED and not (kind is Type.ZIP and any(mark in source.head() for mark in _ZIPPED))


def _unreadable(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "not checked: out of memory"
    return f"could not be read: {(error.strerror or str(error)).lower()}"
