"""Run our rules over honest files: python -m tests.engine.rules.honest FOLDER..."""

import argparse
import gzip
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yara_x

from garrison.engine.identify import identify
from garrison.engine.type import Type

RULES = Path(__file__).parents[3] / "src/garrison/engine/rules"
LARGEST = 20_000_000
HEAD = 4096
# A text is read as what it is, and again as each of these.
FORCED = (Type.TEXT, Type.SHELL, Type.PHP, Type.XML, Type.HTML, Type.PYTHON, Type.PERL, Type.JAVASCRIPT)
TEXTS = {*FORCED, Type.RUBY, Type.SCRIPT}


@dataclass
class Found:
    """What was read and what was hit. seconds: of the processor, in the scanner."""

    files: int = 0
    size: int = 0
    seconds: float = 0.0
    hits: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        self.files += other.files
        self.size += other.size
        self.seconds += other.seconds
        self.hits += other.hits


@cache
def scanner() -> Any:  # the stubs of yara_x lack set_global
    compiler = yara_x.Compiler()
    compiler.define_global("object_type", "")
    for path in sorted(RULES.glob("*.yar")):
        compiler.add_source(path.read_text(encoding="utf-8"), path.name)
    return yara_x.Scanner(compiler.build())


def look(paths: list[str]) -> Found:
    """Scan some files, and what is inside of gzipped ones."""
    scan, found = scanner(), Found()
    for path in paths:
        for data in _objects(path):
            found.files += 1
            found.size += len(data)
            _scan(scan, path, data, found)
    return found


def _scan(scan: Any, path: str, data: bytes, found: Found) -> None:
    kind = identify(data[:HEAD])
    for each in {kind, *FORCED} if kind in TEXTS else {kind}:
        scan.set_global("object_type", each.value)
        start = time.process_time()
        matching = scan.scan(data).matching_rules
        found.seconds += time.process_time() - start
        found.hits += [f"{path}\t{each.value}\t{rule.identifier}" for rule in matching]


def _objects(path: str) -> Iterator[bytes]:
    try:
        data = Path(path).read_bytes()
    except OSError:
        return
    yield data
    if data.startswith(b"\x1f\x8b"):
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, ValueError):
            return


def walk(folders: list[str]) -> Iterator[str]:
    """Every regular file below the folders that is not too large."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                path = Path(place, name)
                if not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST:
                    yield str(path)


def main() -> int:
    """Run our rules over honest files and count what they hit."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", nargs="+")
    paths = list(walk(parser.parse_args().folder))
    total = Found()
    with ProcessPoolExecutor() as pool:
        for part in pool.map(look, [paths[start : start + 500] for start in range(0, len(paths), 500)]):
            total.add(part)
    summary = f"{total.files} files, {total.size} bytes, {len(total.hits)} hits, {total.seconds:.1f} s"
    print(*sorted(total.hits), summary, sep="\n")  # noqa: T201 - its answer
    return 1 if total.hits else 0


if __name__ == "__main__":
    sys.exit(main())
