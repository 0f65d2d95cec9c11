"""The databases on disk: built from rules and hash lists, opened by descriptor.

A set is the files of one folder:

    set.json            what it is: format, counts, what the builder said about it, size and SHA-256 of each other file
    rules.yrx           the rules, compiled and serialized by YARA-X
    hashes-md5.bin      digests, sorted (see `hashes`); likewise hashes-sha1.bin and hashes-sha256.bin
"""

import hashlib
import io
import json
import mmap
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, Self

import yara_x

from garrison.base.errors import Failed
from garrison.engine.hashes import ALGORITHMS, HashLists, HashTable, Skipped
from garrison.engine.rulebook import Rulebook, compile_rules
from garrison.engine.subject import Subject
from garrison.engine.verdict import Certainty, Kind

FORMAT: Final = 1
SET = "set.json"
RULES = "rules.yrx"
FILES = (SET, RULES, *(f"hashes-{name}.bin" for name in ALGORITHMS))
_SET_BYTES = 1024 * 1024


class Sink(Protocol):
    """Where a built set is written."""

    def write(self, name: str, content: bytes) -> None:
        """Store one file of the set."""
        ...


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What went into a set. rules, hashes: counts (hashes by algorithm). digest: SHA-256 of set.json, hexadecimal.

    skipped: every rule and line that was left out, with the reason.
    """

    rules: int
    hashes: Mapping[str, int]
    digest: str
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One reason to call an object a threat.

    why: a sentence for people. signature: what matched, as its database names it. offset: where in the object the first
    of its patterns lies, -1 when that says nothing. score: of heuristics, 0 otherwise.
    """

    name: str
    kind: Kind
    certainty: Certainty
    why: str
    signature: str = ""
    offset: int = -1
    score: int = 0


@dataclass(frozen=True, slots=True)
class Matches:
    """What matched an object. remark: what could not be matched, or ""."""

    found: tuple[Match, ...] = ()
    remark: str = ""


NOTHING = Matches()


def build(
    rule_sources: Iterable[tuple[str, str]],
    hash_lists: Iterable[tuple[str, bytes]],
    sink: Sink,
    about: Mapping[str, str] | None = None,
) -> BuildReport:
    """Write a set through the sink; the same input gives the same bytes.

    rule_sources: name and text of each file of YARA rules. hash_lists: name and content of each list (`HashLists.add`
    tells their form). about: what set.json shall say of this build (version, time, ...); the engine knows no clock.
    What cannot be used is left out and named in the report; only the sink's own errors are raised.
    """
    compiled = compile_rules(rule_sources)
    lists = HashLists()
    for name, content in hash_lists:
        lists.add(name, content)
    files = {RULES: compiled.content} | {f"hashes-{name}.bin": lists.file(name) for name in ALGORITHMS}
    hashes = {name: lists.count(name) for name in ALGORITHMS}
    description = {
        "format": FORMAT,
        "about": dict(about or {}),
        "rules": compiled.count,
        "hashes": hashes,
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    summary = (json.dumps(description, indent=1, sort_keys=True) + "\n").encode("ascii")
    for name, content in files.items():
        sink.write(name, content)
    sink.write(SET, summary)
    skipped = (*compiled.skipped, *lists.skipped)
    return BuildReport(compiled.count, hashes, hashlib.sha256(summary).hexdigest(), skipped)


@dataclass(slots=True, repr=False, eq=False)
class Detector:
    """An opened set. One thread at a time. Close it, or use it as a context, to let go of the memory maps.

    about: what the builder said of it. rules, hashes: counts. passwords: what the set tries encrypted members with.
    """

    about: Mapping[str, str]
    rules: int
    hashes: Mapping[str, int]
    _rulebook: Rulebook
    _tables: tuple[HashTable, ...]
    _views: list["_View"] = field(default_factory=list)
    passwords: tuple[bytes, ...] = ()

    @classmethod
    def open(cls, files: Mapping[str, int], seconds_per_object: int = 20) -> Self:
        """Open a set from read-only descriptors by file name; they may be closed afterwards.

        seconds_per_object: after which matching one object is given up. Raises Failed when a file is missing, damaged
        (its SHA-256 is compared), or made for another version.
        """
        views: dict[str, _View] = {}
        try:
            description = _description(_map(files, SET, views))
            for name in FILES[1:]:
                _check(_map(files, name, views), name, description)
            rulebook = Rulebook(_deserialized(views[RULES].content), seconds_per_object)
            tables = [HashTable(name, views[f"hashes-{name}.bin"].content) for name in ALGORITHMS]
        except Failed:
            _close(views.values())
            raise
        kept = [view for name, view in views.items() if name.startswith("hashes-")]
        _close(view for name, view in views.items() if not name.startswith("hashes-"))
        used = tuple(table for table in tables if table.count)
        return cls(description["about"], description["rules"], description["hashes"], rulebook, used, kept)

    def match(self, subject: Subject) -> Matches:
        """Return what matches an object; of one that is not whole, digests say nothing."""
        found: list[Match] = []
        content = subject.content
        if subject.is_whole and content:
            for table in self._tables:
                threat = table.find(subject) if table.wants(len(content)) else None
                if threat is not None:
                    why = f"{table.algorithm} in list {threat.listed_in}"
                    found.append(Match(threat.name, threat.kind, Certainty.KNOWN, why))
        hits, remark = self._rulebook.match(content, subject.kind)
        found.extend(Match(hit.threat, hit.kind, hit.certainty, f"rule {hit.rule}", hit.rule) for hit in hits)
        return Matches(tuple(found), remark) if found or remark else NOTHING

    def close(self) -> None:
        """Let go of the memory maps; the detector cannot be used any more."""
        for table in self._tables:
            table.close()
        self._tables = ()
        _close(self._views)
        self._views = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _View:
    """One file in memory. An empty file cannot be mapped, and is no file of a set."""

    def __init__(self, descriptor: int) -> None:
        self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        self.content = memoryview(self._map)

    def close(self) -> None:
        self.content.release()
        try:
            self._map.close()
        except BufferError:  # a slice of it lives on in the error that is being raised; the map goes with it
            return


def _close(views: Iterable[_View]) -> None:
    for view in views:
        view.close()


def _map(files: Mapping[str, int], name: str, views: dict[str, _View]) -> memoryview:
    if name not in files:
        raise _unusable(f"{name} is missing")
    try:
        if os.fstat(files[name]).st_size == 0:
            raise _unusable(f"{name} is empty")
        views[name] = _View(files[name])
    except (OSError, ValueError) as error:
        raise _unusable(f"{name} cannot be read") from error
    return views[name].content


def _description(content: memoryview) -> dict[str, Any]:
    try:
        plain = json.loads(bytes(content[:_SET_BYTES]))
        made_for = plain["format"]
        is_sound = (
            isinstance(plain["about"], dict)
            and isinstance(plain["rules"], int)
            and isinstance(plain["hashes"], dict)
            and all(isinstance(plain["files"][name]["sha256"], str) for name in FILES[1:])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(f"{SET} is damaged") from error
    if made_for != FORMAT:
        raise _unusable("they were made for another version of Garrison")
    if not is_sound:
        raise _unusable(f"{SET} is damaged")
    return dict(plain)


def _check(content: memoryview, name: str, description: dict[str, Any]) -> None:
    if hashlib.sha256(content).hexdigest() != description["files"][name]["sha256"]:
        raise _unusable(f"{name} is damaged")


def _deserialized(content: memoryview) -> yara_x.Rules:
    try:
        return yara_x.Rules.deserialize_from(io.BytesIO(content))
    except OSError as error:
        raise _unusable(f"{RULES} was made by another version of YARA-X") from error


def _unusable(why: str) -> Failed:
    return Failed(f"The databases cannot be used: {why}.", "Update the databases.", "databases.update")
