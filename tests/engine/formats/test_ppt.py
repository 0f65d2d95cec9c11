import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.ppt import objects, unpacked
from garrison.engine.guard import Guard, Incomplete


@given(st.binary(max_size=2000))
def test_any_bytes_end(content: bytes) -> None:
    for junk in (content, b"\x10\x00\x11\x10" * 20 + content):
        for at, length, _ in objects(junk):
            assert at >= 0
            assert length >= 0


def test_a_cut_object_gives_what_is_there() -> None:
    kept: list[bytes] = []
    with pytest.raises(Incomplete, match="too early"):
        kept.extend(unpacked(zlib.compress(b"abc" * 9000)[:-6], 27_000, Guard(Limits(), Unbounded(), 1000)))
    assert b"".join(kept).startswith(b"abc")


@pytest.mark.parametrize("size", [1, 27_000, 600_000])
def test_an_object_whose_end_powerpoint_left_out_is_whole(size: int) -> None:
    state = zlib.compressobj()
    packed = state.compress(b"a" * size) + state.flush(zlib.Z_SYNC_FLUSH)
    record = b"\x10\x00\x11\x10" + (len(packed) + 4).to_bytes(4, "little") + size.to_bytes(4, "little") + packed
    ((at, length, told),) = objects(b"before" + record + b"behind")
    assert told == size
    content = (b"before" + record)[at : at + length]
    assert b"".join(unpacked(content, told, Guard(Limits(), Unbounded(), 1000))) == b"a" * size
