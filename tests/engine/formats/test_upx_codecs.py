"""What UPX packs with."""

import lzma
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.upx_codecs import LZMA, bits_of, unfiltered, unpack
from garrison.engine.guard import Guard, Incomplete
from tests.engine.formats.upx_packing import METHODS, Bits, pack
from tests.engine.opening import Spent

GUARD = Guard(Limits(), Unbounded(), 1)
TEXT = b"".join(b"line %d of a text that repeats itself\n" % (number % 37) for number in range(400)) + bytes(500)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_packed_comes_out(method: int) -> None:
    for content in (TEXT, random.Random(3).randbytes(3000), b"x" * 5000, b"short"):
        packed = pack(method, content)
        assert unpack(method, packed, len(content), GUARD) == content
        assert unpack(method, packed, len(content) + 100, GUARD) == content


def test_lzma_has_a_header_of_its_own() -> None:
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    packed = bytes([3 << 3 | 2, 3]) + lzma.compress(TEXT, lzma.FORMAT_RAW, filters=filters)
    assert unpack(LZMA, packed, len(TEXT), GUARD) == TEXT
    assert unpack(LZMA, b"\xff\xff" + packed, 10, GUARD) is None
    assert unpack(LZMA, b"", 10, GUARD) is None


def test_an_unknown_method_is_not_guessed() -> None:
    assert unpack(3, b"\xff" * 100, 100, GUARD) is None


@pytest.mark.parametrize("method", METHODS)
def test_it_asks_for_the_time(method: int) -> None:
    content = b"".join(b"%08d%08d" % (number % 50, number % 49) for number in range(30_000))
    with pytest.raises(Incomplete):
        unpack(method, pack(method, content), len(content), Guard(Limits(), Spent(0), 1))


def test_calls_become_relative_again() -> None:
    image = b"\x90" * 10 + b"\xe8" + (0x07000100).to_bytes(4, "big") + b"\x90" * 10 + b"\xe8\x01\x02\x03\x04"
    assert unfiltered(image, 0, len(image), 0x26, 7)[11:15] == (0x100 - 11).to_bytes(4, "little")
    assert unfiltered(image, 0, len(image), 0x26, 7)[-5:] == image[-5:]
    assert unfiltered(image, 0, len(image), 0, 7) == image


def test_bits_come_between_bytes() -> None:
    bits = Bits()
    for value in (1, 0, 1):
        bits.bit(value)
    bits.byte(7)
    bit, byte = bits_of(bytes(bits.out))
    assert [bit(), bit(), bit(), byte()] == [1, 0, 1, 7]


@settings(max_examples=150, deadline=None)
@given(method=st.sampled_from((*METHODS, LZMA)), packed=st.binary(max_size=400))
def test_nonsense_is_survived(method: int, packed: bytes) -> None:
    out = unpack(method, packed, 10_000, GUARD)
    assert out is None or len(out) <= 10_000
