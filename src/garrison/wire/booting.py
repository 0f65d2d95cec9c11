"""What the process that reads how a computer starts answers: one JSON list, to the end of the connection.

It has read a hostile file, so nothing that it says is believed before it is checked here.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

PROGRAM = "garrison.worker.booting"
MENU, TABLE = "menu", "table"  # what it is to read: a boot loader's settings, or the two ends of a disk
EFI = "efi"  # what it says of a partition: "start:length" in bytes, and its number for a line
MOST_BYTES = 8 * 1024 * 1024
_MOST_FACTS = 2001
_MOST_CHARS = 500
_MOST_WORD = 20


class Told(NamedTuple):
    """One thing that settings say, on a line of theirs (0: nowhere in particular)."""

    says: str
    untrusted_value: str
    line: int


def encode(facts: Iterable[Told]) -> bytes:
    """Return the answer."""
    return json.dumps([list(fact) for fact in facts]).encode("ascii")


def decode(untrusted: bytes) -> list[Told]:
    """Return what was answered. Raises ValueError when it cannot be meant."""
    try:
        plain: Any = json.loads(untrusted)
    except RecursionError as error:
        raise ValueError("not an answer") from error
    if not isinstance(plain, list) or len(plain) > _MOST_FACTS or not all(map(_is_fact, plain)):
        raise ValueError("not an answer")
    return [Told(*fact) for fact in plain]


def extent(told: Told) -> tuple[int, int]:
    """Return where a partition lies: start and length, in bytes. Raises ValueError when it is nowhere."""
    start, length = (int(number) for number in told.untrusted_value.split(":"))
    if not 0 < start < 1 << 62 or not 0 < length < 1 << 62:
        raise ValueError("no place")
    return start, length


def _is_fact(plain: Any) -> bool:
    if not isinstance(plain, list) or [type(each) for each in plain] != [str, str, int]:
        return False
    return len(plain[0]) <= _MOST_WORD and len(plain[1]) <= _MOST_CHARS and plain[2] >= 0
