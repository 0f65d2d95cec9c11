"""The databases as the engine uses them: opened by descriptor, asked about one object after another.

What lies in which file of a set stands in `set_files`; who builds one, in `signatures`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from garrison.base.errors import Failed
from garrison.engine import words
from garrison.engine.formats.opener import Listed
from garrison.engine.hashes import ALGORITHMS, HashTable, Threat
from garrison.engine.listings import Listings
from garrison.engine.matches import NOTHING, Match, Matches
from garrison.engine.patterns.stage import PatternStage
from garrison.engine.set_files import (
    LISTED,
    PASSWORDS,
    RULES,
    TABLES,
    View,
    close_all,
    open_views,
    table_file,
    unusable,
)
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty
from garrison.engine.yara.rulebook import Rulebook

_MOST_SECTIONS: Final = 100  # ClamAV looks at no more either

Digest = Callable[[str], bytes]


@dataclass(slots=True, repr=False, eq=False)
class _Tables:
    """The tables of digests that are in the set, by what they are about."""

    whole: tuple[HashTable, ...]
    sections: tuple[HashTable, ...]
    imports: tuple[HashTable, ...]
    allowed: tuple[HashTable, ...]

    @classmethod
    def open(cls, views: Mapping[str, View]) -> Self:
        """Open those that are there. Raises Failed when one is damaged."""
        opened = []
        for table in TABLES:
            names = {algorithm: table_file(table, algorithm) for algorithm in ALGORITHMS}
            there = {algorithm: name for algorithm, name in names.items() if name in views}
            opened.append(tuple(HashTable(algorithm, views[name].content) for algorithm, name in there.items()))
        return cls(*opened)

    def find(self, subject: Subject) -> list[Match]:
        """Return what is listed of an object that is whole."""
        found = []
        for table in self.whole:
            if table.wants(len(subject.content)):
                threat = table.find(subject.digest(table.algorithm), len(subject.content))
                if threat is not None:
                    found.append(_match(threat, table.algorithm))
        if subject.kind == Type.PE and (self.sections or self.imports):
            found += self._program(subject)
        return found

    def _program(self, subject: Subject) -> list[Match]:
        program = subject.program()
        if program is None:
            return []
        found = []
        for table in self.imports:
            threat = table.find(program.import_hash, None) if program.import_hash else None
            if threat is not None:
                found.append(_match(threat, f"{table.algorithm} of its imports"))
        for section in program.sections[:_MOST_SECTIONS] if self.sections else ():
            for table in self.sections:
                if section.size and table.wants(section.size):
                    digest = _digest_of(subject.content[section.offset : section.offset + section.size])
                    threat = table.find(digest(table.algorithm), section.size)
                    if threat is not None:
                        found.append(_match(threat, f"{table.algorithm} of its section {section.name}", section.offset))
        return found

    def allows(self, subject: Subject) -> bool:
        """Return whether an object, or something it lies in, is listed as no threat."""
        each: Subject | None = subject
        while each is not None and self.allowed:
            if each.is_whole and self._is_allowed(each):
                return True
            each = each.parent
        return False

    def _is_allowed(self, subject: Subject) -> bool:
        size = len(subject.content)
        return any(
            table.wants(size) and table.find(subject.digest(table.algorithm), size) is not None
            for table in self.allowed
        )

    def close(self) -> None:
        """Let go of the memory maps."""
        for table in (*self.whole, *self.sections, *self.imports, *self.allowed):
            table.close()


@dataclass(slots=True, repr=False, eq=False)
class Detector:
    """An opened set. One thread at a time. Close it, or use it as a context, to let go of the memory maps.

    about: what the builder said of it. rules, hashes: counts. passwords: to try on what is encrypted.
    """

    about: Mapping[str, str]
    rules: int
    hashes: Mapping[str, int]
    passwords: tuple[bytes, ...]
    _rulebook: Rulebook
    _tables: _Tables
    _patterns: PatternStage
    _listings: Listings | None
    _views: list[View] = field(default_factory=list)

    @classmethod
    def open(cls, files: Mapping[str, int], seconds_per_object: int = 20) -> Self:
        """Open a set from read-only descriptors by file name; they may be closed afterwards.

        seconds_per_object: after which matching one object is given up. Sizes and marks are compared; `check_set` reads
        everything. Raises Failed when a file is missing, damaged as far as one sees, or made for another version.
        """
        description, views = open_views(files)
        if words.FILE in views:
            words.bring(bytes(views[words.FILE].content))
        try:
            return cls(
                description["about"],
                description["rules"],
                description["hashes"],
                _passwords(views),
                Rulebook(views[RULES].content, seconds_per_object),
                _Tables.open(views),
                PatternStage.open({name: view.content for name, view in views.items()}),
                Listings(bytes(views[LISTED].content)) if LISTED in views else None,
                list(views.values()),
            )
        except Failed:
            close_all(views.values())
            raise

    def match(self, subject: Subject) -> Matches:
        """Return what matches an object; of one that is not whole, digests say nothing."""
        found: list[Match] = []
        if subject.is_whole and subject.content:
            found += self._tables.find(subject)
        found += self._patterns.match(subject)
        hits, remark = self._rulebook.match(subject.content, subject.kind)
        for hit in hits:
            found.append(Match(hit.threat, hit.kind, hit.certainty, f"rule {hit.rule}", hit.rule, hit.offset))
        if found and self._tables.allows(subject):
            found = []
        return Matches(tuple(found), remark) if found or remark else NOTHING

    def allows(self, subject: Subject) -> bool:
        """Return whether an object, or something it lies in, is listed as no threat."""
        return self._tables.allows(subject)

    def open_rules(self, buckets: Iterable[int] | None = None) -> None:
        """Open YARA rules, which are else opened as objects want them. buckets: as Unopened told them, None for all.

        Raises Failed when they are damaged.
        """
        self._rulebook.open(buckets)

    def seal(self) -> None:
        """Do now what cannot be done in a closed sandbox: start threads.

        From now on `match` raises Unopened when an object wants YARA rules that are not open.
        """
        self._rulebook.seal()

    def rest(self) -> None:
        """Give back the memory of what was read of the files while they were opened."""
        for view in self._views:
            view.rest()

    def match_listed(self, listed: Listed, container: Subject) -> Matches:
        """Return what matches a member, by what the archive around it lists of it."""
        if self._listings is None:
            return NOTHING
        found = self._listings.match(listed, container)
        return Matches(tuple(found)) if found and not self._tables.allows(container) else NOTHING

    def close(self) -> None:
        """Let go of the memory maps; the detector cannot be used any more."""
        self._tables.close()
        self._patterns.close()
        self._rulebook.close()
        self._tables = _Tables((), (), (), ())
        self._listings = None
        close_all(self._views)
        self._views = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _match(threat: Threat, of: str, offset: int = -1) -> Match:
    why = f"{of} in list {threat.listed_in}"
    return Match(threat.name, threat.kind, Certainty.KNOWN, why, threat.name, offset)


def _digest_of(content: bytes) -> Digest:
    return Subject(content, Type.DATA).digest


def _passwords(views: Mapping[str, View]) -> tuple[bytes, ...]:
    if PASSWORDS not in views:
        return ()
    try:
        plain: Any = json.loads(bytes(views[PASSWORDS].content))
        return tuple(bytes.fromhex(password) for password in plain)
    except (ValueError, TypeError, RecursionError) as error:
        raise unusable(f"{PASSWORDS} is damaged") from error


__all__ = ["Detector", "Match", "Matches"]
