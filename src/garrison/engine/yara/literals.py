"""What every match of a regular expression must hold: a few literals, one of which is in any match.

The expression is taken apart by Python's own parser, whose syntax is nearly YARA's; what it does not know has no
literals. It is private to `re`, so that a Python without it costs speed and nothing else.
"""

import importlib
import re
import warnings
from collections.abc import Iterable
from typing import Any

_LEAST = 3
_LONG = 8  # a longer literal is no rarer
_MOST_ALTERNATIVES = 24
_MOST_CHOICES = 3
try:
    _parser: Any = importlib.import_module("re._parser")
except ImportError:  # a Python of the future
    _parser = None


def literals_in(expression: str) -> list[list[bytes]]:
    """Return choices of literals of 3 bytes and more: each match holds one out of every choice, as it is written.

    The choice whose shortest literal is longest comes first; [] when there are none.
    """
    if _parser is None:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(expression)
            found = [] if parsed.state.flags & re.IGNORECASE else _choices(parsed)
    except (re.error, RecursionError, OverflowError, ValueError):
        return []
    once = dict.fromkeys(tuple(sorted(choice)) for choice in sorted(found, key=_worth, reverse=True))
    return [list(choice) for choice in once][:_MOST_CHOICES]


def _choices(parts: Iterable[Any]) -> list[set[bytes]]:
    """Return what every match of a sequence holds: one out of each of these sets."""
    choices: list[set[bytes]] = []
    run = bytearray()
    for operation, argument in parts:
        if str(operation) == "LITERAL" and argument < 0x80:
            run.append(argument)
            continue
        choices.append({bytes(run)})
        run.clear()
        choices += _inside(str(operation), argument)
    choices.append({bytes(run)})
    return [each for each in choices if each and len(each) <= _MOST_ALTERNATIVES and min(map(len, each)) >= _LEAST]


def _worth(choice: set[bytes]) -> tuple[int, int]:
    return min(_LONG, *map(len, choice)), -len(choice)


def _inside(operation: str, argument: Any) -> list[set[bytes]]:
    if operation == "SUBPATTERN":
        return [] if argument[1] else _choices(argument[-1])  # flags of its own may mean any case
    if operation in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _choices(argument[2]) if argument[0] else []
    if operation == "ATOMIC_GROUP":
        return _choices(argument)
    if operation == "BRANCH":
        each = [max(_choices(alternative), key=_worth, default=set()) for alternative in argument[1]]
        return [set().union(*each)] if all(each) else []
    return []
