"""The YARA rules: compiled into buckets (by `compiling`), each matched against the objects that it can hit.

What a rule says of itself stands in its meta: threat (the name shown), kind, certainty (known or probable),
description, reference, types (the object types it can hit, with commas between; left out: any). Rules see the object's
type as the text `object_type`.

The file `rules.yrx`, numbers little-endian:

    0   8 bytes  "GARRULE4"
    8   u32      length of the index
    12           index, JSON: {"gate": PLACE, "words": [WORD, ...], "buckets": [{"types": [...], "needs": [RULE, ...],
                 "at": PLACE}]}; a place is [offset, length], counted from the end of the index; RULE and WORD are what
                 `sieve` takes; no RULE means that the bucket always runs
                 the gate (a serialized Vectorscan database), then the buckets (rules serialized by YARA-X)
"""

import io
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import hyperscan
import yara_x

from garrison.base.errors import Failed
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind
from garrison.engine.yara.sieve import Sieve

GAVE_UP = "not checked: matching took too long"
MAGIC = b"GARRULE4"
HEADER = struct.Struct("<8sL")
_KINDS = {kind.value: kind for kind in Kind}
_MOST_MATCHES = 10_000  # of one pattern in one object
_ALSO: Mapping[Type, tuple[str, ...]] = {Type.PYC: ("python",)}  # the texts of a script stand in it as they are


class Hit(NamedTuple):
    """One rule that matched. offset: of the first match of its strings, -1 when it has none."""

    rule: str
    threat: str
    kind: Kind
    certainty: Certainty
    offset: int = -1


def reason_of(message: object) -> str:
    """Return the first line of what YARA-X says."""
    return str(message).removeprefix("error: ").split("\n", 1)[0]


class Unopened(Exception):  # no error of ours: whoever sealed the rules opens them and asks again
    """Rules are wanted that were not opened while that was possible. buckets: their numbers."""

    def __init__(self, buckets: Sequence[int]) -> None:
        super().__init__()
        self.buckets = tuple(buckets)


class Rulebook:
    """Compiled rules, and the scanners that are used again and again.

    A bucket is opened when an object wants it: YARA-X then makes machine code of its rules, which takes milliseconds
    and megabytes. Once sealed no more are opened, for in a closed sandbox nothing becomes machine code any more.

    content: a file of rules. seconds: after which matching one object is given up. Not for several threads at once.
    Raises Failed when it is no such file, or one of another version, as far as the smallest bucket tells.
    """

    def __init__(self, content: memoryview | bytes, seconds: int) -> None:
        view = memoryview(content)
        try:
            magic, length = HEADER.unpack_from(view)
            index: Any = None if magic != MAGIC else json.loads(bytes(view[HEADER.size : HEADER.size + length]))
            body = view[HEADER.size + length :]
            self._buckets = [(frozenset(entry["types"]), bool(entry["needs"])) for entry in index["buckets"]]
            self._blobs = [_view(body, entry["at"]) for entry in index["buckets"]]
            needs = [entry["needs"] for entry in index["buckets"]]
            self._sieve = Sieve(bytes(_view(body, index["gate"])), needs, index["words"])
            if self._blobs:
                _scanner(bytes(min(self._blobs, key=len)), seconds)
        except (*_DAMAGES, hyperscan.error) as error:
            raise _unusable() from error
        self._seconds = seconds
        self._scanners: list[Any] = [None] * len(self._buckets)
        self._is_sealed = False
        self._types = [""] * len(self._buckets)
        self._by_type: dict[Type, tuple[list[int], frozenset[int]]] = {}

    def match(self, content: bytes, kind: Type) -> tuple[list[Hit], str]:
        """Return the rules that match, and what went wrong or ""."""
        always, gated = self._candidates(kind)
        wanted = list(always)
        if gated:
            wanted += sorted(self._sieve.passes(content, gated))
        if self._is_sealed and (closed := [number for number in wanted if self._scanners[number] is None]):
            raise Unopened(closed)
        hits: list[Hit] = []
        remark = ""
        for number in wanted:
            found, trouble = self._run(number, content, kind)
            hits += found
            remark = remark or trouble
        return hits, remark

    def open(self, buckets: Iterable[int] | None = None) -> None:
        """Open rules now. buckets: None for all; those that are none are passed over. Raises Failed on damage."""
        known = range(len(self._buckets))
        for number in known if buckets is None else sorted({*buckets}.intersection(known)):
            self._opened(number)

    def seal(self) -> None:
        """Open no more rules, and run every open scanner: YARA-X then starts the thread that ends what takes long."""
        for number, scanner in enumerate(self._scanners):
            if scanner is not None:
                self._run(number, b"garrison", Type.DATA)
        self._sieve.passes(b"garrison", ())
        self._is_sealed = True

    def close(self) -> None:
        """Let go of the file of rules; what is not open cannot be opened any more."""
        self._blobs = []

    def _opened(self, number: int) -> Any:
        scanner = self._scanners[number]
        if scanner is None:
            try:
                scanner = self._scanners[number] = _scanner(bytes(self._blobs[number]), self._seconds)
            except _DAMAGES as error:
                raise _unusable() from error
        return scanner

    def _candidates(self, kind: Type) -> tuple[list[int], frozenset[int]]:
        known = self._by_type.get(kind)
        if known is None:
            names = {"*", kind.value, *_ALSO.get(kind, ())}
            mine = [n for n, (types, _) in enumerate(self._buckets) if types & names]
            always = [number for number in mine if not self._buckets[number][1]]
            known = self._by_type[kind] = (always, frozenset(mine).difference(always))
        return known

    def _run(self, number: int, content: bytes, kind: Type) -> tuple[list[Hit], str]:
        scanner = self._opened(number)
        if self._types[number] != kind:
            scanner.set_global("object_type", kind.value)
            self._types[number] = kind.value
        try:
            matching = scanner.scan(content).matching_rules
        except yara_x.TimeoutError:
            return [], GAVE_UP
        except yara_x.ScanError as error:
            return [], f"not checked: {reason_of(error)}"
        return [_hit(rule) for rule in matching] if matching else [], ""


_DAMAGES = (struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError)


def _unusable() -> Failed:
    return Failed(
        "The databases cannot be used: the rules are damaged, or made by another version.",
        "Update the databases.",
        "updates.check",
    )


def _view(body: memoryview, at: Any) -> memoryview:
    start, length = at
    return body[start : start + length]


def _scanner(content: bytes, seconds: int) -> Any:  # Any: the stubs lack set_global and fast_scan
    scanner: Any = yara_x.Scanner(yara_x.Rules.deserialize_from(io.BytesIO(content)))
    scanner.set_timeout(seconds)
    scanner.max_matches_per_pattern(_MOST_MATCHES)
    scanner.fast_scan(True)
    return scanner


def _hit(rule: yara_x.Rule) -> Hit:
    meta = {key: value for key, value in rule.metadata if isinstance(value, str)}
    offsets = [match.offset for pattern in rule.patterns for match in pattern.matches]
    return Hit(
        rule.identifier,
        meta.get("threat") or rule.identifier,
        _KINDS.get(meta.get("kind", ""), Kind.TROJAN),
        Certainty.KNOWN if meta.get("certainty") == Certainty.KNOWN else Certainty.PROBABLE,
        min(offsets, default=-1),
    )
