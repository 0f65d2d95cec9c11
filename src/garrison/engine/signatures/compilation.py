"""What a set is made of while it is being built: the writers of its parts, and what is to be left out."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Protocol

from garrison.engine.hashes import ALGORITHMS
from garrison.engine.patterns.layout import RECORDS as PATTERN_RECORDS
from garrison.engine.set_files import LISTED, PASSWORDS, table_file
from garrison.engine.signatures.ledger import Ledger, Tally
from garrison.engine.signatures.spool import Scratch, Spool
from garrison.engine.signatures.tables import TableWriter
from garrison.engine.verdict import Kind

_LINE_BYTES = 1024 * 1024
_NAME_CHARS = 200
_BOM = b"\xef\xbb\xbf"


class Patterns(Protocol):
    """Takes byte patterns and logical signatures. count: of those taken."""

    count: int

    def extended(self, line: str, where: str, is_pua: bool) -> None:
        """Take a line of an .ndb file. Raises ValueError."""
        ...

    def logical(self, line: str, where: str, is_pua: bool) -> None:
        """Take a line of an .ldb file. Raises ValueError."""
        ...

    def typed(self, line: str, where: str) -> None:
        """Take a line of an .ftm file. Raises ValueError."""
        ...

    def write(self) -> dict[str, bytes]:
        """Return the files of the set."""
        ...


@dataclass(slots=True)
class Compilation:
    """The parts of a set. patterns: takes those. pua: whether signatures on what is merely unwanted are taken.

    ignored: by name, the MD5s of the lines that are left out; an empty set stands for every line of that name.
    rules: name and text of each file of YARA rules. listed: signatures on what archives list.
    """

    scratch: Scratch
    patterns: Patterns
    pua: bool = False
    ledger: Ledger = field(default_factory=Ledger)
    ignored: dict[bytes, set[bytes]] = field(default_factory=dict)
    rules: list[tuple[str, str]] = field(default_factory=list)
    listed: list[list[object]] = field(default_factory=list)
    passwords: dict[bytes, None] = field(default_factory=dict)
    _tables: dict[tuple[str, str], TableWriter] = field(default_factory=dict)
    _verbatim: dict[str, Spool] = field(default_factory=dict)

    def add(self, table: str, digest: bytes, size: int, name: bytes, kind: Kind, source: str) -> None:
        """Take a digest into a table; its length tells the algorithm. Raises ValueError."""
        writer = self._tables.get((table, _BY_LENGTH[len(digest)]))
        if writer is None:
            algorithm = _BY_LENGTH[len(digest)]
            writer = self._tables[table, algorithm] = TableWriter(algorithm, self.scratch)
        writer.add(digest, size, name, kind, source)

    def keep(self, file: str, line: bytes) -> None:
        """Take a line as it is into a file of the set."""
        if file not in self._verbatim:
            self._verbatim[file] = Spool(self.scratch)
        self._verbatim[file].append(line + b"\n")

    def ignore(self, name: bytes, digest: bytes | None) -> None:
        """Leave out signatures of this name: all, or the line with this MD5."""
        known = self.ignored.get(name)
        if digest is None:
            self.ignored[name] = set()
        elif known is None:
            self.ignored[name] = {digest}
        elif known:
            known.add(digest)

    def check_ignored(self, name: bytes, line: bytes) -> None:
        """Refuse a signature that an ignore list names. line: without its end. Raises ValueError."""
        digests = self.ignored.get(name)
        if digests is None:
            return
        if not digests or hashlib.md5(line, usedforsecurity=False).digest() in digests:
            raise ValueError("an ignore list names it")

    def files(self) -> Iterator[tuple[str, Callable[[BinaryIO], int]]]:
        """Yield the name of each file of the set, and what writes it and returns the number of its entries."""
        for (table, algorithm), writer in sorted(self._tables.items(), key=lambda item: item[0]):
            yield table_file(table, algorithm), partial(writer.write, doubled=self._doubled)
        for name, spool in sorted(self._verbatim.items()):
            yield name, partial(_copy, spool)
        for name, content in sorted(self.patterns.write().items()):
            yield name, partial(_write, content, self.patterns.count if name == PATTERN_RECORDS else 0)
        if self.listed:
            yield LISTED, lambda file: _dump(file, self.listed)
        if self.passwords:
            yield PASSWORDS, lambda file: _dump(file, [password.hex() for password in self.passwords])

    def _doubled(self, source: str, digest: bytes, name: str) -> None:
        tally = self.ledger.tally(source)
        tally.compiled -= 1
        self.ledger.skip(tally, "", f"{digest.hex()}:{name}", "already listed under another name")

    def close(self) -> None:
        """Let go of what lies in nameless files."""
        for writer in self._tables.values():
            writer.close()
        for spool in self._verbatim.values():
            spool.close()


_BY_LENGTH = {length: name for name, length in ALGORITHMS.items()}
TakeLine = Callable[[Compilation, str, bytes], None]
Reader = Callable[[Compilation, Tally, BinaryIO], None]


def by_line(take: TakeLine, *, is_loose: bool = False) -> Reader:
    """Return the reader of a file with one signature a line; `take` raises ValueError for one that cannot be used.

    is_loose: whether blanks around a line and a byte order mark are no part of it.
    """

    def read(into: Compilation, tally: Tally, file: BinaryIO) -> None:
        for number, raw in _lines(file):
            line = raw.strip().removeprefix(_BOM).strip() if is_loose else raw
            if not line or line.startswith(b"#"):
                continue
            tally.read += 1
            try:
                take(into, tally.source, _short_enough(line))
            except ValueError as error:
                into.ledger.skip(tally, str(number), line[:_NAME_CHARS].decode("utf-8", "replace"), _sentence(error))
            else:
                tally.compiled += 1

    return read


def whole(why: str) -> Reader:
    """Return the reader that leaves out every line of a file, for this reason."""

    def refuse(_into: Compilation, _source: str, _line: bytes) -> None:
        raise ValueError(why)

    return by_line(refuse)


def _short_enough(line: bytes) -> bytes:
    if len(line) >= _LINE_BYTES:
        raise ValueError("the line is too long")
    return line


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(_LINE_BYTES):
        number += 1
        if len(line) == _LINE_BYTES and not line.endswith(b"\n"):
            while (more := file.readline(_LINE_BYTES)) and not more.endswith(b"\n"):
                pass
            yield number, line
        else:
            yield number, line.rstrip(b"\r\n")


def _sentence(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    return str(error) or "it cannot be understood"


def _copy(spool: Spool, file: BinaryIO) -> int:
    lines = 0
    for piece in spool.pieces():
        file.write(piece)
        lines += piece.count(b"\n")
    return lines


def _write(content: bytes, entries: int, file: BinaryIO) -> int:
    file.write(content)
    return entries


def _dump(file: BinaryIO, entries: list[object] | list[list[object]] | list[str]) -> int:
    file.write(json.dumps(entries, ensure_ascii=True, separators=(",", ":")).encode("ascii"))
    return len(entries)
