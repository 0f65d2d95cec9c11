"""Words and expressions, each set looked for in one pass of Vectorscan: compiled when needed, or brought by a set.

The file `words.bin` of a set, numbers little-endian: "GWORDS01", then for each `Words` or `Expressions` the SHA-256 of
what it was compiled from, the length of what was compiled (u32), and that. What was compiled from something else, or by
another Vectorscan, is passed over.
"""

import hashlib
import struct
from collections.abc import Iterable
from typing import Any, Final

import hyperscan

FILE: Final = "words.bin"
_MARK: Final = b"GWORDS01"
_ENTRY: Final = struct.Struct("<32sL")
_FLAGS: Final = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH
_brought: dict[bytes, bytes] = {}  # once a process, like the words themselves


class Expressions:
    """What is looked for in one pass. each: its number, the expression, flags of Vectorscan for it."""

    def __init__(self, each: Iterable[tuple[int, bytes, int]], *, is_literal: bool = False) -> None:
        self._each = tuple(each)
        self._is_literal = is_literal
        self._database: Any = None  # hyperscan has no types
        self._packed = b""

    def prepared(self) -> Any:
        """Return the compiled expressions. Making them takes some 20 ms, loading what a set brought less than one."""
        if self._database is None:
            self._database = self._loaded() or self._compiled()
        return self._database

    def packed(self) -> bytes:
        """Return them as they stand in the file of a set."""
        if not self._packed:  # a process that builds several sets compiles them once
            content = bytes(hyperscan.dumpb(self._compiled()))
            self._packed = _ENTRY.pack(self._digest(), len(content)) + content
        return self._packed

    def _digest(self) -> bytes:
        return hashlib.sha256(repr((self._is_literal, self._each)).encode("ascii")).digest()

    def _loaded(self) -> Any:
        content = _brought.get(self._digest()) if _brought else None
        if content is None:
            return None
        try:
            database = hyperscan.loadb(content, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
        except hyperscan.HyperscanError:
            return None
        return database

    def _compiled(self) -> Any:
        made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        made.compile(
            expressions=[expression for _, expression, _ in self._each],
            ids=[number for number, _, _ in self._each],
            elements=len(self._each),
            flags=[flags for _, _, flags in self._each],
            literal=self._is_literal,
        )
        made.scratch = hyperscan.Scratch(made)
        return made


class Words(Expressions):
    """Sets of words, in any letters' case. sets: the words of each; expressions, or texts when is_literal."""

    def __init__(self, sets: Iterable[tuple[bytes, ...]], *, is_literal: bool = False) -> None:
        self._sets = tuple(sets)
        each = ((number, word, _FLAGS) for number, words in enumerate(self._sets) for word in words)
        super().__init__(each, is_literal=is_literal)

    def present(self, text: bytes) -> set[int]:
        """Return the numbers of the sets of which a word occurs. One thread at a time."""
        found: set[int] = set()
        self.prepared().scan(text, match_event_handler=_note, context=found)
        return found

    def _digest(self) -> bytes:
        source = repr((_FLAGS, self._is_literal, self._sets))
        return hashlib.sha256(source.encode("ascii")).digest()


def packed(each: Iterable[Expressions]) -> bytes:
    """Return the file of a set."""
    return _MARK + b"".join(words.packed() for words in each)


def bring(content: bytes) -> None:
    """Take what a set brings, for this process and those forked from it. A damaged file brings nothing."""
    _brought.clear()
    if not content.startswith(_MARK):
        return
    at = len(_MARK)
    while at + _ENTRY.size <= len(content):
        digest, length = _ENTRY.unpack_from(content, at)
        at += _ENTRY.size
        if at + length <= len(content):
            _brought[digest] = content[at : at + length]
        at += length


def _note(number: int, _start: int, _end: int, _flags: int, found: set[int]) -> None:
    found.add(number)
