"""What is said of a boot loader's settings."""

import json

import pytest

from garrison.wire.booting import EFI, Told, decode, encode, extent


def test_what_was_said_arrives() -> None:
    facts = [Told("kernel", "/boot/\udcffvmlinuz", 3), Told("too-much", "", 0)]
    assert decode(encode(facts)) == facts


@pytest.mark.parametrize(
    "plain",
    [
        {}, [[]], [["kernel", "x"]], [["kernel", "x", "1"]], [["kernel", "x", True]], [["kernel", "x", -1]],
        [["kernel", "x" * 501, 1]], [["k" * 21, "x", 1]], [["kernel", "x", 1]] * 2002,
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        decode(json.dumps(plain).encode())


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff"])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # of json, in its own words
        decode(content)


def test_where_a_partition_lies_is_told() -> None:
    assert extent(Told(EFI, "1048576:512", 1)) == (1_048_576, 512)


@pytest.mark.parametrize("value", ["", "1", "1:2:3", "0:5", "5:0", "-1:5", "5:99999999999999999999", "a:b"])
def test_a_partition_that_lies_nowhere_is_refused(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # of int, in its own words
        extent(Told(EFI, value, 1))
