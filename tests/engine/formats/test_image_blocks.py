"""Compressed blocks of images."""

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import image_blocks
from garrison.engine.guard import Incomplete
from tests.engine.archives import raw_deflate

BLOCKS = [
    image_blocks.zlib_block,
    image_blocks.deflate_block,
    image_blocks.lzma_block,
    image_blocks.xz_block,
    image_blocks.zstd_block,
    image_blocks.lz4_block,
    image_blocks.adc_block,
]


@given(packed=st.binary(max_size=200), number=st.integers(0, len(BLOCKS) - 1))
def test_any_bytes_are_unpacked_or_refused(packed: bytes, number: int) -> None:
    try:
        out = BLOCKS[number](packed, 1000)
    except Incomplete:
        return
    assert len(out) <= 1000


def test_copies_of_adc_repeat_what_they_write() -> None:
    assert image_blocks.adc_block(b"\x82abc" + b"\x08\x01" + b"\x40\x00\x00", 100) == b"abc" + b"bcbcb" + b"b" * 4


def test_no_more_comes_out_than_asked_for() -> None:
    assert image_blocks.zlib_block(zlib.compress(bytes(100_000)), 10) == bytes(10)
    assert image_blocks.adc_block(b"\x80a" + b"\x7f\x00\x00" * 9, 20) == b"a" * 20


def test_a_whole_block_has_nothing_behind_it_and_an_end() -> None:
    packed = raw_deflate(b"a" * 100)
    assert image_blocks.whole_deflate_block(packed, 100) == b"a" * 100
    for wrong, most in ((packed + b"x", 100), (packed[:-1], 100), (packed, 99)):
        with pytest.raises(Incomplete):
            image_blocks.whole_deflate_block(wrong, most)


@pytest.mark.parametrize("unpack", BLOCKS[:6])
def test_noise_is_damage(unpack: image_blocks.Unpack) -> None:
    with pytest.raises(Incomplete):
        unpack(b"\xff" * 20 + random.Random(5).randbytes(20), 1000)
