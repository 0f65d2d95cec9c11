import random
import struct

import pytest

from garrison.abilities.databases.delta import INDEXED, pieces_of
from garrison.abilities.databases.index_delta import (
    COUNTS,
    GONE,
    INDEX_MAGIC,
    put_together,
    renumbering,
    told_apart,
)
from garrison.base.errors import Failed
from garrison.engine.patterns.layout import INDEX, RECORDS
from garrison.engine.patterns.writer import PatternWriter
from garrison.office.publisher.differing import index_update, patch


def lines(chance: random.Random, count: int) -> list[str]:
    """Return extended signatures with patterns of random bytes."""
    return [
        f"Test.Pattern-{chance.randrange(10**9)}:{chance.choice((0, 1, 3))}:*:{chance.randbytes(12).hex()}"
        for _ in range(count)
    ]


def files(entries: list[str]) -> dict[str, memoryview]:
    writer = PatternWriter()
    for line in entries:
        writer.extended(line, "test.ndb")
    return {name: memoryview(content) for name, content in writer.write().items()}


def changed(chance: random.Random, old: list[str], share: float) -> list[str]:
    new = [line for line in old if chance.random() >= share]
    for line in lines(chance, int(len(old) * share) + 1):
        new.insert(chance.randrange(len(new) + 1), line)
    return new


def update_of(old: dict[str, memoryview], new: dict[str, memoryview]) -> bytes:
    update = index_update((old[INDEX], new[INDEX]), (old[RECORDS], new[RECORDS]))
    assert update is not None
    return update


def applied(old: memoryview, update: bytes, size: int) -> bytes:
    return b"".join(pieces_of(INDEXED, INDEX, old, update, size))


OLD = files(lines(random.Random(1), 400))
NEW = files(changed(random.Random(2), lines(random.Random(1), 400), 0.02))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("count", [1, 60, 400])
def test_any_index_becomes_any_other(count: int, share: float) -> None:
    chance = random.Random(count)
    before = lines(chance, count)
    old, new = files(before), files(changed(chance, before, share))
    assert applied(old[INDEX], update_of(old, new), len(new[INDEX])) == new[INDEX]


def test_it_is_smaller_than_a_patch() -> None:
    assert len(update_of(OLD, NEW)) < 0.5 * len(patch(OLD[INDEX], NEW[INDEX]))


def test_what_is_told_apart_is_put_together_again() -> None:
    assert put_together(told_apart(OLD[INDEX])) == OLD[INDEX]


def test_records_are_numbered_around_those_that_come() -> None:
    assert renumbering(4, [1], [0, 2]) == [1, GONE, 3, 4]
    for removed, added in (([4], []), ([1, 1], []), ([], [2, 2])):
        with pytest.raises(ValueError, match="do not fit"):
            renumbering(4, removed, added)


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_do_no_harm(seed: int) -> None:
    chance = random.Random(seed)
    update, old = bytearray(update_of(OLD, NEW)), bytearray(OLD[INDEX])
    victim = update if seed % 2 else old
    for _ in range(chance.randrange(1, 9)):
        victim[chance.randrange(len(victim))] = chance.randrange(256)
    try:
        assert len(applied(memoryview(old), bytes(update), len(NEW[INDEX]))) == len(NEW[INDEX])
    except Failed as error:
        assert "does not fit" in error.text  # noqa: PT017


@pytest.mark.parametrize(
    "update",
    [
        b"",
        INDEX_MAGIC,
        INDEX_MAGIC + COUNTS.pack(0xFFFFFFFF, 0xFFFFFFFF),
        INDEX_MAGIC + COUNTS.pack(1, 0) + struct.pack("<L", 0xFFFFFFFF),
        INDEX_MAGIC + COUNTS.pack(0, 0) + b"no frame",
    ],
)
def test_nonsense_is_refused(update: bytes) -> None:
    with pytest.raises(Failed):
        applied(OLD[INDEX], update, len(NEW[INDEX]))


def test_an_index_whose_parts_do_not_fit_is_none() -> None:
    right = bytes(OLD[INDEX])
    for wrong in (
        b"",
        right[:50],
        right[: len(right) // 2],
        right.replace(b'"records":400', b'"records":99999'),
        b"\0" + right[1:],
    ):
        with pytest.raises((ValueError, KeyError, struct.error)):
            told_apart(wrong, range(400))
