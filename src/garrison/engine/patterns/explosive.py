"""Which regular expressions may take for ever: those that can part one text in more ways than anybody can try.

Such is a repeat without an end that repeats another one, unless something that the inner one cannot match has to stand
between.
"""

from re import _constants, _parser  # type: ignore[attr-defined] # Python tells its own reading of expressions nowhere else
from typing import Any, Final

_ANY: Final = frozenset(range(256))
_ENDLESS: Final = 50  # as good as no end
_REPEATS: Final = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_CATEGORIES: Final = {
    _constants.CATEGORY_DIGIT: frozenset(b"0123456789"),
    _constants.CATEGORY_SPACE: frozenset(b" \t\n\r\f\v"),
    _constants.CATEGORY_WORD: frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
}
_OTHERS: Final = {
    _constants.CATEGORY_NOT_DIGIT: _constants.CATEGORY_DIGIT,
    _constants.CATEGORY_NOT_SPACE: _constants.CATEGORY_SPACE,
    _constants.CATEGORY_NOT_WORD: _constants.CATEGORY_WORD,
}


def may_explode(source: bytes, flags: int) -> bool:
    """Return whether matching an expression may take exponential time. Raises re.error."""
    return any(_is_explosive(inner) for inner in _endless(_parser.parse(source, flags)))


def _is_explosive(body: Any) -> bool:
    """Return whether what is repeated without an end can itself be parted in several ways."""
    inner: frozenset[int] = frozenset()
    for repeated in _endless(body):
        inner |= _bytes_in(repeated)
    if not inner:
        return False
    return not any(single and not single & inner for single in map(_single, _flat(body)))


def _flat(body: Any) -> list[Any]:
    """Return the items of a sequence, those in its groups among them."""
    found: list[Any] = []
    for operator, about in body:
        found += _flat(about[-1]) if operator is _constants.SUBPATTERN else [(operator, about)]
    return found


def _endless(body: Any) -> list[Any]:
    """Return what is repeated without an end in a sequence, at any depth."""
    found: list[Any] = []
    pending = [body]
    while pending:
        for operator, about in pending.pop():
            if operator in _REPEATS and (about[1] is _constants.MAXREPEAT or about[1] > _ENDLESS):
                found.append(about[2])
            pending += _inside(operator, about)
    return found


def _inside(operator: Any, about: Any) -> list[Any]:
    if operator in _REPEATS or operator is _constants.SUBPATTERN:
        return [about[-1]]
    if operator is _constants.BRANCH:
        return list(about[1])
    return [about[1]] if operator in {_constants.ASSERT, _constants.ASSERT_NOT} else []


def _bytes_in(body: Any) -> frozenset[int]:
    """Return the bytes that any item in a sequence matches."""
    found: frozenset[int] = frozenset()
    pending = [body]
    while pending:
        for item in pending.pop():
            inside = _inside(*item)
            pending += inside
            if not inside:
                found |= _single(item)
    return found


def _single(item: Any) -> frozenset[int]:
    """Return what one byte has to be for an item, or nothing when the item is more than one byte."""
    operator, about = item
    if operator is _constants.LITERAL:
        return frozenset((about, about ^ 0x20)) if 0x41 <= about & 0xDF <= 0x5A else frozenset((about,))
    if operator is _constants.NOT_LITERAL:
        return _ANY - {about}
    if operator is _constants.ANY:
        return _ANY
    return _in(about) if operator is _constants.IN else frozenset()


def _in(about: Any) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    is_negated = False
    for operator, value in about:
        if operator is _constants.NEGATE:
            is_negated = True
        elif operator is _constants.RANGE:
            found |= frozenset(range(value[0], value[1] + 1))
        elif operator is _constants.CATEGORY:
            found |= _CATEGORIES[value] if value in _CATEGORIES else _ANY - _CATEGORIES[_OTHERS[value]]
        else:
            found |= _single((operator, value))
    return _ANY - found if is_negated else found
