"""Which rules may hold in an object, told before any of them runs.

One pass of Vectorscan looks for what is rarest of every rule. Only for the rules of which something was seen the other
words that they need are looked for, one by one; most often the first is not there.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import hyperscan

Needed = list[tuple[int, list[list[list[int]]]]]  # groups: how many, of which strings, each by choices of expressions
Word = tuple[str, int]  # in Latin-1; whether in any letters' case
SCANNED: Word = ("", 0)  # Vectorscan looks for it
UNKNOWN: Word = ("", 1)  # nobody can look for it


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
        self.words = [(text.encode("latin-1"), bool(is_any_case)) for text, is_any_case in words]
        scanned = {number for number, word in enumerate(words) if tuple(word) == SCANNED}
        self._wanting = _wanting(rules, scanned)
        self._seen: set[int] = set()

    def passes(self, content: bytes, buckets: Collection[int]) -> set[int]:
        """Return those of the buckets of which a rule may hold."""
        seen = self._seen
        seen.clear()
        if self._database is None or not content:
            return set()
        self._database.scan(content, match_event_handler=_note, context=seen)
        passed: set[int] = set()
        look = _Look(content, seen, self)
        for expression in seen:
            for rule in self._wanting.get(expression, ()):
                is_wanted = rule.bucket in buckets and rule.bucket not in passed
                if is_wanted and rule.is_seen(seen) and look.may_hold(rule.needed):
                    passed.add(rule.bucket)
        return passed


class _Rule(NamedTuple):
    """One rule. quick: sets of which it needs one expression each, as far as the first pass tells."""

    bucket: int
    quick: tuple[frozenset[int], ...]
    needed: Needed

    def is_seen(self, seen: set[int]) -> bool:
        """Return False only when something is missing that the first pass would have seen."""
        return not any(map(seen.isdisjoint, self.quick))


class _Look:
    """One object, and what is known of it. seen: the expressions that Vectorscan saw."""

    def __init__(self, content: bytes, seen: set[int], sieve: Sieve) -> None:
        self._content = content
        self._small: bytes | None = None
        self._words = sieve.words
        self._seen = seen
        self._known: dict[int, bool] = {}

    def may_hold(self, needed: Needed) -> bool:
        """Return whether all groups of a rule are there."""
        for count, strings in needed:
            left = count
            for at, string in enumerate(strings):
                if self._is_there(string):
                    left -= 1
                    if not left:
                        break
                elif left > len(strings) - at - 1:
                    return False
            if left > 0:
                return False
        return True

    def _is_there(self, string: list[list[int]]) -> bool:
        return all(any(map(self._has, choice)) for choice in string)

    def _has(self, expression: int) -> bool:
        if expression in self._seen:
            return True
        word, is_any_case = self._words[expression]
        if not word:
            return is_any_case  # it was not seen, or nobody can tell
        known = self._known.get(expression)
        if known is None:
            known = self._known[expression] = word in (self._in_small_letters() if is_any_case else self._content)
        return known

    def _in_small_letters(self) -> bytes:
        if self._small is None:
            self._small = self._content.lower()
        return self._small


def _note(number: int, _start: int, _end: int, _flags: int, seen: set[int]) -> None:
    seen.add(number)


def _wanting(buckets: Sequence[Sequence[Needed]], scanned: set[int]) -> dict[int, list[_Rule]]:
    """Return for each expression the rules that it is the rarest of."""
    found: dict[int, list[_Rule]] = {}
    for number, rules in enumerate(buckets):
        for needed in rules:
            rule = _Rule(number, tuple(_quick(needed, scanned)), needed)
            for expression in {each for string in needed[0][1] for each in string[0]}:
                found.setdefault(expression, []).append(rule)
    return found


def _quick(needed: Needed, scanned: set[int]) -> Iterator[frozenset[int]]:
    """Yield, for each group that the first pass looks for wholly, the expressions of which one has to be there."""
    for _, strings in needed:
        told = [next((choice for choice in string if scanned.issuperset(choice)), None) for string in strings]
        if all(told):
            yield frozenset(each for choice in told for each in choice or ())
