import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.lzx import Lzx
from garrison.engine.guard import Incomplete

CONTENT = bytes(range(256)) * 200


def packed(*fields: tuple[int, int]) -> bytes:
    """Return numbers of so many bits each, highest first, in little-endian words."""
    text = "".join(f"{number:0{count}b}" for number, count in fields)
    text += "0" * (-len(text) % 16)
    return b"".join(struct.pack("<H", int(text[at : at + 16], 2)) for at in range(0, len(text), 16))


def stored_block(content: bytes) -> bytes:
    head = packed((0, 1), (3, 3), (len(content), 24)) + struct.pack("<3L", 1, 1, 1)
    return head + content + bytes(len(content) & 1)


def test_a_stored_block_comes_out() -> None:
    assert b"".join(Lzx(stored_block(CONTENT[:20_001]), 15, 20_001)) == CONTENT[:20_001]


def test_frames_follow_each_other() -> None:
    assert b"".join(Lzx(stored_block(CONTENT), 16, len(CONTENT))) == CONTENT


def test_the_targets_of_calls_are_put_back() -> None:
    program = b"\x90" * 20 + b"\xe8" + struct.pack("<l", 100) + b"\x90" * 40
    head = packed((1, 1), (0, 16), (5000, 16), (3, 3), (len(program), 24))
    data = head + struct.pack("<3L", 1, 1, 1) + program
    (frame,) = Lzx(data, 15, len(program))
    assert frame[21:25] == struct.pack("<l", 80)


def test_a_cut_yields_what_came_before() -> None:
    came: list[bytes] = []
    with pytest.raises(Incomplete):
        came.extend(Lzx(stored_block(CONTENT)[:20_000], 15, len(CONTENT)))
    pieces = iter(Lzx(stored_block(CONTENT)[:20_000], 15, len(CONTENT)))
    assert CONTENT.startswith(next(pieces))


@given(st.binary(max_size=400), st.integers(14, 22), st.integers(0, 100_000), st.integers(0, 2))
def test_any_bytes_are_survived(data: bytes, bits: int, size: int, reset: int) -> None:
    try:
        assert sum(map(len, Lzx(data, bits, size, reset))) <= size
    except Incomplete as reason:
        assert reason.remark.startswith("damaged: ")  # noqa: PT017 # damaged or not
