"""Honest files that our rules and heuristics must let pass: python -m tests.engine.false_positives [SEED [TIMES]]."""

import gzip
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from garrison.engine.heuristics.assess import assess
from garrison.engine.heuristics.levels import Level
from garrison.engine.identify import identify
from garrison.engine.subject import Subject
from tests.engine.rules.honest import scanner

PLACES = ("/usr", "/etc", "/opt", "/var/lib")
MOST_BYTES = 20_000_000
_HEAD = 4096


def campaign(seed: int, times: float) -> None:
    """Look at a seeded sample of installed files. times: thousands of files, 0 for all of them.

    Prints what is found. Raises AssertionError when there is anything.
    """
    hits = found(seed, times)
    print(*hits, f"{len(hits)} found", sep="\n")  # noqa: T201 - its answer
    assert not hits, f"{len(hits)} honest objects were found"


def found(seed: int, times: float, places: tuple[str, ...] = PLACES, level: Level = Level.MEDIUM) -> list[str]:
    """Return what is found in a seeded sample of files, each told in a line."""
    paths = sorted(_files(places))
    chosen = random.Random(seed).sample(paths, min(len(paths), int(times * 1000))) if times else paths
    return [hit for path in chosen for hit in _look(path, level)]


def _look(path: str, level: Level) -> Iterator[str]:
    scan = scanner()
    for content in _objects(path):
        subject = Subject(content, identify(content[:_HEAD]), name=Path(path).name)
        scan.set_global("object_type", subject.kind.value)
        yield from (f"{path}\t{subject.kind}\t{rule.identifier}" for rule in scan.scan(content).matching_rules)
        assessed = assess(subject, level)
        if assessed is not None:
            yield f"{path}\t{subject.kind}\t{assessed.name} {assessed.score} {' '.join(assessed.rules)}"


def _objects(path: str) -> Iterator[bytes]:
    try:
        content = Path(path).read_bytes()
        yield content
        if content.startswith(b"\x1f\x8b"):
            yield gzip.decompress(content)
    except (OSError, EOFError, ValueError):
        return


def _files(places: tuple[str, ...]) -> Iterator[str]:
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.islink(path) and os.path.isfile(path) and os.path.getsize(path) <= MOST_BYTES:
                    yield path


def main() -> None:
    """Look at a sample and tell what was found."""
    numbers = [float(each) for each in sys.argv[1:]]
    campaign(int(numbers[0]) if numbers else 1, numbers[1] if len(numbers) > 1 else 1.0)


if __name__ == "__main__":
    main()
