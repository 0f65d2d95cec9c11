"""Tables of digests for tests of updates: random ones, and others that differ from them a little."""

import io
import random
import tempfile

from garrison.engine.hashes import ALGORITHMS, ANY_SIZE
from garrison.engine.signatures.tables import TableWriter
from garrison.engine.verdict import Kind

Row = tuple[bytes, int, bytes, str]


def rows(chance: random.Random, count: int, algorithm: str = "sha256") -> list[Row]:
    """Return rows with names of their own and names that many share, as real lists have them."""
    return [
        (
            chance.randbytes(ALGORITHMS[algorithm]),
            ANY_SIZE if chance.random() < 0.1 else chance.randrange(1, 1 << chance.randrange(2, 32)),
            (
                f"Family.{chance.randrange(9)}" if chance.random() < 0.3 else f"Single.{chance.randrange(10**9)}"
            ).encode(),
            chance.choice(["main.hsb", "daily.hsb"]),
        )
        for _ in range(count)
    ]


def changed(chance: random.Random, old: list[Row], share: float, algorithm: str = "sha256") -> list[Row]:
    """Return rows of which some went, some came and some have another name."""
    new = [row for row in old if chance.random() >= share]
    for number, row in enumerate(new):
        if chance.random() < share / 4:
            new[number] = (*row[:2], b"Renamed." + row[2], row[3])
    for row in rows(chance, int(len(old) * share) + chance.randrange(3), algorithm):
        new.insert(chance.randrange(len(new) + 1), row)
    return new


def table(entries: list[Row], algorithm: str = "sha256") -> bytes:
    writer = TableWriter(algorithm, tempfile.TemporaryFile)
    for digest, size, name, source in entries:
        writer.add(digest, size, name, Kind.TROJAN, source)
    file = io.BytesIO()
    writer.write(file, lambda *_: None)
    writer.close()
    return file.getvalue()
