"""Compile YARA rules into buckets: rules that the same objects can hit, behind one gate.

What is written is the file that `rulebook` describes.
"""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yara_x

from garrison.engine.hashes import Skipped
from garrison.engine.yara.gate import Choices, Expression, Group, compile_gate, groups, is_long, types_of, word_of
from garrison.engine.yara.rulebook import HEADER, MAGIC, reason_of
from garrison.engine.yara.sieve import SCANNED, Word
from garrison.engine.yara.text import RuleText, Unreadable, included, read_rules, rule_names

_MOST_BUCKETS = 48
_EVERYTHING: frozenset[str] = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules as one file. count: rules in it. skipped: what was left out, and why. ungated: rules that always run."""

    content: bytes
    count: int
    skipped: tuple[Skipped, ...]
    ungated: int = 0


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
    gated, words = _gate(buckets, gate)
    at = len(gated)
    for entry, blob in zip(index, blobs, strict=True):
        entry["at"] = [at, len(blob)]
        at += len(blob)
    head = json.dumps({"gate": [0, len(gated)], "words": words, "buckets": index}, sort_keys=True).encode("ascii")
    content_bytes = HEADER.pack(MAGIC, len(head)) + head + gated + b"".join(blobs)
    return Compiled(
        content_bytes,
        len(names),
        tuple(sorted(set(skipped), key=lambda each: (each.where, each.what, each.why))),
        len(ungated),
    )


def _gate(buckets: list[_Bucket], numbers: dict[Expression, int]) -> tuple[bytes, list[Word]]:
    """Return the database of what is looked for in one pass, and the words of all expressions.

    In the pass are the rarest of each rule and whatever is long: short words are seen so often that they cost more
    there than when they are looked for alone, where all else is there.
    """
    rarest = {
        each
        for bucket in buckets
        for needed in bucket.needs
        for string in needed[0].strings
        for each in string[0]
        if each in numbers
    }
    scanned = [each for each in numbers if each in rarest or is_long(each)]
    database = compile_gate(scanned, [numbers[each] for each in scanned]) if scanned else b""
    return database, [SCANNED if each in scanned else word_of(each) for each in numbers]


def _numbered(needed: tuple[Group, ...], gate: dict[Expression, int]) -> list[Any]:
    """Return the groups of a rule with a number for each expression, which is added to the gate."""
    return [[group.count, [_choices(string, gate) for string in group.strings]] for group in needed]


def _choices(string: Choices, gate: dict[Expression, int]) -> list[list[int]]:
    """Return the choices of a string by numbers, those first that one pass tells."""
    return [
        [gate.setdefault(each, len(gate)) for each in sorted(choice, key=is_long, reverse=True)] for choice in string
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
        alone = [Skipped(name, f"rule {rule.name}", reason_of(rule.message)) for rule in _ignored(compiler)[ignored:]]
        told = {each.why for each in alone}
        new = [(f"line {error['line']}", reason_of(error["title"])) for error in compiler.errors()[errors:]]
        skipped += [*alone, *(Skipped(name, where, why) for where, why in new if why not in told)]
    return compiler.build()


def _ignored(compiler: yara_x.Compiler) -> list[Any]:
    """Return the rules that were left out: each has a name and a message."""
    return list(compiler.ignored_rules())  # type: ignore[misc]  # the stub forgot `self`
