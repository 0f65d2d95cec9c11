"""All heuristic rules in one table, and the words that tell which of them are worth asking."""

from collections.abc import Mapping
from typing import Final

from garrison.engine.heuristics import documents, names, programs, scripts
from garrison.engine.heuristics.rule import Rule
from garrison.engine.type import Type
from garrison.engine.words import Words

RULES: Final[tuple[Rule, ...]] = (*names.RULES, *programs.RULES, *documents.RULES, *scripts.RULES)
GATES: Final[tuple[bytes, ...]] = tuple(sorted({gate for rule in RULES for gate in rule.test.gates}))
WORDS: Final = Words(((gate,) for gate in GATES), is_literal=True)
_BITS = {gate: 1 << place for place, gate in enumerate(GATES)}
_MASKS = {rule.id: sum(_BITS[gate] for gate in set(rule.test.gates)) for rule in RULES}
_BY_TYPE: Final[Mapping[Type, tuple[tuple[int, Rule], ...]]] = {
    kind: rules for kind in Type if (rules := tuple((_MASKS[rule.id], rule) for rule in RULES if kind in rule.types))
}


def candidates(kind: Type, text: bytes) -> list[Rule]:
    """Return the rules for this type whose words occur in the text, and those without words."""
    rules = _BY_TYPE.get(kind)
    if not rules:
        return []
    seen = _seen(text) if any(mask for mask, _ in rules) else 0
    return [
        rule for mask, rule in rules if not mask or (mask & seen == mask if rule.test.is_all else bool(mask & seen))
    ]


def _seen(text: bytes) -> int:
    """Return a bit for each gate that occurs in the text, in small or capital letters."""
    return sum(1 << gate for gate in WORDS.present(text))
