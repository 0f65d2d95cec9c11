"""What is said to the process that cures one file, and what it answers.

The request is one argument; the file comes as a descriptor. The answer is a length and a head in JSON, then the cured
file; it comes from a process that has read a hostile file, and is checked by whoever reads it.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

PROGRAM = "garrison.worker.curing"
LENGTH = struct.Struct(">I")
MOST_HEAD = 256 * 1024  # bytes
MOST_REMOVED = 50  # names that are told
MOST_NAME = 300  # characters of one


@dataclass(frozen=True, slots=True)
class Request:
    """name: the file's own. limits: the fields of `garrison.engine.budget.Limits`. parent: who asks, by number."""

    databases: str
    limits: Mapping[str, int]
    heuristics: str
    seconds: float
    memory_mib: int
    name: str
    parent: int

    def to_text(self) -> str:
        """Return it as an argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the request in an argument."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Head:
    """What precedes a cured file of so many bytes. why: not "" when it could not be cured; then there is no file."""

    size: int = 0
    removed: tuple[str, ...] = ()
    why: str = ""

    def encode(self) -> bytes:
        """Return it framed, cut to what may be said."""
        removed = [name[:MOST_NAME] for name in self.removed[:MOST_REMOVED]]
        if len(self.removed) > MOST_REMOVED:
            removed[-1] = f"{len(self.removed) - MOST_REMOVED + 1:,} more"
        text = json.dumps({"size": self.size, "removed": removed, "why": self.why[:MOST_NAME]}).encode("ascii")
        return LENGTH.pack(len(text)) + text


def decode_head(untrusted: bytes) -> Head:
    """Return the head that was said. Raises ValueError when it is none."""
    try:
        plain: Any = json.loads(untrusted)
        size, removed, why = plain["size"], plain["removed"], plain["why"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not a head") from error
    names_are_fine = isinstance(removed, list) and len(removed) <= MOST_REMOVED
    if not names_are_fine or type(size) is not int or size < 0 or not isinstance(why, str) or len(why) > MOST_NAME:
        raise ValueError("not a head")
    if not all(isinstance(name, str) and len(name) <= MOST_NAME for name in removed):
        raise ValueError("not a head")
    return Head(size, tuple(removed), why)
