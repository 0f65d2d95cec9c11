"""Match objects against compiled byte patterns and logical signatures."""

import json
import re
import struct
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

import hyperscan

from garrison.engine.matches import Match
from garrison.engine.patterns import pictures
from garrison.engine.patterns.layout import INDEX, MARK, RECORDS, REFERENCE, atoms_file
from garrison.engine.patterns.record import Record, View
from garrison.engine.patterns.search import Spent
from garrison.engine.patterns.targets import HTML, MARKS, TARGETS, TEXT, Marks
from garrison.engine.patterns.views import (
    MOST_GUESSED,
    MOST_TEXT,
    page_views,
    plain_text,
    scripts,
    seems_page,
    seems_text,
)
from garrison.engine.set_files import unusable
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind

_WINDOW: Final = 256 * 1024
_OVERLAP: Final = 7
_KEPT: Final = 4_096  # records that stay read
_NOT_FIXED: Final = 0xFF
_MOST_PLACES: Final = 64  # of one atom in one window; of more, none is tried one by one
_MOST_FOUND: Final = 100
# Types that clamscan does not know, so that it goes by how their first bytes look.
_GUESSED: Final = frozenset(
    {Type.DATA, Type.COMPRESS, Type.LZMA, Type.LZIP, Type.LZ4, Type.ZSTD, Type.PYC, Type.SQUASHFS, Type.DISK, Type.FAT}
)
_DAMAGES = (ValueError, KeyError, TypeError, IndexError, struct.error, re.error, RecursionError, AttributeError)


class _Atoms:
    """The atoms of one target; those of a single kind of object are loaded when the first of that kind comes."""

    __slots__ = ("_blob", "_database", "_references", "_scratch", "_starts", "slow")

    def __init__(self, told: dict[str, Any], arrays: memoryview, blob: memoryview | None) -> None:
        count = told["atoms"]
        self.slow: list[int] = told["slow"]
        self._starts = arrays[told["starts"] : told["starts"] + 4 * (count + 1)].cast("I")
        size = self._starts[count] * REFERENCE.size
        self._references = arrays[told["references"] : told["references"] + size]
        self._blob = blob
        self._database: Any = None

    def load(self) -> bool:
        """Have the atoms in memory; return whether there are any. Raises hyperscan.HyperscanError."""
        if self._database is None and self._blob is not None:
            self._database = hyperscan.loadb(bytes(self._blob), hyperscan.HS_MODE_BLOCK)
            self._scratch = hyperscan.Scratch(self._database)
        return self._database is not None

    def close(self) -> None:
        self._starts.release()
        self._references.release()
        self._blob = self._database = None

    def scan(self, view: View) -> bool:
        """Put the places of all atoms into the view. Return whether all of it was searched in time."""
        if not self.load():
            return True
        content = view.content
        if len(content) <= _WINDOW:
            self._window(view, content, 0)
            return True
        whole = memoryview(content)
        for start in range(0, len(content), _WINDOW - _OVERLAP):
            self._window(view, bytes(whole[start : start + _WINDOW]), start)
            if view.subject.budget.spent():
                return False
        return True

    def _window(self, view: View, content: bytes, start: int) -> None:
        hits: dict[int, list[int]] = {}

        def add(number: int, _from: int, to: int, _flags: int, _context: object) -> None:
            known = hits.get(number)
            if known is None:
                hits[number] = [to]
            elif len(known) <= _MOST_PLACES:
                known.append(to)

        self._database.scan(content, match_event_handler=add, scratch=self._scratch)
        for number, ends in hits.items():
            self._place(view, number, start, ends)

    def _place(self, view: View, number: int, start: int, ends: list[int]) -> None:
        content, is_crowded = view.content, len(ends) > _MOST_PLACES
        for at in range(self._starts[number], self._starts[number + 1]):
            record, part, variant, element, distance, delta, length, guard = REFERENCE.unpack_from(
                self._references, at * REFERENCE.size
            )
            guard = guard[:length]
            if is_crowded and length and guard not in content:
                continue  # it must lie beside each of its places, also those that were not kept
            sound = []
            for to in ends:
                low = start + to + delta
                if not length or (low >= 0 and content[low : low + length] == guard):
                    sound.append((variant, element, start + to - distance if element != _NOT_FIXED else -1))
            if is_crowded or element == _NOT_FIXED:
                sound = [(variant, _NOT_FIXED, -1)]  # some of its places were not kept
            if sound:
                view.hits.setdefault(record, {}).setdefault(part, set()).update(sound)


class PatternStage:
    """Opened patterns. One thread at a time."""

    def __init__(self) -> None:
        self._atoms: dict[int, _Atoms] = {}
        self._offsets: memoryview | None = None
        self._records = memoryview(b"")
        self._marks = Marks(MARKS)
        self._kept: OrderedDict[int, Record] = OrderedDict()
        self.count = 0

    @classmethod
    def open(cls, files: Mapping[str, memoryview]) -> Self:
        """Open what the writer wrote; without its files nothing ever matches. Raises Failed when one is damaged."""
        stage = cls()
        if INDEX not in files:
            return stage
        try:
            stage._load(files)
        except (*_DAMAGES, hyperscan.HyperscanError) as error:
            raise unusable(f"{INDEX} is damaged") from error
        return stage

    def _load(self, files: Mapping[str, memoryview]) -> None:
        index = files[INDEX]
        if bytes(index[: len(MARK)]) != MARK:
            raise ValueError("it has another mark")
        (length,) = struct.unpack_from("<I", index, len(MARK))
        start = len(MARK) + 4
        header = json.loads(bytes(index[start : start + length]))
        arrays = index[start + length :]
        self.count = header["records"]
        self._offsets = arrays[header["offsets"] : header["offsets"] + 8 * (self.count + 1)].cast("Q")
        self._records = files[RECORDS]
        for name, told in header["targets"].items():
            blob = files[atoms_file(int(name))] if told["atoms"] else None
            self._atoms[int(name)] = _Atoms(told, arrays, blob)
        if 0 in self._atoms:
            self._atoms[0].load()  # every object is searched for these: once for all workers
        arrays.release()
        own = ((int(at), bytes.fromhex(mark), int(target)) for at, mark, target in header["marks"])
        self._marks = Marks((*MARKS, *own))
        if "pictures" in header["needs"]:
            pictures.prepare()

    def close(self) -> None:
        """Let go of the memory."""
        for atoms in self._atoms.values():
            atoms.close()
        self._atoms = {}
        self._kept.clear()
        if self._offsets is not None:
            self._offsets.release()

    def match(self, subject: Subject) -> list[Match]:
        """Return the signatures that match an object; none of those that there was no time for."""
        if not self._atoms or not subject.content:
            return []
        found: dict[int, Match] = {}
        target = TARGETS.get(subject.kind, 0)
        also = self._marks.targets(subject.content) - {target} if target in {0, TEXT} else set()
        try:
            for view, targets in self._views(subject, target, also):
                self._match(view, targets, found)
        except Spent:
            pass  # the examination says so itself
        return list(found.values())

    def _views(self, subject: Subject, target: int, also: set[int]) -> Iterator[tuple[View, tuple[int, ...]]]:
        general = sorted(({target} | also) & self._atoms.keys() - {0, TEXT})
        yield View(subject, subject.content), (0, *general)
        is_page = HTML in also or self._is_page(subject, target)
        if is_page:
            for content in page_views(subject.content):
                yield View(subject, content, is_page=True), (0, HTML)
            script = scripts(subject.content)
            if script:
                yield View(subject, script, is_page=True), (0, HTML)
                yield View(subject, script, is_page=True), (TEXT,)
        if TEXT in also or (self._is_text(subject, target) and not (is_page and target == HTML)):
            yield View(subject, plain_text(subject.content[:MOST_TEXT])), (0, TEXT)

    def _is_page(self, subject: Subject, target: int) -> bool:
        """Return whether an object is also looked at as a page; clamscan takes much for one that has a tag."""
        if not self._atoms.keys() & {0, TEXT, HTML}:
            return False
        return (target in {HTML, TEXT} or subject.kind == Type.DATA) and seems_page(subject.content)

    def _is_text(self, subject: Subject, target: int) -> bool:
        """Return whether an object is also looked at as text. What is longer clamscan leaves alone."""
        is_told = target in {HTML, TEXT}
        most = MOST_TEXT if is_told else MOST_GUESSED
        if not self._atoms.keys() & {0, TEXT} or len(subject.content) > most:
            return False
        return is_told or (subject.kind in _GUESSED and seems_text(subject.content))

    def _match(self, view: View, targets: tuple[int, ...], found: dict[int, Match]) -> None:
        for target in targets:
            atoms = self._atoms.get(target)
            if atoms is None:
                continue
            if not atoms.scan(view):
                raise Spent
            for number in atoms.slow:
                view.hits.setdefault(number, {})
        for number, hits in sorted(view.hits.items()) if view.hits else ():
            if number in found:
                continue
            record = self._record(number)
            offset = record.match(view, hits)
            if offset >= 0:
                where = offset if view.content is view.subject.content else -1
                found[number] = _match(record, where)
                if len(found) >= _MOST_FOUND:
                    raise Spent
            elif view.subject.budget.spent():
                raise Spent

    def _record(self, number: int) -> Record:
        record = self._kept.get(number)
        if record is None:
            assert self._offsets is not None
            try:
                record = Record(bytes(self._records[self._offsets[number] : self._offsets[number + 1]]))
            except _DAMAGES as error:
                raise unusable(f"{RECORDS} is damaged") from error
            self._kept[number] = record
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return record


def _match(record: Record, offset: int) -> Match:
    kind = Kind.TROJAN
    return Match(record.name, kind, Certainty.KNOWN, f"pattern {record.name} of {record.source}", record.name, offset)
