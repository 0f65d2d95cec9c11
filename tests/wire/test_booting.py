"""What is said of a boot loader's settings."""

import json

import pytest

from garrison.wire.booting import Told, decode, encode


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
