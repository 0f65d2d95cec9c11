"""Lists of digests: from text to a sorted file, and lookups in that file.

The file `hashes-ALGORITHM.bin`, all numbers little-endian unless told otherwise:

    0   8 bytes  "GARHASH1"
    8   u64      number of records
    16  u64      offset of the threats
    24  u32      number of bits in the size map, a power of two
    28  u32      1 when a record has no size
    32           records, sorted: digest, size (u64 big-endian, all ones: any), number of the threat (u32 big-endian)
                 size map: bit SIZE mod BITS is set for every size of a record
                 threats: u32 length, then JSON [[name, kind, list], ...] in UTF-8

It is used where it lies in a memory map: opening parses only the threats.
"""

import csv
import hashlib
import json
import re
import struct
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from garrison.base.errors import Failed
from garrison.engine.subject import Subject
from garrison.engine.verdict import Kind

ALGORITHMS = {"md5": 16, "sha1": 20, "sha256": 32}
_BY_LENGTH = {length * 2: name for name, length in ALGORITHMS.items()}
_HEADER = struct.Struct("<8sQQLL")
_MAGIC = b"GARHASH1"
_ANY_SIZE = 0xFFFFFFFFFFFFFFFF
_MOST_BITS = 1 << 25  # 4 MiB
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_NAME_CHARS = 200
_EMPTY = {hashlib.new(name, usedforsecurity=False).digest() for name in ALGORITHMS}


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is not in the set. where: the source and line. what: the rule or line. why: a sentence."""

    where: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Threat:
    """What a record stands for: the threat's name and kind, and the list that says so."""

    name: str
    kind: Kind
    listed_in: str


@dataclass(frozen=True, slots=True)
class _Line:
    algorithm: str
    digest: bytes
    size: int
    threat: Threat


class HashLists:
    """Gathers the lines of hash lists, and writes the sorted files. skipped: every line that was left out, and why."""

    def __init__(self) -> None:
        self.skipped: list[Skipped] = []
        self._threats: dict[Threat, int] = {}
        self._records: dict[str, dict[bytes, int]] = {name: {} for name in ALGORITHMS}  # digest and size: the threat

    def add(self, name: str, untrusted: bytes) -> None:
        """Take the lines of one list: `digest`, `digest:size:name[:kind]` or `digest,name[,kind[,size]]`.

        The length of the hexadecimal digest tells MD5, SHA-1 or SHA-256. A size of `*` or none stands for any size.
        Empty lines and lines that begin with # are comments.
        """
        for number, raw in enumerate(untrusted.splitlines(), 1):
            text = raw.decode("utf-8", "replace").strip().removeprefix("\ufeff")
            if not text or text.startswith("#"):
                continue
            try:
                self._take(_parse(text, name))
            except ValueError as error:
                self.skipped.append(Skipped(f"{name}:{number}", text[:_NAME_CHARS], str(error)))

    def _take(self, line: _Line) -> None:
        key = line.digest + line.size.to_bytes(8, "big")
        threat = self._threats.setdefault(line.threat, len(self._threats))
        if self._records[line.algorithm].setdefault(key, threat) != threat:
            raise ValueError("already listed under another name")

    def count(self, algorithm: str) -> int:
        """Return how many records there are."""
        return len(self._records[algorithm])

    def file(self, algorithm: str) -> bytes:
        """Return the content of the file for one algorithm; the same lists give the same bytes."""
        records = sorted(self._records[algorithm].items())
        numbers = {old: new for new, old in enumerate(sorted({threat for _, threat in records}))}
        all_threats = list(self._threats)
        threats = [[t.name, t.kind, t.listed_in] for t in (all_threats[old] for old in numbers)]
        rows = [key + numbers[threat].to_bytes(4, "big") for key, threat in records]
        sizes = {int.from_bytes(key[-8:], "big") for key, _ in records}
        bits = _size_map(sizes - {_ANY_SIZE})
        body = b"".join(rows) + bits
        names = json.dumps(threats, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        header = _HEADER.pack(_MAGIC, len(rows), _HEADER.size + len(body), len(bits) * 8, _ANY_SIZE in sizes)
        return header + body + struct.pack("<L", len(names)) + names


def _size_map(sizes: Iterable[int]) -> bytes:
    wanted = set(sizes)
    bits = 64
    while bits < _MOST_BITS and bits < len(wanted) * 64:
        bits *= 2
    field = bytearray(bits // 8)
    for size in wanted:
        at = size & (bits - 1)
        field[at >> 3] |= 1 << (at & 7)
    return bytes(field)


def _parse(text: str, source: str) -> _Line:
    fields, is_colon = _fields(text)
    algorithm = _BY_LENGTH.get(len(fields[0]))
    if algorithm is None or not _HEX.match(fields[0]):
        raise ValueError("it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal")
    digest = bytes.fromhex(fields[0])
    if digest in _EMPTY:
        raise ValueError("it is the digest of an empty file")
    fields += [""] * (4 - len(fields))
    size, name, kind = (fields[1], fields[2], fields[3]) if is_colon else (fields[3], fields[1], fields[2])
    threat = Threat((name or source)[:_NAME_CHARS], _kind(kind, is_colon), source)
    return _Line(algorithm, digest, _size(size), threat)


def _fields(text: str) -> tuple[list[str], bool]:
    is_colon = ":" in text and ("," not in text or text.index(":") < text.index(","))
    try:
        parts = text.split(":") if is_colon else next(csv.reader([text], skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(f"it is no row of a table: {error}") from error
    return [part.strip() for part in parts], is_colon


def _kind(text: str, is_colon: bool) -> Kind:
    """Return the kind a line tells. In ClamAV's lists a number stands there, the level a scanner must have."""
    if not text or (is_colon and text.isdigit()):
        return Kind.TROJAN
    try:
        return Kind(text.lower())
    except ValueError:
        raise ValueError(f"{text[:40]} is no kind of threat") from None


def _size(text: str) -> int:
    if text in {"", "*"}:
        return _ANY_SIZE
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValueError(f"{text[:40]} is no size in bytes")
    return int(text)


class HashTable:
    """One file of digests, looked up in a memory map.

    view: the whole file. Raises Failed when it is no such file.
    """

    def __init__(self, algorithm: str, view: memoryview) -> None:
        self.algorithm = algorithm
        self._length = ALGORITHMS[algorithm]
        self._record = self._length + 12
        try:
            magic, count, names_at, bits, has_any = _HEADER.unpack_from(view)
            self.count = int(count)
            self._has_any = bool(has_any)
            self._records = view[_HEADER.size : _HEADER.size + self.count * self._record]
            self._map = view[names_at - bits // 8 : names_at]
            (length,) = struct.unpack_from("<L", view, names_at)
            self._threats = _threats(json.loads(bytes(view[names_at + 4 : names_at + 4 + length])))
        except (struct.error, ValueError, TypeError, OverflowError) as error:
            raise _damaged(algorithm) from error
        self._mask = bits - 1
        is_whole = len(self._records) == self.count * self._record and len(self._map) * 8 == bits
        if magic != _MAGIC or not is_whole or bits < 64 or bits & self._mask:
            raise _damaged(algorithm)

    def wants(self, size: int) -> bool:
        """Return whether an object of this size may be listed, so that it is worth hashing."""
        if self._has_any:
            return self.count > 0
        at = size & self._mask
        return bool(self._map[at >> 3] >> (at & 7) & 1)

    def find(self, subject: Subject) -> Threat | None:
        """Return the threat whose digest the object has, or None."""
        digest = subject.digest(self.algorithm)
        at = bisect_left(_Keys(self._records, self._record, self._length, self.count), digest)
        while at < self.count:
            record = bytes(self._records[at * self._record : (at + 1) * self._record])
            if not record.startswith(digest):
                return None
            if int.from_bytes(record[-12:-4], "big") in {len(subject.content), _ANY_SIZE}:
                number = int.from_bytes(record[-4:], "big")
                return self._threats[number] if number < len(self._threats) else None
            at += 1
        return None

    def close(self) -> None:
        """Let go of the memory map."""
        self._records.release()
        self._map.release()


class _Keys:
    """The digests as a sequence, for bisect."""

    __slots__ = ("_count", "_length", "_record", "_records")

    def __init__(self, records: memoryview, record: int, length: int, count: int) -> None:
        self._records = records
        self._record = record
        self._length = length
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> bytes:
        start = index * self._record
        return bytes(self._records[start : start + self._length])


def _threats(plain: Any) -> list[Threat]:
    return [Threat(str(name), Kind(kind), str(source)) for name, kind, source in plain]


def _damaged(algorithm: str) -> Failed:
    return Failed(f"The list of {algorithm} digests is damaged.", "Update the databases.", "databases.update")
