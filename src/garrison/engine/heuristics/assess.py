"""What the heuristics say of one object."""

from typing import NamedTuple

from garrison.engine.heuristics.levels import THRESHOLDS, Level
from garrison.engine.heuristics.rule import Look
from garrison.engine.heuristics.table import candidates
from garrison.engine.subject import Subject
from garrison.engine.verdict import Kind

HIGHEST = 100


class Assessment(NamedTuple):
    """Why an object is probably a threat.

    name, kind: of the fact that weighs most. score: 1 to 100. reasons: a sentence for each fact, the heaviest first.
    """

    name: str
    kind: Kind
    score: int
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = ()


def assess(subject: Subject, level: Level = Level.MEDIUM) -> Assessment | None:
    """Return what speaks against an object, or None when it is not enough at this level."""
    look, size = Look(subject), len(subject.content)
    if not size:
        return None
    facts = [rule for rule in candidates(subject.kind, look.text) if size <= rule.most and rule.test.check(look)]
    score = min(sum(rule.weight for rule in facts), HIGHEST)
    if not facts or score < THRESHOLDS[level]:
        return None
    facts.sort(key=lambda rule: -rule.weight)
    heaviest = facts[0]
    reasons = tuple(dict.fromkeys(rule.sentence for rule in facts))
    return Assessment(heaviest.name, heaviest.kind, score, reasons, tuple(rule.id for rule in facts))
