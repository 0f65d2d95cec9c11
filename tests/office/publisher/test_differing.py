import random

from garrison.abilities.databases.delta import PATCH, TABLE
from garrison.office.publisher.differing import best_update, packed
from tests.abilities.databases.tables import changed, rows, table


def test_a_table_is_updated_by_rows_and_anything_else_by_a_patch() -> None:
    chance = random.Random(5)
    before = rows(chance, 2000)
    old, new = table(before), table(changed(chance, before, 0.01))
    by_rows = best_update("hashes-sha256.bin", memoryview(old), memoryview(new))
    by_patch = best_update("rules.yrx", memoryview(old), memoryview(new))
    assert by_rows is not None
    assert by_patch is not None
    assert (by_rows[0], by_patch[0]) == (TABLE, PATCH)
    assert len(by_rows[1]) < len(by_patch[1])


def test_what_cannot_be_updated_has_no_update() -> None:
    new = memoryview(table(rows(random.Random(5), 9)))
    assert best_update("hashes-sha256.bin", memoryview(b"damaged"), new) is None
    assert best_update("rules.yrx", memoryview(b"short"), new) is None


def test_the_same_content_is_packed_to_the_same_bytes() -> None:
    content = table(rows(random.Random(5), 100))
    assert packed(content) == packed(memoryview(content))


def test_a_new_name_is_never_taken_for_an_old_one_whatever_its_length() -> None:
    digests = [bytes([number]) * 32 for number in range(4)]
    before = [(digest, 5, name, "main.hsb") for digest, name in zip(digests, [b"One", b"Two"], strict=False)]
    for length in range(1, 40):
        after = [(digests[2], 5, b"X" * length, "main.hsb"), *before]
        for new in (after, [*before[:1], after[0], before[1]], [after[0], before[1], before[0]]):
            update = best_update("hashes-sha256.bin", memoryview(table(before)), memoryview(table(new)))
            assert update is not None
