"""Takes files from a walk by the batch, as many as workers examine at a time."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from garrison.abilities.checkpoints import Step
from garrison.linux.walk import Found, Known, Trouble
from garrison.linux.writeback import is_fresh, note_next_write

BATCH_FILES = 32
BATCH_BYTES = 32 * 1024 * 1024
_KNOWN_PER_FILE = 32  # unchanged files in one step cost next to nothing
_COUNTED_AT_ONCE = 1000
Item = Found | Known | Trouble | None


@dataclass(slots=True)
class Taken:
    """What one step of a walk brought. fresh: paths of files that may change once more and keep their times."""

    batch: list[Found] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Batch:
    """Open files for a worker, and the step that brought them."""

    files: list[Found]
    step: Step


def next_batch(walk: Iterator[Item], most: int, taken: Taken) -> bool:
    """Take the next files up; return whether the walk is over. What was opened is in `taken`, whatever happens."""
    size = 0
    for item in islice(walk, most * _KNOWN_PER_FILE):
        if item is None:
            return False
        if isinstance(item, Known):
            taken.known.append(item)
            continue
        if isinstance(item, Trouble):
            taken.troubles.append(item)
        else:
            taken.batch.append(item)
            if is_fresh(item.status) or not note_next_write(item.descriptor):
                taken.fresh.add(item.path)
            size += item.status.st_size
        if size > BATCH_BYTES or len(taken.batch) + len(taken.troubles) >= most:
            return False
    return not taken.batch and not taken.troubles and not taken.known


def count_some(names: Iterator[str]) -> int:
    """Return how many more names there are, up to a thousand at a time."""
    return sum(1 for _ in islice(names, _COUNTED_AT_ONCE))


def close(batch: list[Found]) -> None:
    """Close the files."""
    for found in batch:
        os.close(found.descriptor)
