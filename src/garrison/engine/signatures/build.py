"""Build a set of databases from sources as they are: rules, ClamAV's databases, lists of digests."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from garrison.base.errors import Invalid
from garrison.engine import words
from garrison.engine.formats import deobfuscate, pyc
from garrison.engine.hashes import ALGORITHMS, Skipped
from garrison.engine.heuristics import table
from garrison.engine.patterns.writer import PatternWriter
from garrison.engine.set_files import FORMAT, RULES, SET, table_file
from garrison.engine.signatures.compilation import Compilation, Reader
from garrison.engine.signatures.containers import Container
from garrison.engine.signatures.ledger import Tally, total
from garrison.engine.signatures.proofs import Trust
from garrison.engine.signatures.sources import (
    CONTAINERS,
    IGNORE_LISTS,
    PROOF,
    READERS,
    SILENT,
    ending,
    reader_of,
)
from garrison.engine.yara.compiling import compile_rules
from garrison.engine.yara.text import Unreadable, read_rules

Origin = bytes | Callable[[], BinaryIO]  # a source's content, or what opens it: a file that can be sought
_PROOF_BYTES = 1024 * 1024


class Sink(Protocol):
    """Where a built set is written."""

    def create(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open one new file of the set for writing; when the context ends without an error, it is kept."""
        ...

    def scratch(self) -> BinaryIO:
        """Return an empty file without a name, to write, seek and read."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. pua: whether to take signatures on what is merely unwanted. trust: which containers to believe."""

    pua: bool = False
    trust: Trust = field(default_factory=Trust)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What went into a set. rules, hashes: counts (hashes of whole objects by algorithm). digest: SHA-256 of set.json.

    counts: entries of each file of the set. tallies: what became of each source's entries. skipped: what was left out,
    with the reason; the first 10,000 of them.
    """

    rules: int
    hashes: Mapping[str, int]
    digest: str
    skipped: tuple[Skipped, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    tallies: tuple[Tally, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return what crosses a socket: counts read, compiled, skipped by reason, in all and for each source."""
        return {
            "read": sum(tally.read for tally in self.tallies),
            "compiled": sum(tally.compiled for tally in self.tallies),
            "skipped": dict(total(self.tallies)),
            "rules": self.rules,
            "counts": dict(self.counts),
            "digest": self.digest,
            "sources": [tally.to_plain() for tally in self.tallies],
            "left_out": [{"where": each.where, "what": each.what, "why": each.why} for each in self.skipped],
        }


def build(
    sources: Iterable[tuple[str, Origin]],
    sink: Sink,
    about: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> BuildReport:
    """Write a set through the sink; the same sources in the same order give the same bytes.

    sources: name and content of each; the end of the name tells what it is (`sources.READERS`), names without an end
    and .txt, .csv and the like are lists of digests. about: what set.json shall say of this build (version, time, ...);
    the engine knows no clock. What cannot be used is left out and named in the report. Raises OSError of the sources
    and of the sink.
    """
    options = options or Options()
    taken = list(sources)
    with closing(Compilation(sink.scratch, PatternWriter(), options.pua)) as into:
        opened = _Opened(taken, options.trust)
        _read(into, opened, is_ignoring=True)
        _read(into, opened, is_ignoring=False)
        return _write(into, sink, dict(about or {}))


class _Opened:
    """The sources, with the proofs that lie beside containers."""

    def __init__(self, sources: list[tuple[str, Origin]], trust: Trust) -> None:
        self.sources = [(name, origin) for name, origin in sources if ending(name) != PROOF]
        self.trust = trust
        self._proofs = {}
        for name, origin in sources:
            if ending(name) == PROOF:
                with _content(origin) as file:
                    self._proofs[name.rsplit("/", 1)[-1]] = file.read(_PROOF_BYTES)
        self.refused: set[str] = set()

    def proof(self, name: str, version: int) -> bytes:
        """Return the detached signature of a container, b"" when there is none."""
        base = name.rsplit("/", 1)[-1]
        stem, _, end = base.rpartition(".")
        return self._proofs.get(f"{stem}-{version}.{end}{PROOF}") or self._proofs.get(base + PROOF) or b""


def _read(into: Compilation, opened: _Opened, *, is_ignoring: bool) -> None:
    """Read all sources: first the lists of what to ignore, then the rest. A container is first read to its end."""
    for name, origin in opened.sources:
        if ending(name) in CONTAINERS:
            _read_container(into, opened, name, origin, is_ignoring=is_ignoring)
        elif (ending(name) in IGNORE_LISTS) == is_ignoring:
            with _content(origin) as file:
                _read_file(into, name, reader_of(name), file)


def _read_container(into: Compilation, opened: _Opened, name: str, origin: Origin, *, is_ignoring: bool) -> None:
    if name in opened.refused:
        return
    with _content(origin) as file:
        try:
            container = Container(name, file)
            if is_ignoring:
                names = container.check(opened.trust, opened.proof(name, container.version))
                if not any(ending(member) in IGNORE_LISTS for member in names):
                    return
            for member, content in container.members():
                if (ending(member) in IGNORE_LISTS) == is_ignoring and not _is_silent(member):
                    _read_file(into, f"{name}/{member}", READERS.get(ending(member)), content)
        except Invalid as error:
            opened.refused.add(name)
            tally = into.ledger.tally(name)
            tally.read += 1
            into.ledger.skip(tally, "", "the whole container", error.text)


def _is_silent(name: str) -> bool:
    return name in SILENT or ending(name) in SILENT


def _read_file(into: Compilation, name: str, reader: Reader | None, file: BinaryIO) -> None:
    tally = into.ledger.tally(name)
    if reader is None:
        tally.read += 1
        into.ledger.skip(tally, "", "the whole file", "it is no kind of database we know")
    else:
        reader(into, tally, file)


@contextmanager
def _content(origin: Origin) -> Iterator[BinaryIO]:
    with io.BytesIO(origin) if isinstance(origin, bytes) else origin() as file:
        yield file


class _Hashing:
    """Passes on what is written, and keeps its size and digest."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        self._digest.update(content)
        self.size += len(content)
        self._file.write(content)
        return len(content)

    def told(self) -> dict[str, object]:
        return {"bytes": self.size, "sha256": self._digest.hexdigest()}


def _write(into: Compilation, sink: Sink, about: dict[str, str]) -> BuildReport:
    told: dict[str, dict[str, object]] = {}
    counts: dict[str, int] = {}

    def create(name: str, write: Callable[[BinaryIO], int]) -> None:
        with sink.create(name) as file:
            hashing = _Hashing(file)
            entries = write(hashing)  # type: ignore[arg-type]  # all that is asked of it is `write`
        if entries:
            counts[name] = entries
        told[name] = hashing.told()

    create(RULES, lambda file: _rules(into, file))
    create(words.FILE, _words)
    for name, write in into.files():
        create(name, write)
    rules = counts.get(RULES, 0)
    hashes = {name: counts.get(table_file("hashes", name), 0) for name in ALGORITHMS}
    description = {
        "format": FORMAT,
        "about": about,
        "rules": rules,
        "hashes": hashes,
        "counts": counts,
        "files": told,
    }
    summary = (json.dumps(description, indent=1, sort_keys=True) + "\n").encode("ascii")
    with sink.create(SET) as file:
        file.write(summary)
    digest = hashlib.sha256(summary).hexdigest()
    return BuildReport(rules, hashes, digest, tuple(into.ledger.named), counts, into.ledger.tallies())


def _words(file: BinaryIO) -> int:
    file.write(words.packed((deobfuscate.WORDS, table.WORDS, pyc.BEGINNINGS, pyc.CODED)))
    return 0  # none of the sources' entries


def _rules(into: Compilation, file: BinaryIO) -> int:
    """Compile the rules, and settle the counts of their sources."""
    compiled = compile_rules(into.rules)
    file.write(compiled.content)
    skipped = Counter(each.where for each in compiled.skipped)
    for each in compiled.skipped:
        tally = into.ledger.tally(each.where)
        tally.read += 1
        into.ledger.skip(tally, "", each.what, each.why)
    taken = {name: max(_rules_in(text) - skipped[name], 0) for name, text in into.rules}
    if sum(taken.values()) != compiled.count:
        taken = {"rules": compiled.count}  # one file includes another, or has a fault that hides its rules
    for name, count in taken.items():
        tally = into.ledger.tally(name)
        tally.read += count
        tally.compiled += count
    return compiled.count


def _rules_in(text: str) -> int:
    try:
        return len(read_rules(text)[1])
    except Unreadable:
        return 0
