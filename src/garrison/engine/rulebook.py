"""The YARA rules: compiled once, matched against every object.

What a rule says of itself stands in its meta: threat (the name shown), kind, certainty (known or probable),
description, reference. Rules see the object's type as the text `object_type`.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yara_x

from garrison.engine.hashes import Skipped
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind

GAVE_UP = "not checked: matching took too long"
_KINDS = {kind.value: kind for kind in Kind}
_MOST_MATCHES = 10_000  # of one pattern in one object


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules as one file. content: serialized. count: rules in it. skipped: what was left out, and why."""

    content: bytes
    count: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that matched."""

    rule: str
    threat: str
    kind: Kind
    certainty: Certainty


def compile_rules(sources: Iterable[tuple[str, str]]) -> Compiled:
    """Compile rules, each source in a namespace of its name. A rule that is wrong is left out, alone, and named."""
    compiler = yara_x.Compiler(includes_enabled=False)
    compiler.ignore_invalid_rules(True)
    compiler.define_global("object_type", "")
    skipped: list[Skipped] = []
    for name, text in sources:
        errors, ignored = len(compiler.errors()), len(_ignored(compiler))
        try:
            compiler.new_namespace(name)
            compiler.add_source(text, origin=name)
        except UnicodeEncodeError:
            skipped.append(Skipped(name, "the whole file", "it is no text"))
        except yara_x.CompileError:
            pass  # it is among the errors
        alone = [Skipped(name, f"rule {rule.name}", _reason(rule.message)) for rule in _ignored(compiler)[ignored:]]
        told = {each.why for each in alone}
        new = [(f"line {error['line']}", _reason(error["title"])) for error in compiler.errors()[errors:]]
        skipped += [*alone, *(Skipped(name, where, why) for where, why in new if why not in told)]
    rules = compiler.build()
    content = io.BytesIO()
    rules.serialize_into(content)
    return Compiled(content.getvalue(), sum(1 for _ in rules), tuple(skipped))


def _ignored(compiler: yara_x.Compiler) -> list[Any]:
    """Return the rules that were left out: each has a name and a message."""
    return list(compiler.ignored_rules())  # type: ignore[misc]  # the stub forgot `self`


def _reason(message: object) -> str:
    return str(message).removeprefix("error: ").split("\n", 1)[0]


class Rulebook:
    """Compiled rules and the one scanner that is used again and again.

    seconds: after which matching one object is given up. Not for several threads at once.
    """

    def __init__(self, rules: yara_x.Rules, seconds: int) -> None:
        self._scanner: Any = yara_x.Scanner(rules)  # Any: the stubs lack set_global and fast_scan
        self._scanner.set_timeout(seconds)
        self._scanner.max_matches_per_pattern(_MOST_MATCHES)
        self._scanner.fast_scan(True)
        self._type = ""

    def match(self, content: bytes, kind: Type) -> tuple[list[Hit], str]:
        """Return the rules that match, and what went wrong or ""."""
        if self._type != kind:
            self._scanner.set_global("object_type", kind.value)
            self._type = kind.value
        try:
            matching = self._scanner.scan(content).matching_rules
        except yara_x.TimeoutError:
            return [], GAVE_UP
        except yara_x.ScanError as error:
            return [], f"not checked: {_reason(error)}"
        return [_hit(rule) for rule in matching] if matching else [], ""


def _hit(rule: yara_x.Rule) -> Hit:
    meta = {key: value for key, value in rule.metadata if isinstance(value, str)}
    return Hit(
        rule.identifier,
        meta.get("threat") or rule.identifier,
        _KINDS.get(meta.get("kind", ""), Kind.TROJAN),
        Certainty.KNOWN if meta.get("certainty") == Certainty.KNOWN else Certainty.PROBABLE,
    )
