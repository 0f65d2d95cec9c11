"""Compile pattern signatures: atoms into Vectorscan databases, and records that are read when an atom occurs.

    patterns-index.bin     mark, length of the header, the header (JSON), offsets of records, references of atoms, atoms
    patterns-records.bin   the records one behind the other, each a JSON array
    patterns-atoms-N.bin   the atoms of target N, compiled and serialized by Vectorscan

A record is [name, target, about, parts, expression, source]; it is JSON because nothing in it can do more than be read.
The same lines give the same bytes.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import hyperscan

from garrison.engine.patterns.atoms import Atom
from garrison.engine.patterns.hexadecimal import Element
from garrison.engine.patterns.layout import INDEX, MARK, RECORDS, REFERENCE, atoms_file
from garrison.engine.patterns.parts import Part, Pattern, Plain
from garrison.engine.patterns.possible import possible
from garrison.engine.patterns.signature import parse_extended, parse_logical
from garrison.engine.patterns.targets import Mark, parse_mark

_MOST_RECORDS: Final = 1 << 31
_MOST_MARKS: Final = 1_000
_ATOM: Final = struct.Struct("<H?")  # length, any case


@dataclass(slots=True)
class _Target:
    """What is collected for one target. atoms: their references by content; slow: records that are always tried."""

    atoms: dict[tuple[bytes, bool], list[bytes]] = field(default_factory=dict)
    slow: list[int] = field(default_factory=list)


@dataclass(slots=True, repr=False)
class PatternWriter:
    """Collects signatures line by line, and writes the files of a set. count: of the signatures taken."""

    count: int = 0
    _records: list[bytes] = field(default_factory=list)
    _targets: dict[int, _Target] = field(default_factory=dict)
    _groups: dict[tuple[int, int], list[Any]] = field(default_factory=dict)
    _waiting: list[tuple[int, list[Any]]] = field(default_factory=list)  # records with macros
    _needs: set[str] = field(default_factory=set)
    _marks: list[Mark] = field(default_factory=list)

    def extended(self, line: str, where: str, is_pua: bool = False) -> None:  # noqa: ARG002 # the caller's choice
        """Take a line of an .ndb or .ndu. where: the source's name. Raises ValueError."""
        signature = parse_extended(line)
        if signature.group >= 0:
            plain = signature.part.to_plain()[2]
            self._groups.setdefault((signature.group, signature.target), []).extend(plain)
            self.count += 1
            return
        self._take([signature.name, signature.target, {}, [signature.part.to_plain()], None, where], [signature.part])

    def logical(self, line: str, where: str, is_pua: bool = False) -> None:  # noqa: ARG002 # likewise
        """Take a line of an .ldb or .ldu. where: the source's name. Raises ValueError."""
        found = parse_logical(line)
        record = [found.name, found.target, found.about, [part.to_plain() for part in found.parts], found.tree, where]
        if any(part.to_plain()[0] == "f" for part in found.parts):
            self._needs.add("pictures")
        self._take(record, found.parts)

    def typed(self, line: str, where: str) -> None:  # noqa: ARG002 # as the others have it
        """Take a line of an .ftm: what else tells the target of an object. Raises ValueError."""
        mark = parse_mark(line)
        if len(self._marks) >= _MOST_MARKS:
            raise ValueError("there are too many types")
        self._marks.append(mark)

    def _take(self, record: list[Any], parts: Sequence[Part]) -> None:
        number = len(self._records)
        if number >= _MOST_RECORDS:
            raise ValueError("there are too many signatures")
        target = self._targets.setdefault(record[1], _Target())
        if any(isinstance(part, Plain) and part.content[0] == "m" for part in parts):
            self._waiting.append((number, record))
        for at, part in enumerate(parts):
            if isinstance(part, Pattern):
                for variant, atom in part.atoms:
                    reference = _reference(number, at, variant, atom, part.variants[variant])
                    target.atoms.setdefault((_folded(atom), atom.any_case), []).append(reference)
        if record[4] is None:
            is_slow = not parts[0].atoms if isinstance(parts[0], Pattern) else True
        else:
            is_slow = _can_hold_unseen(record[4], parts)
        if is_slow:
            target.slow.append(number)
        self._records.append(_dumped(record))
        self.count += 1

    def write(self) -> dict[str, bytes]:
        """Return the content of each file of the set; none when there is nothing to look for."""
        if not self._records:
            return {}
        for number, record in self._waiting:
            self._records[number] = _dumped(self._resolved(record))
        files: dict[str, bytes] = {}
        arrays = _Arrays()
        offsets = [0]
        for packed in self._records:
            offsets.append(offsets[-1] + len(packed))
        header: dict[str, Any] = {"records": len(self._records), "needs": sorted(self._needs), "targets": {}}
        header["marks"] = [[at, mark.hex(), target] for at, mark, target in self._marks]
        header["offsets"] = arrays.add(struct.pack(f"<{len(offsets)}Q", *offsets))
        for number, target in sorted(self._targets.items()):
            header["targets"][str(number)] = _write_target(number, target, arrays, files)
        packed_header = json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")
        packed_header += b" " * (-(len(packed_header) + len(MARK) + 4) % 8)
        files[INDEX] = MARK + struct.pack("<I", len(packed_header)) + packed_header + b"".join(arrays.pieces)
        files[RECORDS] = b"".join(self._records)
        return files

    def _resolved(self, record: list[Any]) -> list[Any]:
        """Put the patterns of a group into the macros that name it."""
        parts = []
        for part in record[3]:
            if part[0] == "m":
                parts.append([*part[:4], self._groups.get((part[4], record[1]), [])])
            else:
                parts.append(part)
        return [*record[:3], parts, *record[4:]]


@dataclass(slots=True)
class _Arrays:
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, content: bytes) -> int:
        """Take an array; return where it begins, behind the header."""
        start = self.size
        content += b"\0" * (-len(content) % 8)
        self.pieces.append(content)
        self.size += len(content)
        return start


def _write_target(number: int, target: _Target, arrays: _Arrays, files: dict[str, bytes]) -> dict[str, Any]:
    atoms = sorted(target.atoms.items())
    starts = [0]
    for _, references in atoms:
        starts.append(starts[-1] + len(references))
    if atoms:
        files[atoms_file(number)] = compiled([key for key, _ in atoms])
    return {
        "atoms": len(atoms),
        "starts": arrays.add(struct.pack(f"<{len(starts)}I", *starts)),
        "references": arrays.add(b"".join(reference for _, references in atoms for reference in references)),
        "contents": arrays.add(b"".join(_ATOM.pack(len(content), case) + content for (content, case), _ in atoms)),
        "slow": target.slow,
    }


def recompiled(index: bytes | memoryview, target: int) -> bytes:
    """Return the atoms of a target as `write` compiled them, if this processor and Vectorscan are of the same kind.

    index: the content of patterns-index.bin. Raises ValueError, KeyError, TypeError or struct.error when it is none.
    """
    (length,) = struct.unpack_from("<I", index, len(MARK))
    base = len(MARK) + 4 + length
    told = json.loads(bytes(index[len(MARK) + 4 : base]))["targets"][str(target)]
    at = base + int(told["contents"])
    atoms = []
    for _ in range(int(told["atoms"])):
        size, any_case = _ATOM.unpack_from(index, at)
        at += _ATOM.size
        atoms.append((bytes(index[at : at + size]), bool(any_case)))
        at += size
    if not atoms or not all(content for content, _ in atoms):
        raise ValueError("there are no such atoms")
    return compiled(atoms)


def compiled(atoms: Sequence[tuple[bytes, bool]]) -> bytes:
    """Return a serialized Vectorscan database that reports each atom by its number. atoms: content, any case."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    plain = hyperscan.HS_FLAG_DOTALL
    database.compile(
        # Written as text it would end at the first zero byte.
        expressions=[b"".join(b"\\x%02x" % byte for byte in content) for content, _ in atoms],
        ids=list(range(len(atoms))),
        elements=len(atoms),
        flags=[plain | hyperscan.HS_FLAG_CASELESS if any_case else plain for _, any_case in atoms],
    )
    return bytes(hyperscan.dumpb(database))


def _folded(atom: Atom) -> bytes:
    return atom.content.lower() if atom.any_case else atom.content


def _reference(record: int, part: int, variant: int, atom: Atom, elements: list[Element]) -> bytes:
    """Return where an atom belongs, and other fixed bytes near it that tell a chance hit without reading the record."""
    at = atom.at if 0 <= atom.at < 0x7FFFFFFF else -1
    distance = at + len(atom.content) if at >= 0 else 0xFFFFFFFF
    delta, guard = 0, b""
    if at >= 0 and not atom.any_case:
        delta, guard = _guard(elements[atom.element], at, at + len(atom.content))
    element = atom.element if at >= 0 and atom.element < 0xFF else 0xFF
    return REFERENCE.pack(record, part, variant, element, distance, delta, len(guard), guard)


def _guard(element: Element, start: int, end: int) -> tuple[int, bytes]:
    """Return the longest run of up to 8 fixed bytes beside an atom, and its distance from the atom's end."""
    best = (0, b"")
    for run in element.runs:
        last = run.at + len(run.content)
        for low, high in ((run.at, min(last, start)), (max(run.at, end), last)):
            if high - low > len(best[1]):
                low_ = max(low, high - 8) if high <= start else low
                best = (low_ - end, run.content[low_ - run.at : low_ - run.at + 8][: high - low_])
    return best


def _can_hold_unseen(tree: Any, parts: Sequence[Part]) -> bool:
    """Return whether a signature may match where none of its atoms occurs: then it has to be tried on each object."""
    seen = {number for number, part in enumerate(parts) if isinstance(part, Pattern) and part.atoms}
    for number, part in enumerate(parts):
        if isinstance(part, Plain) and part.needs and part.needs <= seen and part.content[0] in {"c", "m"}:
            seen.add(number)
        elif isinstance(part, Plain) and part.content[0] == "r":
            unseen = [other for other in range(number) if other not in seen]
            seen |= set() if possible(part.content[1], unseen) else {number}
    return possible(tree, [number for number in range(len(parts)) if number not in seen])


def _dumped(record: list[Any]) -> bytes:
    return json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii")
