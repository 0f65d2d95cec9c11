import contextlib
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.wire.frames import decode, encode

names = st.binary(max_size=40).map(os.fsdecode)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(names, plain, max_size=5))
def test_what_was_sent_is_received(message: dict[str, Any]) -> None:
    line = encode(message)
    line.decode("ascii")
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == message


@given(st.binary(max_size=200))
def test_garbage_is_a_value_error_or_an_object(line: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(decode(line), dict)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]",
        b"null",
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"\xff\xfe{\x00}\x00",
        b"\x80",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)
def test_what_is_no_message(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # that kind is the promise
        decode(line)


def test_other_programs_may_send_utf_8() -> None:
    assert decode(json.dumps({"a": "ü"}, ensure_ascii=False).encode()) == {"a": "ü"}


def test_what_json_cannot_hold_is_not_sent() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (float("nan"), float("inf"), {1, 2}, b"bytes", deep):
        with pytest.raises((TypeError, ValueError)):
            encode({"value": value})
    while deep:  # taken apart by hand: what is nested so deeply is not freed in one go
        deep = deep.pop()
