"""How AutoIt hides its scripts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.autoit_crypto import Rotator, Twister, unpack
from garrison.engine.guard import Guard

GUARD = Guard(Limits(object_bytes=5000), Unbounded(), 1)


def test_the_stream_is_that_of_the_format() -> None:
    # The word FILE, as the compilers of the two versions write it.
    assert Twister(0x16FA).apply(bytes.fromhex("ff6db0ce")) == b"FILE"
    assert Rotator(0x18EE).apply(bytes.fromhex("6b43ca52")) == b"FILE"


@pytest.mark.parametrize("stream", [Twister, Rotator])
def test_it_goes_on_from_piece_to_piece(stream: type[Twister] | type[Rotator]) -> None:
    one, two = stream(9), stream(9)
    assert one.apply(bytes(700)) + one.apply(bytes(700)) == two.apply(bytes(1400))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"EA05", b"EA06"]), st.binary(max_size=300))
def test_nonsense_is_survived(version: bytes, packed: bytes) -> None:
    assert len(unpack(version + packed, GUARD)) <= 5000
