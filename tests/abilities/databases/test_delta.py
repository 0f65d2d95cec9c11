import random
import struct
import time
import tracemalloc

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.abilities.databases.delta import DELTA_MAGIC, PARTS, PATCH, TABLE, WHOLE, pieces_of
from garrison.base.errors import Failed
from garrison.engine.hashes import ALGORITHMS, FOOT, HashTable
from garrison.office.publisher.differing import packed, patch, table_update
from tests.abilities.databases.tables import changed, rows, table

_HEADER = struct.Struct(f"<8s{len(PARTS)}L")
MIB = 1024 * 1024


def applied(form: str, name: str, old: bytes, content: bytes, size: int) -> bytes:
    return b"".join(pieces_of(form, name, memoryview(old), content, size))


@given(
    st.integers(),
    st.sampled_from(sorted(ALGORITHMS)),
    st.integers(0, 400),
    st.sampled_from([0.0, 0.005, 0.1, 0.9, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_any_table_becomes_any_other(seed: int, algorithm: str, count: int, share: float) -> None:
    chance = random.Random(seed)
    before = rows(chance, count, algorithm)
    after = changed(chance, before, share, algorithm)
    old, new = table(before, algorithm), table(after, algorithm)
    update = table_update(algorithm, memoryview(old), memoryview(new))
    assert update is not None
    assert applied(TABLE, f"hashes-{algorithm}.bin", old, update, len(new)) == new


def test_lists_in_another_order_become_each_other() -> None:
    chance = random.Random(4)
    before = rows(chance, 300)
    after = before.copy()
    chance.shuffle(after)
    old, new = table(before), table(after)
    update = table_update("sha256", memoryview(old), memoryview(new))
    assert update is not None
    assert applied(TABLE, "sections-sha256.bin", old, update, len(new)) == new


def test_the_update_of_a_large_table_is_small() -> None:
    chance = random.Random(8)
    before = rows(chance, 60_000)
    old, new = table(before), table(changed(chance, before, 0.004))
    update = table_update("sha256", memoryview(old), memoryview(new))
    assert update is not None
    assert len(update) < 0.01 * len(packed(new, 9))
    made = applied(TABLE, "hashes-sha256.bin", old, update, len(new))
    assert made == new
    HashTable("sha256", memoryview(made)).close()


def test_a_whole_file_and_a_patch_come_out_as_they_went_in() -> None:
    chance = random.Random(3)
    old = chance.randbytes(300_000)
    new = old[:100_000] + b"something new" + old[90_000:]
    assert applied(WHOLE, "rules.yrx", b"", packed(new), len(new)) == new
    update = patch(memoryview(old), memoryview(new))
    assert len(update) < 1000
    assert applied(PATCH, "rules.yrx", old, update, len(new)) == new


class TestHostile:
    """Whatever an update says, it ends soon, takes little memory, and makes no more than was published."""

    OLD = table(rows(random.Random(1), 500))
    NEW = table(changed(random.Random(2), rows(random.Random(1), 500), 0.1))

    def _delta(self) -> bytes:
        update = table_update("sha256", memoryview(self.OLD), memoryview(self.NEW))
        assert update is not None
        return zstd.decompress(update)

    def _attempt(self, delta: bytes, form: str = TABLE, size: int = 0) -> None:
        """Apply it; the caller's digest tells what comes out, so only size and time are looked at."""
        start = time.process_time()
        try:
            made = applied(form, "hashes-sha256.bin", self.OLD, delta, size or len(self.NEW))
        except Failed:
            made = b""
        assert len(made) <= len(self.NEW) + len(self.OLD)
        assert time.process_time() - start < 5

    @pytest.mark.parametrize("seed", range(40))
    def test_flipped_bytes_do_no_harm(self, seed: int) -> None:
        chance = random.Random(seed)
        delta = bytearray(self._delta())
        for _ in range(chance.randrange(1, 20)):
            delta[chance.randrange(len(delta))] = chance.randrange(256)
        self._attempt(zstd.compress(bytes(delta)))
        packed_delta = bytearray(zstd.compress(self._delta()))
        packed_delta[chance.randrange(len(packed_delta))] ^= 1 << chance.randrange(8)
        self._attempt(bytes(packed_delta))

    @pytest.mark.parametrize("part", range(len(PARTS)))
    @pytest.mark.parametrize("value", [0, 0xFFFFFFFF, 0x7FFFFFFF])
    def test_a_part_full_of_one_number_does_no_harm(self, part: int, value: int) -> None:
        delta = self._delta()
        _, *lengths = _HEADER.unpack_from(delta)
        start = _HEADER.size + sum(lengths[:part])
        content = struct.pack("<L", value) * (lengths[part] // 4)
        self._attempt(zstd.compress(delta[:start] + content + delta[start + len(content) :]))

    @pytest.mark.parametrize("keep", [0, 1, 60, 200, -1])
    def test_a_cut_one_is_refused(self, keep: int) -> None:
        for content in (zstd.compress(self._delta())[:keep], zstd.compress(self._delta()[:keep])):
            with pytest.raises(Failed):
                applied(TABLE, "hashes-sha256.bin", self.OLD, content, len(self.NEW))

    def test_the_same_names_copied_without_end_are_refused(self) -> None:
        parts = dict.fromkeys(PARTS, b"")
        foot = list(FOOT.unpack_from(self.NEW, len(self.NEW) - FOOT.size))
        parts["foot"] = FOOT.pack(*foot)
        parts["copies"] = struct.pack("<3L", 0, 0xFFFFFFFF, 0) * 50_000
        header = _HEADER.pack(DELTA_MAGIC, *(len(parts[name]) for name in PARTS))
        with pytest.raises(Failed):
            applied(
                TABLE,
                "hashes-sha256.bin",
                self.OLD,
                zstd.compress(header + b"".join(parts[name] for name in PARTS)),
                len(self.NEW),
            )

    @pytest.mark.parametrize("form", [WHOLE, PATCH, TABLE])
    def test_a_frame_that_unpacks_to_much_more_is_given_up(self, form: str) -> None:
        bomb = zstd.compress(bytes(400 * MIB), 1)
        tracemalloc.start()
        try:
            with pytest.raises(Failed):
                applied(form, "hashes-sha256.bin", self.OLD, bomb, len(self.NEW))
            assert tracemalloc.get_traced_memory()[1] < 40 * MIB
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize("form", [WHOLE, PATCH])
    def test_more_or_less_than_was_published_is_refused(self, form: str) -> None:
        content = packed(self.NEW) if form == WHOLE else patch(memoryview(self.OLD), memoryview(self.NEW))
        for size in (len(self.NEW) - 1, len(self.NEW) + 1, 0, -1, 2**31):
            with pytest.raises(Failed):
                applied(form, "hashes-sha256.bin", self.OLD, content, size)
        with pytest.raises(Failed):
            applied(form, "hashes-sha256.bin", self.OLD, content + b"more", len(self.NEW))

    def test_only_tables_are_updated_as_tables_and_by_known_forms(self) -> None:
        for form, name in ((TABLE, "rules.yrx"), ("other", "hashes-sha256.bin"), (PATCH, "tiny")):
            with pytest.raises(Failed):
                applied(form, name, b"tiny", zstd.compress(self._delta()), len(self.NEW))
