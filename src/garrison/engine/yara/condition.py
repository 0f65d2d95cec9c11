"""Which strings a condition cannot hold without: `or` binds loosest, then `and`, then `not`.

What is not understood needs nothing. Source: "Writing YARA rules", conditions, in YARA's manual.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product

_MOST_NEEDS = 16  # of the alternatives of one condition


@dataclass(frozen=True, slots=True)
class Need:
    """At least so many of these strings, by their names."""

    count: int
    strings: frozenset[str]


def needs(words: Sequence[str], strings: Iterable[str]) -> tuple[Need, ...]:
    """Return all that must be there for a condition to hold; () when it may hold without, or is not understood.

    words: of the condition, in order. strings: the names of the rule's strings.
    """
    try:
        return _Condition(words, strings).needs()
    except (IndexError, RecursionError):
        return ()


class _Condition:
    def __init__(self, words: Sequence[str], strings: Iterable[str]) -> None:
        self._words = [*words, ""]
        self._strings = frozenset(strings)
        self._at = 0

    def needs(self) -> tuple[Need, ...]:
        found = self._any()
        return found if self._words[self._at] == "" else ()

    def _any(self) -> tuple[Need, ...]:
        found = self._all()
        while self._words[self._at] == "or":
            self._at += 1
            found = _either(found, self._all())
        return found

    def _all(self) -> tuple[Need, ...]:
        found = self._one()
        while self._words[self._at] == "and":
            self._at += 1
            found += self._one()
        return found

    def _one(self) -> tuple[Need, ...]:
        if self._words[self._at] == "not":
            self._at += 1
            self._one()
            return ()
        if self._words[self._at] == "(":
            start = self._at
            self._at += 1
            found = self._any()
            if self._words[self._at] == ")" and self._words[self._at + 1] in {"and", "or", ")", ""}:
                self._at += 1
                return found
            self._at = start  # arithmetic in brackets
        return self._claim(self._run())

    def _run(self) -> list[str]:
        """Return the words up to the next connective outside brackets."""
        depth, start = 0, self._at
        while self._words[self._at]:
            word = self._words[self._at]
            if not depth and word in {"and", "or", ")"}:
                break
            depth += (word == "(") - (word == ")")
            self._at += 1
        return self._words[start : self._at]

    def _claim(self, run: list[str]) -> tuple[Need, ...]:
        """Return what one plain claim cannot hold without."""
        if not run:
            return ()
        if run[0].startswith("$"):
            return self._need(1, run[:1]) if len(run) == 1 or run[1] in {"at", "in"} else ()
        if len(run) == 3 and run[0].startswith("#"):
            return self._need(1, ["$" + run[0][1:]]) if run[1] == ">" and run[2].isdigit() else ()
        if len(run) >= 3 and run[1] == "of":
            return self._of(run[0], run[2:])
        return self._each(run[1:]) if run[0] == "for" and run[2:3] == ["of"] else ()

    def _each(self, run: list[str]) -> tuple[Need, ...]:
        """Return the need of `for COUNT of STRINGS : ( BODY )`, if the body holds only for a string that is there."""
        if ":" not in run:
            return ()
        colon = run.index(":")
        body = run[colon + 1 :]
        tells = any(word.startswith(("@", "$")) for word in body)
        may_hold = any(word in {"or", "not", "none", "defined"} or word.startswith(("#", "!")) for word in body)
        return self._of(run[0], run[2:colon]) if tells and not may_hold else ()

    def _of(self, count: str, run: list[str]) -> tuple[Need, ...]:
        if run[0] == "them":
            named = ["$*"] if len(run) == 1 else []
        else:
            is_list = run[0] == "(" and all(word.startswith("$") or word in {",", ")", "("} for word in run)
            named = [word for word in run if word.startswith("$")] if is_list else []
        if count == "any":
            return self._need(1, named)
        if count == "all":
            return self._need(-1, named)
        return self._need(int(count), named) if count.isdigit() and int(count) else ()

    def _need(self, count: int, named: list[str]) -> tuple[Need, ...]:
        """Return the need for so many of the strings that are named, -1 for all of them."""
        strings = frozenset(name for name in self._strings if any(fnmatchcase(name, word) for word in named))
        return (Need(len(strings) if count < 0 else count, strings),) if strings else ()


def _either(one: tuple[Need, ...], other: tuple[Need, ...]) -> tuple[Need, ...]:
    """Return what is needed when one of two claims has to hold: a string out of each need of the one and the other."""
    both = [Need(1, first.strings | second.strings) for first, second in product(one, other)]
    return tuple(sorted(dict.fromkeys(both), key=lambda need: len(need.strings))[:_MOST_NEEDS])
