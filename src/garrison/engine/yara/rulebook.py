"""The YARA rules: compiled once into buckets, each matched against the objects that it can hit.

What a rule says of itself stands in its meta: threat (the name shown), kind, certainty (known or probable),
description, reference, types (the object types it can hit, with commas between; left out: any). Rules see the object's
type as the text `object_type`.

The file `rules.yrx`, numbers little-endian:

    0   8 bytes  "GARRULE2"
    8   u32      length of the index
    12           index, JSON: {"gate": PLACE, "buckets": [{"types": [...], "needs": [RULE, ...], "at": PLACE}]}; a place
                 is [offset, length], counted from the end of the index; a RULE lists the groups of which all must be
                 seen, each as [how many, [[expression, ...], ...]], a string by its expressions' numbers; no RULE means
                 that the bucket always runs
                 the gate (a serialized Vectorscan database), then the buckets (rules serialized by YARA-X)
"""

import io
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import hyperscan
import yara_x

from garrison.base.errors import Failed
from garrison.engine.hashes import Skipped
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind
from garrison.engine.yara.gate import Expression, Group, compile_gate, groups, types_of
from garrison.engine.yara.text import RuleText, Unreadable, included, read_rules, rule_names

GAVE_UP = "not checked: matching took too long"
_MAGIC = b"GARRULE2"
_HEADER = struct.Struct("<8sL")
_KINDS = {kind.value: kind for kind in Kind}
_MOST_MATCHES = 10_000  # of one pattern in one object
_MOST_BUCKETS = 48
_ALSO: Mapping[Type, tuple[str, ...]] = {Type.PYC: ("python",)}  # the texts of a script stand in it as they are
_EVERYTHING: frozenset[str] = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules as one file. count: rules in it. skipped: what was left out, and why. ungated: rules that always run."""

    content: bytes
    count: int
    skipped: tuple[Skipped, ...]
    ungated: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that matched. offset: of the first match of its strings, -1 when it has none."""

    rule: str
    threat: str
    kind: Kind
    certainty: Certainty
    offset: int = -1


@dataclass(slots=True)
class _Bucket:
    """Rules that run together. sources: name of a source, and the part of its text."""

    types: frozenset[str]
    is_gated: bool
    sources: list[tuple[str, str]] = field(default_factory=list)
    needs: list[tuple[Group, ...]] = field(default_factory=list)


def compile_rules(sources: Iterable[tuple[str, str]]) -> Compiled:
    """Compile rules, each source in a namespace of its name. A rule that is wrong is left out, alone, and named."""
    texts = dict(sources)
    skipped: list[Skipped] = []
    buckets: dict[tuple[frozenset[str], bool], _Bucket] = {}
    for name in texts:
        try:
            text = included(name, texts)
            text.encode("utf-8")
        except UnicodeEncodeError:
            skipped.append(Skipped(name, "the whole file", "it is no text"))
        except ValueError as error:
            skipped.append(Skipped(name, "the whole file", f"it {error}"))
        else:
            _sort(name, text, buckets)
    return _written(_merged(list(buckets.values())), skipped)


def _sort(name: str, text: str, buckets: dict[tuple[frozenset[str], bool], _Bucket]) -> None:
    """Put the rules of a source into the buckets where they belong."""
    try:
        imports, rules = read_rules(text)
    except (Unreadable, RecursionError):
        rules, imports = [], []
    if not rules or any(rule.is_global for rule in rules):
        buckets.setdefault((_EVERYTHING, False), _Bucket(_EVERYTHING, is_gated=False)).sources.append((name, text))
        return
    head = "".join(f'import "{module}"\n' for module in imports)
    known = {rule.name: rule for rule in rules}
    parts: dict[tuple[frozenset[str], bool], list[RuleText]] = {}
    for rule in rules:
        if rule.is_private:
            continue
        needed = groups(rule)
        key = (types_of(rule), bool(needed))
        bucket = buckets.setdefault(key, _Bucket(key[0], key[1]))
        bucket.needs += [needed] if needed else []
        parts.setdefault(key, []).append(rule)
    for key, wanted in parts.items():
        names = _with_needed(wanted, known)
        body = "\n".join(text[rule.start : rule.end] for rule in rules if rule.name in names)
        buckets[key].sources.append((name, head + body))


def _with_needed(wanted: list[RuleText], known: Mapping[str, RuleText]) -> set[str]:
    """Return the names of rules and of all rules that their conditions name."""
    names: set[str] = set()
    open_rules = list(wanted)
    while open_rules:
        rule = open_rules.pop()
        if rule.name not in names:
            names.add(rule.name)
            open_rules += [known[word] for word in rule_names(rule.condition) if word in known]
    return names


def _merged(buckets: list[_Bucket]) -> list[_Bucket]:
    """Return few enough buckets: the smallest go together, as long as both are gated or both are not."""
    buckets = sorted(buckets, key=lambda bucket: (bucket.is_gated, sorted(bucket.types)))
    while len(buckets) > _MOST_BUCKETS:
        kind = sum(bucket.is_gated for bucket in buckets) * 2 > len(buckets)
        alike = sorted(
            (b for b in buckets if b.is_gated == kind), key=lambda b: sum(len(text) for _, text in b.sources)
        )
        first, second = alike[:2]
        types = _EVERYTHING if "*" in first.types | second.types else first.types | second.types
        both = _Bucket(types, kind, first.sources + second.sources, first.needs + second.needs)
        buckets = [bucket for bucket in buckets if bucket is not first and bucket is not second] + [both]
    return buckets


def _written(buckets: list[_Bucket], skipped: list[Skipped]) -> Compiled:
    blobs: list[bytes] = []
    index: list[dict[str, Any]] = []
    names: set[tuple[str, str]] = set()
    ungated: set[tuple[str, str]] = set()
    gate: dict[Expression, int] = {}
    for bucket in buckets:
        rules = _compiled(bucket.sources, skipped)
        found = {(rule.namespace, rule.identifier) for rule in rules}
        names |= found
        ungated |= set() if bucket.is_gated else found
        if not found:
            continue
        content = io.BytesIO()
        rules.serialize_into(content)
        blobs.append(content.getvalue())
        index.append({"types": sorted(bucket.types), "needs": [_numbered(each, gate) for each in bucket.needs]})
    gated = compile_gate(list(gate), list(gate.values())) if gate else b""
    at = len(gated)
    for entry, blob in zip(index, blobs, strict=True):
        entry["at"] = [at, len(blob)]
        at += len(blob)
    head = json.dumps({"gate": [0, len(gated)], "buckets": index}, sort_keys=True).encode("ascii")
    content_bytes = _HEADER.pack(_MAGIC, len(head)) + head + gated + b"".join(blobs)
    return Compiled(
        content_bytes,
        len(names),
        tuple(sorted(set(skipped), key=lambda each: (each.where, each.what, each.why))),
        len(ungated),
    )


def _numbered(needed: tuple[Group, ...], gate: dict[Expression, int]) -> list[Any]:
    """Return the groups of a rule with a number for each expression, which is added to the gate."""
    return [
        [group.count, [[gate.setdefault(each, len(gate)) for each in string] for string in group.strings]]
        for group in needed
    ]


def _compiled(sources: list[tuple[str, str]], skipped: list[Skipped]) -> yara_x.Rules:
    compiler = yara_x.Compiler(includes_enabled=False)
    compiler.ignore_invalid_rules(True)
    compiler.define_global("object_type", "")
    for name, text in sources:
        errors, ignored = len(compiler.errors()), len(_ignored(compiler))
        try:
            compiler.new_namespace(name)
            compiler.add_source(text, origin=name)
        except yara_x.CompileError:
            pass  # it is among the errors
        alone = [Skipped(name, f"rule {rule.name}", _reason(rule.message)) for rule in _ignored(compiler)[ignored:]]
        told = {each.why for each in alone}
        new = [(f"line {error['line']}", _reason(error["title"])) for error in compiler.errors()[errors:]]
        skipped += [*alone, *(Skipped(name, where, why) for where, why in new if why not in told)]
    return compiler.build()


def _ignored(compiler: yara_x.Compiler) -> list[Any]:
    """Return the rules that were left out: each has a name and a message."""
    return list(compiler.ignored_rules())  # type: ignore[misc]  # the stub forgot `self`


def _reason(message: object) -> str:
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
            magic, length = _HEADER.unpack_from(view)
            index: Any = None if magic != _MAGIC else json.loads(bytes(view[_HEADER.size : _HEADER.size + length]))
            body = view[_HEADER.size + length :]
            self._gate = _opened_gate(bytes(_view(body, index["gate"])))
            self._buckets = [(frozenset(entry["types"]), bool(entry["needs"])) for entry in index["buckets"]]
            self._blobs = [_view(body, entry["at"]) for entry in index["buckets"]]
            self._wanting = _wanting([entry["needs"] for entry in index["buckets"]])
            if self._blobs:
                _scanner(bytes(min(self._blobs, key=len)), seconds)
        except (*_DAMAGES, hyperscan.error) as error:
            raise _unusable() from error
        self._seconds = seconds
        self._scanners: list[Any] = [None] * len(self._buckets)
        self._is_sealed = False
        self._types = [""] * len(self._buckets)
        self._by_type: dict[Type, tuple[list[int], frozenset[int]]] = {}
        self._seen: set[int] = set()

    def match(self, content: bytes, kind: Type) -> tuple[list[Hit], str]:
        """Return the rules that match, and what went wrong or ""."""
        always, gated = self._candidates(kind)
        wanted = list(always)
        if gated:
            wanted += sorted(self._passed(content, gated))
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
        self._passed(b"garrison", frozenset())
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

    def _passed(self, content: bytes, gated: frozenset[int]) -> set[int]:
        """Return the numbers of those buckets of which a rule may hold."""
        seen = self._seen
        seen.clear()
        if self._gate is None or not content:
            return set()
        self._gate.scan(content, match_event_handler=self._note)
        passed: set[int] = set()
        for expression in seen:
            for bucket, needed in self._wanting.get(expression, ()):
                if bucket in gated and bucket not in passed and all(_holds(group, seen) for group in needed):
                    passed.add(bucket)
        return passed

    def _note(self, number: int, *_: object) -> None:
        self._seen.add(number)

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
            return [], f"not checked: {_reason(error)}"
        return [_hit(rule) for rule in matching] if matching else [], ""


_Needed = list[tuple[int, list[list[int]]]]


def _wanting(buckets: list[list[_Needed]]) -> dict[int, list[tuple[int, _Needed]]]:
    """Return for each expression the rules whose rarest group it belongs to, with the number of their bucket."""
    found: dict[int, list[tuple[int, _Needed]]] = {}
    for number, rules in enumerate(buckets):
        for needed in rules:
            for expression in {each for string in needed[0][1] for each in string}:
                found.setdefault(expression, []).append((number, needed))
    return found


def _holds(group: tuple[int, list[list[int]]], seen: set[int]) -> bool:
    count, strings = group
    return sum(not seen.isdisjoint(string) for string in strings) >= count


_DAMAGES = (struct.error, ValueError, KeyError, TypeError, OSError)


def _unusable() -> Failed:
    return Failed(
        "The databases cannot be used: the rules are damaged, or made by another version.",
        "Update the databases.",
        "databases.update",
    )


def _view(body: memoryview, at: Any) -> memoryview:
    start, length = at
    return body[start : start + length]


def _opened_gate(content: bytes) -> Any:
    if not content:
        return None
    database = hyperscan.loadb(content, mode=hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


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
