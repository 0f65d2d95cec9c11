"""Judges what was done to documents: pure, without a clock or a file, so that it can be tested by properties.

Ransomware turns content into what looks random, under no name that a program would know. `damage` compares a file
before and after; `Scores` adds that up by who did it.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

BLOCK_BYTES = 2048
_LEAST_BYTES = 128  # below that nothing can be told of randomness
_LEAST_SYMBOLS = 16
_SIGMAS = 6.0
_SEPARATORS = b"\r\n="
_FADES = 0.5  # what a deed counts when it is older than a tenth of the window
_FOLDER_WEIGHT = 0.1
_MOST_FOLDER_WEIGHT = 0.5
_LONE_DELETION = 0.2
_MENDABLE = 0.5  # below that, a good content later makes up for it
_ZIP, _ZIP64 = 0, 0xFFFFFFFF  # the first of _MAGIC
_MAGIC = (  # what a file starts with, and what must be in its last block, b"" for nothing
    (b"PK\x03\x04", b"PK\x05\x06"), (b"\xff\xd8\xff", b"\xff\xd9"), (b"\x89PNG\r\n\x1a\n", b"IEND"),
    (b"%PDF-", b"%%EOF"), (b"GIF8", b""), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b""), (b"SQLite format 3\0", b""),
    (b"\x1f\x8b\x08", b""), (b"BZh", b""), (b"\xfd7zXZ\0", b""), (b"(\xb5/\xfd", b""), (b"7z\xbc\xaf'\x1c", b""),
    (b"Rar!\x1a\x07", b""), (b"\x7fELF", b""), (b"RIFF", b""), (b"OggS", b""), (b"ID3", b""), (b"fLaC", b""),
    (b"PACK", b""), (b"\xfftOc", b""), (b"DIRC", b""), (b"x\x01", b""), (b"II*\0", b""), (b"MM\0*", b""),
    (b"\x1aE\xdf\xa3", b""), (b"wOF", b""), (b"{\\rtf", b"}"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read of a file: its size, and its first, middle and last block (fewer of a small file)."""

    size: int
    blocks: tuple[bytes, ...] = ()

    @property
    def head(self) -> bytes:
        """The first block."""
        return self.blocks[0] if self.blocks else b""

    @property
    def tail(self) -> bytes:
        """The last block."""
        return self.blocks[-1] if self.blocks else b""

    @property
    def inner(self) -> tuple[bytes, ...]:
        """What lies between the first and the last block; of a small file its middle half."""
        if len(self.blocks) != 1:
            return self.blocks[1:-1]
        quarter = len(self.head) // 4
        return (self.head[quarter:-quarter],) if quarter else ()


def is_random(block: bytes) -> bool:
    """Return whether bytes look like drawn at random from the symbols in them, as encryption does, encoded or not.

    By Pearson's chi-square test against an even distribution: text, programs and pictures are far from it at a few
    hundred bytes already. Line ends and padding of an encoding are left out.
    """
    counts = Counter(block)
    for symbol in _SEPARATORS:
        if len(counts) <= 70:  # an encoding
            counts.pop(symbol, None)
    size, symbols = counts.total(), len(counts)
    if size < _LEAST_BYTES or symbols < _LEAST_SYMBOLS:
        return False
    squares = sum(count * count for count in counts.values())
    chi_square = symbols * squares / size - size
    return chi_square < symbols - 1 + _SIGMAS * math.sqrt(2 * (symbols - 1))


def magic(sample: Sample) -> int:
    """Return which kind of file it is, by how it starts; -1 for none that is known."""
    if sample.head[4:8] == b"ftyp":
        return len(_MAGIC)
    return next((number for number, (head, _) in enumerate(_MAGIC) if sample.head.startswith(head)), -1)


def is_whole(sample: Sample) -> bool:
    """Return whether a file of a known kind also ends as that kind does."""
    number = magic(sample)
    if number == _ZIP:
        return _directory(sample) is not None
    return number >= 0 and (number == len(_MAGIC) or _MAGIC[number][1] in sample.tail)


def _directory(sample: Sample) -> bytes | None:
    """Return what is at hand of a ZIP archive's directory, with its end; None when it does not hang together.

    APPNOTE.TXT 4.3.16: an end names where the directory is and how large. Zip64 says all ones instead.
    """
    tail, begins = sample.tail, sample.size - len(sample.tail)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22 or len(tail) - end - 22 != int.from_bytes(tail[end + 20 : end + 22], "little"):
        return None
    size, at = (int.from_bytes(tail[place : place + 4], "little") for place in (end + 12, end + 16))
    if at == _ZIP64:
        size = max(0, end - 76)
    elif at + size > begins + end:
        return None
    first = tail.find(b"PK\x01\x02", max(0, end - size), end)
    return tail[first:] if first >= 0 else None


def is_opaque(sample: Sample) -> bool:
    """Return whether a file looks random all over and is of no known kind."""
    return magic(sample) < 0 and bool(sample.blocks) and all(is_random(block) for block in sample.blocks)


def _is_blank(sample: Sample) -> bool:
    return sample.size >= _LEAST_BYTES and all(len(set(block)) <= 1 for block in sample.blocks)


def damage(before: Sample, after: Sample) -> tuple[float, str]:
    """Return how much a change looks like destruction, 0 to 1, and why in words."""
    if before.size < 16 or before == after:
        return 0.0, ""
    if is_opaque(after):
        return (0.0, "") if is_opaque(before) else (1.0, "turned into what looks random")
    if not after.size:
        return 0.3, "emptied"
    if _is_blank(after) and not _is_blank(before):
        return 1.0, "overwritten with one value"
    return _damage_in_kind(before, after)


def _damage_in_kind(before: Sample, after: Sample) -> tuple[float, str]:
    old, new = magic(before), magic(after)
    if is_whole(after):
        if old == new:
            return _damage_in_place(before, after)
        return (0.7 if old >= 0 else 0.5), "turned into another kind of file"
    if _count_random(after) > _count_random(before):
        return 1.0, "partly turned into what looks random"
    if old >= 0 and is_whole(before):
        return (1.0, "its end was lost") if new == old else (0.5, "its kind was lost")
    return 0.0, ""


def _count_random(sample: Sample) -> int:
    pieces = sample.blocks if len(sample.blocks) > 1 else (*sample.blocks, *sample.inner)
    return sum(map(is_random, pieces))


def _damage_in_place(before: Sample, after: Sample) -> tuple[float, str]:
    """Judge a file that kept its kind: a program that saves anew hardly ever meets the size of before."""
    is_zip = magic(after) == _ZIP
    if is_zip and _directory(before) == _directory(after):  # it has the check sums of what is inside
        return 1.0, "its inside was changed under its old directory"
    old, new = before.inner, after.inner
    if before.size != after.size or old == new or not new or not all(map(is_random, new)):
        return 0.0, ""
    if not is_zip and not all(map(is_random, old)):
        return 1.0, "partly turned into what looks random"
    return (0.5, "rewritten in place") if len(after.blocks) > 1 else (0.0, "")


@dataclass(slots=True)
class _Book:
    """What one node did. damaged: path -> (when, weight, why). outputs: opaque new files. deleted: after reading."""

    damaged: dict[str, tuple[float, float, str]] = field(default_factory=dict)
    outputs: dict[str, float] = field(default_factory=dict)
    deleted: dict[str, float] = field(default_factory=dict)


class Scores:
    """Adds up deeds by node: a process with its descendants, a session, a program of one account.

    window: seconds after which a deed no longer counts; after a tenth of that it counts half.
    """

    def __init__(self, window: float) -> None:
        self.window = window
        self._books: dict[Hashable, _Book] = {}

    def add_damage(self, nodes: Iterable[Hashable], when: float, path: str, weight: float, why: str) -> None:
        """Count a damaged file once, with the most that was seen of it."""
        for node in nodes:
            book = self._books.setdefault(node, _Book())
            known = book.damaged.get(path)
            if weight > 0 and (known is None or known[1] <= weight):
                book.damaged[path] = (when, weight, why)

    def mend(self, path: str) -> None:
        """Forget what little was seen of a file, such as that it was emptied: it has a good content again."""
        for book in self._books.values():
            if path in book.damaged and book.damaged[path][1] < _MENDABLE:
                del book.damaged[path]

    def add_output(self, nodes: Iterable[Hashable], when: float, path: str) -> None:
        """Count a new file that looks encrypted."""
        for node in nodes:
            self._books.setdefault(node, _Book()).outputs[path] = when

    def add_deletion(self, nodes: Iterable[Hashable], when: float, path: str) -> None:
        """Count the deletion of a file that had been read."""
        for node in nodes:
            self._books.setdefault(node, _Book()).deleted[path] = when

    def put_back(self, path: str) -> None:
        """Forget a deletion: a good file has the name again, as when an archive is unpacked over what was there."""
        for book in self._books.values():
            book.deleted.pop(path, None)

    def take_output(self, path: str) -> None:
        """Forget a new file: it was deleted, or took the place of another one."""
        for book in self._books.values():
            book.outputs.pop(path, None)

    def score(self, node: Hashable, now: float) -> float:
        """Return a node's score: 1 for each file that was surely destroyed."""
        book = self._books.get(node)
        if book is None:
            return 0.0
        self._forget_old(book, now)
        damaged = sum(weight * self._fade(now - when) for when, weight, _ in book.damaged.values())
        pairs = min(len(book.outputs), len(book.deleted))
        lone = _LONE_DELETION * (len(book.deleted) - pairs)
        sure = [path for path, (_, weight, _) in book.damaged.items() if weight >= 0.5]
        folders = {path.rpartition("/")[0] for path in (*sure, *list(book.deleted)[:pairs])}
        breadth = min(_MOST_FOLDER_WEIGHT, _FOLDER_WEIGHT * max(0, len(folders) - 1))
        return damaged + pairs + lone + breadth

    def _fade(self, age: float) -> float:
        return 1.0 if age <= self.window / 10 else _FADES

    def _forget_old(self, book: _Book, now: float) -> None:
        oldest = now - self.window
        for path in [path for path, (when, _, _) in book.damaged.items() if when < oldest]:
            del book.damaged[path]
        for times in (book.outputs, book.deleted):
            for path in [path for path, when in times.items() if when < oldest]:
                del times[path]

    def reasons(self, node: Hashable) -> dict[str, str]:
        """Return what was seen, path -> words."""
        book = self._books.get(node, _Book())
        words = {path: why for path, (_, _, why) in book.damaged.items()}
        words |= dict.fromkeys(book.deleted, "deleted after it was read")
        return words | dict.fromkeys(book.outputs, "written, and looks random")

    def forgive(self, nodes: Iterable[Hashable]) -> None:
        """Begin anew with some nodes."""
        for node in nodes:
            self._books.pop(node, None)

    def prune(self, now: float) -> None:
        """Drop nodes of which nothing counts any more."""
        for node in list(self._books):
            self.score(node, now)
            book = self._books[node]
            if not (book.damaged or book.outputs or book.deleted):
                del self._books[node]
