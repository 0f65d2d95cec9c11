"""Logical expressions of ClamAV signatures, read into a tree and evaluated over the counts of the parts.

As in clamscan the operators have no precedence: what stands right of the first one is its right side; but right in a
pair of parentheses the last one comes first. A tree is what JSON holds: a number of a part, [number, modifier, figure],
or [operator, left, right, modifier, figure, distinct].
"""

import re
from collections.abc import Sequence
from typing import Any, Final

Tree = Any
_MODIFIER = re.compile(r"([=<>])(\d{1,9})(?:,(\d{1,9}))?")
_NUMBER = re.compile(r"\d{1,4}")
_DEEPEST: Final = 60
_MOST_CHARS: Final = 4_096


def parse_expression(text: str, parts: int) -> Tree:
    """Return the tree. parts: how many there are. Raises ValueError."""
    if len(text) > _MOST_CHARS:
        raise ValueError("its expression is too long")
    reader = _Reader(text, parts)
    tree = reader.chain(0)
    if reader.at != len(text):
        raise ValueError("its expression has an end that fits nothing")
    return tree


class _Reader:
    def __init__(self, text: str, parts: int) -> None:
        self.text = text
        self.parts = parts
        self.at = 0

    def chain(self, depth: int, *, is_group: bool = False) -> Tree:
        terms = [self._term(depth)]
        operators = []
        while self.at < len(self.text) and self.text[self.at] in "&|":
            operators.append(self.text[self.at])
            self.at += 1
            terms.append(self._term(depth))
            if len(terms) > 1_000:
                raise ValueError("its expression is too long")
        last = (operators.pop(), terms.pop()) if is_group and operators else None
        tree = terms.pop()
        while operators:
            tree = [operators.pop(), terms.pop(), tree, "", 0, 0]
        return tree if last is None else [last[0], tree, last[1], "", 0, 0]

    def _term(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise ValueError("its expression is nested too deeply")
        if self.text[self.at : self.at + 1] == "(":
            self.at += 1
            tree = self.chain(depth + 1, is_group=True)
            if self.text[self.at : self.at + 1] != ")":
                raise ValueError("a parenthesis in its expression is not closed")
            self.at += 1
            return self._modified(tree)
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            raise ValueError("its expression cannot be understood")
        self.at = number.end()
        if int(number[0]) >= self.parts:
            raise ValueError("its expression names a part that is not there")
        return self._modified(int(number[0]))

    def _modified(self, tree: Tree) -> Tree:
        told = _MODIFIER.match(self.text, self.at)
        if told is None:
            return tree
        self.at = told.end()
        if isinstance(tree, int):
            if self.text[self.at - len(told[0]) - 1] == ")":
                raise ValueError("a count of its expression stands behind parentheses that hold one term")
            return [tree, told[1], int(told[2])]
        if len(tree) == 3 or tree[3]:
            raise ValueError("a count of its expression stands behind parentheses that hold one term")
        return [*tree[:3], told[1], int(told[2]), int(told[3] or 0)]


def numbers(tree: Tree) -> set[int]:
    """Return the parts that an expression names."""
    if isinstance(tree, int):
        return {tree}
    if isinstance(tree[0], int):
        return {tree[0]}
    found: set[int] = set()
    while isinstance(tree, list) and isinstance(tree[0], str):
        found |= numbers(tree[1])
        tree = tree[2]
    return found | numbers(tree)


def holds(tree: Tree, counts: Sequence[int]) -> bool:
    """Return whether an expression is true of the counts."""
    return _value(tree, counts)[0]


def _value(tree: Tree, counts: Sequence[int]) -> tuple[bool, int, frozenset[int]]:
    if isinstance(tree, int):
        return counts[tree] > 0, counts[tree], frozenset((tree,))
    if len(tree) == 3:
        number, modifier, figure = tree
        is_true = _compares(modifier, counts[number], figure)
        return is_true, counts[number] if is_true else 0, frozenset((number,))
    pending = []
    while isinstance(tree, list) and len(tree) == 6 and not tree[3]:
        pending.append((tree[0], _value(tree[1], counts)))
        tree = tree[2]
    value = _counted(tree, counts) if isinstance(tree, list) and len(tree) == 6 else _value(tree, counts)
    for operator, left in reversed(pending):
        value = _joined(operator, left, value)
    return value


def _counted(tree: Tree, counts: Sequence[int]) -> tuple[bool, int, frozenset[int]]:
    operator, left, right, modifier, figure, distinct = tree
    is_true, total, parts = _joined(operator, _value(left, counts), _value(right, counts))
    if not is_true:
        total, parts = 0, frozenset()
    if not _compares(modifier, total, figure) or (distinct and len(parts) < distinct):
        return False, 0, frozenset()
    return True, total, frozenset()


_Value = tuple[bool, int, frozenset[int]]


def _joined(operator: str, left: _Value, right: _Value) -> _Value:
    is_true = (left[0] and right[0]) if operator == "&" else (left[0] or right[0])
    if not is_true:
        return False, 0, frozenset()
    total, parts = 0, frozenset[int]()
    for side in (left, right):
        if side[0]:
            total += side[1]
            parts |= side[2]
    return True, total, parts


def _compares(modifier: str, value: int, figure: int) -> bool:
    if modifier == "=":
        return value == figure
    return value > figure if modifier == ">" else value < figure
