import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.formats.ole import Compound
from garrison.engine.source import Source
from tests.engine.documents import make_ole

STREAMS = {"one": b"a" * 100, "two/three": random.Random(1).randbytes(70_000), "two/four/five": b"b" * 4095}


def read(content: bytes) -> dict[str, bytes]:
    compound = Compound(Source(content))
    return {stream.path: b"".join(compound.pieces(stream)) for stream in compound.streams()}


def test_it_reads_large_and_small_streams_with_their_paths() -> None:
    assert read(make_ole(STREAMS)) == STREAMS


def test_a_stream_is_read_by_its_path_as_far_as_asked() -> None:
    compound = Compound(Source(make_ole(STREAMS)))
    assert compound.read("two/three") == STREAMS["two/three"]
    assert compound.read("two/three", 10) == STREAMS["two/three"][:10]
    assert compound.read("two") == b""


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf", b"MZ" + bytes(2000), bytes(512)])
def test_what_is_none_has_no_streams(content: bytes) -> None:
    compound = Compound(Source(content))
    assert not compound.is_sound
    assert compound.streams() == []


def test_a_chain_that_runs_in_a_circle_ends() -> None:
    whole = bytearray(make_ole({"big": bytes(9000)}))
    at = 512 + 4 * 2
    for number in range(2, 20):
        struct.pack_into("<I", whole, at + 4 * (number - 2), 2)
    size = whole.index(struct.pack("<Q", 9000))
    struct.pack_into("<I", whole, size, 0xFFFFFFF)
    assert sum(map(len, read(bytes(whole)).values())) <= len(whole) + 512


def test_names_that_point_in_a_circle_are_read_once() -> None:
    whole = bytearray(make_ole({"one": b"x", "two": b"y"}))
    for entry in (1024 + 128, 1024 + 256):
        struct.pack_into("<3I", whole, entry + 68, 1, 2, 1)
    assert read(bytes(whole)) == {"one": b"x", "two": b"y"}


def test_a_stream_that_no_name_leads_to_is_read_all_the_same() -> None:
    whole = bytearray(make_ole({"one": b"x", "two": b"y"}))
    struct.pack_into("<I", whole, 1024 + 76, 0xFFFFFFFF)
    assert set(read(bytes(whole)).values()) == {b"x", b"y"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_flipped_bits_are_survived(flips: list[tuple[int, int]]) -> None:
    whole = bytearray(make_ole(STREAMS))
    for at, value in flips:
        whole[at % min(len(whole), 2048)] ^= value
    for content in read(bytes(whole)).values():
        assert len(content) <= len(whole) + 512
