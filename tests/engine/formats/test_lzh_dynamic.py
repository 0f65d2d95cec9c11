import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.lha import members
from garrison.engine.formats.lzh_dynamic import unpacked
from garrison.engine.guard import Incomplete
from tests.engine.archives import make_lha
from tests.engine.formats.lzh_packing import noise
from tests.engine.opening import SMALL, Spent, opened


# The second is long enough for the weights to be halved.
@pytest.mark.parametrize(("count", "size", "checksum"), [(3000, 40240, 410694665), (40000, 521535, 1805509523)])
def test_what_is_packed_comes_out(count: int, size: int, checksum: int) -> None:
    content, packed = noise(0 if count == 3000 else 3, count)
    assert (len(content), zlib.crc32(packed)) == (size, checksum)  # the bytes that Lhasa unpacked as well
    assert b"".join(unpacked(packed, size)) == content


def test_it_is_cut_at_the_size() -> None:
    content, packed = noise(5, 100)
    found = opened(members, make_lha(packed, 1, b"name", b"-lh1-", 50))
    assert found[0].content == content[:50]
    assert not found[0].remark


def test_what_is_cut_gives_what_came_before() -> None:
    content, packed = noise(6, 2000)
    found = opened(members, make_lha(packed, 1, b"name", b"-lh1-", len(content))[: len(packed) // 2])
    assert found[0].remark == "damaged: ends too early"
    got = found[0].content or b""
    assert len(got) > 1000
    assert content.startswith(got[:-1000])  # zeros were read behind the end


def test_the_time_is_kept() -> None:
    content, packed = noise(3, 10_000)
    found = opened(members, make_lha(packed, 0, b"name", b"-lh1-", len(content)), budget=Spent(3))
    assert found[0].remark == "limit reached: time"


def test_changed_it_is_survived() -> None:
    content, packed = noise(7, 60)
    for at in range(len(packed)):
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        opened(members, make_lha(bytes(changed), 0, b"name", b"-lh1-", len(content)), limits=SMALL)


@given(st.binary(max_size=400), st.integers(0, 100_000))
def test_any_bytes_are_survived(data: bytes, size: int) -> None:
    with contextlib.suppress(Incomplete):
        assert sum(map(len, unpacked(data, size))) <= size
