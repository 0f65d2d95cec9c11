"""Which rules may hold in an object, told before any of them runs.

One pass of Vectorscan looks for what is rarest of every rule. Only for the rules of which something was seen the other
words that they need are looked for, one by one; most often the first is not there.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import hyperscan

Needed = list[tuple[int, list[list[list[int]]]]]  # groups: how many, of which strings, each by choices of expressions
Word = tuple[str, int]  # in Latin-1; whether in any letters' case
SCANNED: Word = ("", 0)  # Vectorscan looks for it
UNKNOWN: Word = ("", 1)  # nobody can look for it
_BIT = (1).__lshift__


class Sieve:
    """The gate of a file of rules. database: serialized. rules: by bucket, what each needs, the rarest group first.

    words: what each expression looks for. What is rarest of a rule is always in the database. Raises what Vectorscan
    does with damage, and ValueError, KeyError, TypeError, IndexError. One thread at a time.
    """

    def __init__(self, database: bytes, rules: Sequence[Sequence[Needed]], words: Sequence[Word]) -> None:
        self._database: Any = None
        if database:
            self._database = hyperscan.loadb(database, mode=hyperscan.HS_MODE_BLOCK)
            self._database.scratch = hyperscan.Scratch(self._database)
        self._words = [(text.encode("latin-1"), bool(is_any_case)) for text, is_any_case in words]
        self._wanting = self._rules_by_rarest(rules)
        self._rarest = frozenset(self._wanting)
        self._seen: set[int] = set()

    def passes(self, content: bytes, buckets: Collection[int]) -> set[int]:
        """Return those of the buckets of which a rule may hold."""
        seen = self._seen
        seen.clear()
        if self._database is None or not content:
            return set()
        self._database.scan(content, match_event_handler=_note, context=seen)
        likely = seen & self._rarest
        passed: set[int] = set()
        if likely:
            look = _Look(content, sum(map(_BIT, seen)), self._words)
            for expression in likely:
                for rule in self._wanting[expression]:
                    if rule.bucket in buckets and rule.bucket not in passed and look.may_hold(rule):
                        passed.add(rule.bucket)
        return passed

    def _rules_by_rarest(self, buckets: Sequence[Sequence[Needed]]) -> dict[int, list["_Rule"]]:
        """Return for each expression the rules that it is the rarest of."""
        found: dict[int, list[_Rule]] = {}
        for number, rules in enumerate(buckets):
            for needed in rules:
                rule = _rule(number, [self._group(count, strings) for count, strings in needed])
                for expression in {each for string in needed[0][1] for each in string[0]}:
                    found.setdefault(expression, []).append(rule)
        return found

    def _group(self, count: int, strings: list[list[list[int]]]) -> "_Group":
        made = [self._string(string) for string in strings]
        told = [string for string in made if string.masks or string.looks]
        return _Group(count - (len(made) - len(told)), tuple(told))

    def _string(self, choices: list[list[int]]) -> "_String":
        masks: list[int] = []
        looks: list[tuple[int, tuple[int, ...]]] = []
        for choice in choices:
            words = [self._words[expression] for expression in choice]
            if (b"", True) in words:
                continue  # nobody can tell
            alone = tuple(each for each, (word, _) in zip(choice, words, strict=True) if word)
            mask = sum({1 << each for each, (word, _) in zip(choice, words, strict=True) if not word})
            if alone:
                looks.append((mask, alone))
            else:
                masks.append(mask)
        return _String(tuple(masks), tuple(looks))


class _String(NamedTuple):
    """What tells a string. masks: a bit for each expression of the first pass; one of each mask is needed.

    looks: the choices with words that the first pass did not look for; one expression of each is needed, too.
    """

    masks: tuple[int, ...]
    looks: tuple[tuple[int, tuple[int, ...]], ...]


class _Group(NamedTuple):
    """So many of these strings are needed, besides those that nobody can look for."""

    least: int
    strings: tuple[_String, ...]


class _Rule(NamedTuple):
    """One rule. quick: masks of which it needs one bit each. groups: what these do not tell already."""

    bucket: int
    quick: tuple[int, ...]
    groups: tuple[_Group, ...]


class _Look:
    """One object, and what is known of it. seen: a bit for each expression that Vectorscan saw."""

    def __init__(self, content: bytes, seen: int, words: Sequence[tuple[bytes, bool]]) -> None:
        self._content = content
        self._small: bytes | None = None
        self._words = words
        self._seen = seen
        self._known: dict[int, bool] = {}

    def may_hold(self, rule: _Rule) -> bool:
        """Return whether all groups of a rule are there; bytes are searched only when the first pass allows it."""
        seen = self._seen
        for mask in rule.quick:
            if not mask & seen:
                return False
        return all(self._is_there(group, False) for group in rule.groups) and all(
            self._is_there(group, True) for group in rule.groups
        )

    def _is_there(self, group: _Group, is_searched: bool) -> bool:
        left, seen = group.least, self._seen
        for masks, looks in group.strings:
            for mask in masks:
                if not mask & seen:
                    break
            else:
                if not is_searched or not looks or self._occur(looks):
                    left -= 1
                    if not left:
                        return True
        return False

    def _occur(self, looks: tuple[tuple[int, tuple[int, ...]], ...]) -> bool:
        return all(mask & self._seen or any(map(self._has, words)) for mask, words in looks)

    def _has(self, expression: int) -> bool:
        known = self._known.get(expression)
        if known is None:
            word, is_any_case = self._words[expression]
            known = self._known[expression] = word in (self._in_small_letters() if is_any_case else self._content)
        return known

    def _in_small_letters(self) -> bytes:
        if self._small is None:
            self._small = self._content.lower()
        return self._small


def _note(number: int, _start: int, _end: int, _flags: int, seen: set[int]) -> None:
    seen.add(number)


def _rule(bucket: int, groups: Sequence[_Group]) -> _Rule:
    wanted = [group for group in groups if group.least > 0]
    quick = [mask for group in wanted if (mask := _one_of(group))]
    left = [group for group in wanted if not _is_told_by_one(group)]
    return _Rule(bucket, tuple(quick), tuple(left))


def _one_of(group: _Group) -> int:
    """Return bits of which one is set wherever a string of the group is there; 0 when the first pass cannot tell."""
    mask = 0
    for string in group.strings:
        if not string.masks:
            return 0
        mask |= string.masks[0]
    return mask


def _is_told_by_one(group: _Group) -> bool:
    """Return whether one of those bits is all that the group needs."""
    return (
        group.least == 1
        and all(len(masks) == 1 and not looks for masks, looks in group.strings)
        and bool(_one_of(group))
    )
