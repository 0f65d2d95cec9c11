import contextlib
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.cab import members
from garrison.engine.formats.quantum import Model, unpacked
from garrison.engine.guard import Incomplete
from tests.engine.formats.quantum_packing import cabinet, noise
from tests.engine.opening import SMALL, Spent, opened


# The checksums are of the cabinets that cabextract 1.9.1 unpacked to the same content.
@pytest.mark.parametrize(
    ("seed", "power", "checksum"), [(0, 10, 2542829477), (1, 15, 2331032008), (2, 18, 2158265275), (3, 21, 1655957660)]
)
def test_what_is_packed_comes_out(seed: int, power: int, checksum: int) -> None:
    content, blocks = noise(seed, 100_000, power)
    whole = cabinet(blocks, power)
    assert zlib.crc32(whole) == checksum
    found = opened(members, whole)
    assert found[0].content == content
    assert not found[0].remark


@pytest.mark.parametrize("power", [0, 9, 22, 31])
def test_windows_of_other_sizes_are_damage(power: int) -> None:
    with pytest.raises(Incomplete):
        list(unpacked([(b"data", 10)], power))


def test_what_is_cut_gives_the_blocks_before() -> None:
    content, blocks = noise(4, 70_000, 16)
    found = opened(members, cabinet(blocks, 16)[:-100])
    assert found[0].remark == "damaged: ends too early"
    assert content.startswith((found[0].content or b"?")[:65536])


def test_the_time_is_kept() -> None:
    found = opened(members, cabinet(noise(5, 100_000, 16)[1], 16), budget=Spent(4))
    assert found[0].remark == "limit reached: time"


def test_cut_and_changed_it_is_survived() -> None:
    blocks = noise(6, 2000, 12)[1]
    whole = cabinet(blocks, 12)
    for at in random.Random(1).sample(range(len(whole)), 100):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        opened(members, whole[:at], limits=SMALL)
        opened(members, bytes(changed), limits=SMALL)


def test_weights_stay_in_order_and_bounds() -> None:
    chance, model = random.Random(1), Model(64)
    for _ in range(20_000):
        model.used(min(63, int(chance.expovariate(0.1))))
        assert model.sums[0] <= 3808
    assert sorted(model.symbols) == list(range(64))
    assert all(first > second for first, second in zip(model.sums, model.sums[1:], strict=False))


@given(st.lists(st.tuples(st.binary(max_size=100), st.integers(0, 65535)), max_size=3), st.integers(10, 21))
def test_any_bytes_are_survived(blocks: list[tuple[bytes, int]], power: int) -> None:
    with contextlib.suppress(Incomplete):
        assert sum(map(len, unpacked(blocks, power))) == sum(size for _, size in blocks)
