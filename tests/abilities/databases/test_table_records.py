import random
import struct

import pytest

from garrison.abilities.databases.table_records import Change, as_it_lies, numbers, swapped
from garrison.engine.hashes import ANY_SIZE, MAGIC, PLACES, read_parts
from tests.abilities.databases.tables import Row, changed, rows, table

_LENGTH = 32
_STEP = _LENGTH + PLACES.size


def told(old: list[Row], new: list[Row]) -> dict[str, memoryview]:
    """Return the columns that tell the records of two tables apart; both sorted by digest and size, none twice."""
    was, now = ([row[:2] for row in sorted(each, key=lambda row: row[:2])] for each in (old, new))
    gone = [number for number, key in enumerate(was) if key not in set(now)]
    come = [number for number, key in enumerate(now) if key not in set(was)]
    columns = {
        "removed": _gaps(gone),
        "added": _gaps(come),
        "digests": b"".join(now[number][0] for number in come),
        "sizes": b"".join(struct.pack(">L", now[number][1]) for number in come),
        "threats": bytes(4 * len(come)),
        "moved": b"",
        "moved_threats": b"",
    }
    return {name: memoryview(content) for name, content in columns.items()}


def _gaps(places: list[int]) -> bytes:
    gaps = [place - before for before, place in zip([0, *places], places, strict=False)]
    return struct.pack(f"<{len(gaps)}L", *gaps)


def _sized(sizes: list[int]) -> list[Row]:
    return [(struct.pack(">L28x", number << 20), size, b"A", "main.hsb") for number, size in enumerate(sizes)]


def _checked(old: list[Row], new: list[Row]) -> None:
    """Make records, index and size map of the new table from the old one, and compare them with the written ones."""
    was, now = (read_parts(_LENGTH, memoryview(table(each))) for each in (old, new))
    change = Change(_LENGTH, was, told(old, new))
    words = change.records()
    made, wanted = memoryview(words).cast("B"), now.records
    for at in range(0, len(wanted), _STEP):
        assert made[at : at + _LENGTH + 4] == wanted[at : at + _LENGTH + 4]
    assert len(made) == len(wanted)
    assert change.index(words, now.bits) == now.index
    assert change.size_map(words, now.size_bits) == now.sizes


@pytest.mark.parametrize("seed", range(6))
def test_records_index_and_sizes_become_those_of_the_new_table(seed: int) -> None:
    chance = random.Random(seed)
    old = rows(chance, 2000)
    _checked(old, changed(chance, old, 0.02))


def test_a_size_stays_known_while_a_record_has_it_and_goes_with_the_last() -> None:
    old = _sized([70, 70, 90, 91, ANY_SIZE, 1000])
    _checked(old, old[1:])
    _checked(old, [row for row in old if row[1] != 90])
    _checked(old, [row for row in old if row[1] != ANY_SIZE])


def test_sizes_that_share_their_bit_with_others_or_with_any_are_told_apart() -> None:
    bits = read_parts(_LENGTH, memoryview(table(_sized([5, 6, 7])))).size_bits
    shared = [5, 5 + bits, bits - 1, 2 * bits - 1, ANY_SIZE]
    old = _sized(shared)
    assert read_parts(_LENGTH, memoryview(table(old))).size_bits == bits
    for leave_out in range(len(shared)):
        _checked(old, [row for number, row in enumerate(old) if number != leave_out])
    _checked(old, [old[0], old[4]])
    _checked(old, [old[1], old[2]])


def test_a_table_of_another_size_gets_its_index_and_sizes_anew() -> None:
    chance = random.Random(5)
    old = rows(chance, 40)
    _checked(old, old + rows(chance, 9000))


@pytest.mark.parametrize(
    "wrong", [{"removed": [3, 0]}, {"added": [3, 0]}, {"added": [1]}, {"removed": [9999]}, {"added": [9999, 1]}]
)
def test_places_that_cannot_be_are_refused(wrong: dict[str, list[int]]) -> None:
    old = rows(random.Random(1), 50)
    columns = told(old, [*old, *rows(random.Random(2), 2)])
    columns |= {name: memoryview(struct.pack(f"<{len(gaps)}L", *gaps)) for name, gaps in wrong.items()}
    with pytest.raises(ValueError, match=r"place|columns|record"):
        Change(_LENGTH, read_parts(_LENGTH, memoryview(table(old))), columns).records()


def test_columns_are_numbers_in_either_order_of_bytes() -> None:
    assert list(numbers(struct.pack("<2L", 7, 1 << 31))) == [7, 1 << 31]
    assert list(swapped(as_it_lies(struct.pack(">2L", 7, 1 << 31)))) == [7, 1 << 31]
    assert len(MAGIC) == 8
