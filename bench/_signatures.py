"""Signature databases made for measuring: seeded, of a stated mix, in ClamAV's formats, which both sides read.

Sizes are log-uniform from 512 bytes to 16 MiB, as those of real lists. Half of the byte patterns are cut out of files
of this machine and changed a little, so that their parts do occur in clean files.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

_TARGETS = (0,) * 40 + (1,) * 40 + (3,) * 6 + (4,) * 4 + (6,) * 5 + (7,) * 5
_MODIFIERS = ("", "", "", "", "::i", "::f", "::w")


@dataclass(frozen=True, slots=True)
class Mix:
    """How many signatures of each kind."""

    sha256: int = 1_000_000
    md5: int = 100_000
    sections: int = 100_000
    patterns: int = 50_000
    logical: int = 5_000

    def __str__(self) -> str:
        """Return it for a table."""
        return (
            f"{self.sha256:,} .hsb, {self.md5:,} .hdb, {self.sections:,} .mdb, {self.patterns:,} .ndb, "
            f"{self.logical:,} .ldb"
        )


def write(folder: Path, mix: Mix, seed: int, base: list[bytes]) -> None:
    """Write the databases of a mix. base: contents of files, to cut patterns from."""
    chance = random.Random(seed)  # noqa: S311 # reproducible, not secret
    folder.mkdir(parents=True)
    _lines(folder / "digests.hsb", _digests(chance, mix.sha256, 32, "Bench.Sha"))
    _lines(folder / "digests.hdb", _digests(chance, mix.md5, 16, "Bench.Md5"))
    _lines(folder / "sections.mdb", _sections(chance, mix.sections))
    _lines(folder / "patterns.ndb", _patterns(chance, mix.patterns, base))
    _lines(folder / "logical.ldb", _logical(chance, mix.logical, base))


def change(old: Path, new: Path, seed: int, base: list[bytes], *, added: float, removed: float) -> None:
    """Write the databases of the next day; what comes stands at the end. added, removed: shares of a file's lines."""
    chance = random.Random(seed)  # noqa: S311 # reproducible, not secret
    new.mkdir(parents=True)
    for path in sorted(old.iterdir()):
        lines = path.read_text("ascii").splitlines()
        gone = set(chance.sample(range(len(lines)), round(len(lines) * removed)))
        kept = (line for number, line in enumerate(lines) if number not in gone)
        fresh = _of_kind(path.suffix, chance, round(len(lines) * added), base)
        _lines(new / path.name, chain(kept, (line.replace("Bench.", "Bench.Next-") for line in fresh)))


def _of_kind(suffix: str, chance: random.Random, count: int, base: list[bytes]) -> Iterator[str]:
    kinds: dict[str, Callable[[], Iterator[str]]] = {
        ".hsb": lambda: _digests(chance, count, 32, "Bench.Sha"),
        ".hdb": lambda: _digests(chance, count, 16, "Bench.Md5"),
        ".mdb": lambda: _sections(chance, count),
        ".ndb": lambda: _patterns(chance, count, base),
        ".ldb": lambda: _logical(chance, count, base),
    }
    return kinds[suffix]()


def _lines(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)
    if not path.stat().st_size:
        path.unlink()


def _size(chance: random.Random) -> int:
    return int(math.exp(chance.uniform(math.log(512), math.log(16 * 1024 * 1024))))


def _digests(chance: random.Random, count: int, length: int, name: str) -> Iterator[str]:
    for number in range(count):
        yield f"{chance.randbytes(length).hex()}:{_size(chance)}:{name}-{number}"


def _sections(chance: random.Random, count: int) -> Iterator[str]:
    for number in range(count):
        yield f"{_size(chance)}:{chance.randbytes(16).hex()}:Bench.Section-{number}"


def _hex(chance: random.Random, base: list[bytes], length: int) -> str:
    """Return a pattern's bytes: random, or of a clean file with every eighth byte changed."""
    if not base or chance.random() < 0.5:
        return chance.randbytes(length).hex()
    content = chance.choice(base)
    start = chance.randrange(max(1, len(content) - length))
    piece = bytearray(content[start : start + length].ljust(length, b"\x90"))
    for at in range(7, length, 8):
        piece[at] ^= chance.randrange(1, 256)
    return piece.hex()


def _patterns(chance: random.Random, count: int, base: list[bytes]) -> Iterator[str]:
    for number in range(count):
        body = _hex(chance, base, chance.randint(16, 60))
        if chance.random() < 0.32:
            at = 2 * chance.randint(8, len(body) // 2 - 4)
            wild = chance.choice(("??", "{4}", "{2-8}", "*", "{-6}", "(41|42|43)"))
            body = body[:at] + wild + body[at:]
        offset = chance.choice(("*", "*", "*", str(chance.randrange(4096))))
        yield f"Bench.Pattern-{number}:{chance.choice(_TARGETS)}:{offset}:{body}"


def _logical(chance: random.Random, count: int, base: list[bytes]) -> Iterator[str]:
    for number in range(count):
        parts = [
            _hex(chance, base, chance.randint(8, 30)) + chance.choice(_MODIFIERS) for _ in range(chance.randint(2, 5))
        ]
        expression = chance.choice(("&", "|")).join(str(index) for index in range(len(parts)))
        target = chance.choice((0, 0, 1, 6))
        yield ";".join([f"Bench.Logical-{number}", f"Engine:51-255,Target:{target}", expression, *parts])
