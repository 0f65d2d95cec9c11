"""The bzip2 of NSIS."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.formats.nsis_bzip2 import blocks
from tests.engine.formats.nsis_writing import bzip2


def unpacked(packed: bytes) -> bytes:
    return b"".join(blocks(packed, lambda: None))


@pytest.mark.parametrize("content", [b"x", b"a" * 3000, bytes(300) + b"aaaab" * 20, random.Random(1).randbytes(4000)])
def test_what_was_packed_comes_out(content: bytes) -> None:
    assert unpacked(bzip2(content)) == content


def test_runs_come_in_pieces_however_long_they_are() -> None:
    content = bytes(2_000_000)
    pieces = list(blocks(bzip2(content), lambda: None))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) < 70_000


def test_an_end_too_early_is_told() -> None:
    with pytest.raises(EOFError):
        unpacked(bzip2(b"some words " * 50)[:-20])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_nonsense_is_survived(packed: bytes) -> None:
    try:
        unpacked(b"\x31\x00\x00\x00" + packed)
    except (ValueError, EOFError):
        return
