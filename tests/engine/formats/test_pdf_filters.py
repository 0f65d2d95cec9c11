import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.pdf_filters import Parameters, decode
from garrison.engine.guard import Guard, Incomplete

PLAIN = Parameters()


def guard() -> Guard:
    return Guard(Limits(), Unbounded(), 1000)


def decoded(data: bytes, *filters: bytes, parameters: Parameters = PLAIN) -> bytes:
    return b"".join(decode(data, filters, parameters, guard()))


@given(st.binary(max_size=500))
def test_what_was_encoded_comes_out(content: bytes) -> None:
    assert decoded(content.hex().encode() + b">", b"ASCIIHexDecode") == content
    assert decoded(base64.a85encode(content) + b"~>", b"A85") == content
    assert decoded(zlib.compress(content), b"Fl") == content
    assert decoded(base64.a85encode(zlib.compress(content)) + b"~>", b"ASCII85Decode", b"FlateDecode") == content


def test_the_examples_of_the_specification_come_out() -> None:
    lzw = bytes.fromhex("800B6050220C0C8501")
    assert decoded(lzw, b"LZWDecode") == bytes((45, 45, 45, 45, 45, 65, 45, 45, 45, 66))
    assert decoded(b"\x02abc\xfez\x80ignored", b"RunLengthDecode") == b"abczzz"


def test_long_lzw_data_widens_its_codes() -> None:
    pillow_like = packed_lzw(b"abcdefgh" * 3000)
    assert decoded(pillow_like, b"LZW") == b"abcdefgh" * 3000


def packed_lzw(data: bytes) -> bytes:
    bits: list[str] = []
    table = {bytes((value,)): value for value in range(256)}
    width, following, word = 9, 258, b""
    bits.append(f"{256:0{width}b}")
    for value in data:
        byte = bytes((value,))
        if word + byte in table:
            word += byte
            continue
        bits.append(f"{table[word]:0{width}b}")
        table[word + byte] = following
        following += 1
        width = min(12, (following).bit_length())
        if following >= 4094:
            bits.append(f"{256:012b}")
            table = {bytes((number,)): number for number in range(256)}
            following, width = 258, 9
        word = byte
    bits.append(f"{table[word]:0{width}b}")
    bits.append(f"{257:0{max(width, (following + 1).bit_length())}b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


@pytest.mark.parametrize("kind", range(5))
def test_rows_lose_their_predictor(kind: int) -> None:
    rows = bytes((kind,)) + bytes((1, 2, 3)) + bytes((kind,)) + bytes((1, 1, 1))
    expected = {
        0: (1, 2, 3, 1, 1, 1),
        1: (1, 3, 6, 1, 2, 3),
        2: (1, 2, 3, 2, 3, 4),
        3: (1, 2, 4, 1, 2, 4),
        4: (1, 3, 6, 2, 4, 7),
    }[kind]
    parameters = Parameters(predictor=12, columns=3)
    assert decoded(zlib.compress(rows), b"FlateDecode", parameters=parameters) == bytes(expected)


@given(
    st.binary(max_size=400),
    st.lists(st.sampled_from([b"Fl", b"LZW", b"AHx", b"A85", b"RL", b"Other"]), max_size=3),
    st.builds(
        Parameters, st.integers(0, 15), st.integers(0, 9), st.integers(0, 40), st.integers(0, 99), st.integers(0, 1)
    ),
)
def test_any_bytes_are_survived(data: bytes, filters: list[bytes], parameters: Parameters) -> None:
    try:
        decoded(data, *filters, parameters=parameters)
    except Incomplete as reason:
        assert reason.remark  # noqa: PT017 # either is right


def test_a_missing_checksum_is_no_damage() -> None:
    assert decoded(zlib.compress(b"text" * 50)[:-4], b"FlateDecode") == b"text" * 50
