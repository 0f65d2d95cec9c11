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
_MOST_ALTERNATIVES = 24
try:
    _parser: Any = importlib.import_module("re._parser")
except ImportError:  # a Python of the future
    _parser = None


def literals_in(expression: str) -> list[bytes]:
    """Return literals of 3 bytes and more of which each match holds one, as it is written; [] when there are none."""
    if _parser is None:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(expression)
            return [] if parsed.state.flags & re.IGNORECASE else sorted(_best(parsed))
    except (re.error, RecursionError, OverflowError, ValueError):  # the last: a number of 4,300 digits
        return []


def _best(parts: Iterable[Any]) -> set[bytes]:
    """Return the choice whose shortest literal is longest."""
    choices: list[set[bytes]] = []
    run = bytearray()
    for operation, argument in parts:
        if str(operation) == "LITERAL" and argument < 0x80:
            run.append(argument)
            continue
        choices.append({bytes(run)})
        run.clear()
        choices.append(_inside(str(operation), argument))
    choices.append({bytes(run)})
    sound = [each for each in choices if each and len(each) <= _MOST_ALTERNATIVES and min(map(len, each)) >= _LEAST]
    return max(sound, key=lambda each: (min(8, *map(len, each)), -len(each)), default=set())


def _inside(operation: str, argument: Any) -> set[bytes]:
    if operation == "SUBPATTERN":
        return set() if argument[1] else _best(argument[-1])  # flags of its own may mean any case
    if operation in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _best(argument[2]) if argument[0] else set()
    if operation == "ATOMIC_GROUP":
        return _best(argument)
    if operation == "BRANCH":
        each = [_best(alternative) for alternative in argument[1]]
        return set().union(*each) if all(each) else set()
    return set()
