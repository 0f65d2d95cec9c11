"""What the process that cures says, and what is believed of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.wire.curing import LENGTH, MOST_HEAD, MOST_NAME, MOST_REMOVED, Head, Request, decode_head


def test_a_request_arrives_as_it_was_sent() -> None:
    request = Request("/databases", {"members": 3}, "medium", 1.5, 100, "a\udcff.zip", 12)
    assert Request.from_text(request.to_text()) == request


@given(st.integers(0, 2**60), st.lists(st.text(max_size=400), max_size=60), st.text(max_size=400))
def test_a_head_arrives_cut_to_what_may_be_said(size: int, removed: list[str], why: str) -> None:
    frame = Head(size, tuple(removed), why).encode()
    (length,) = LENGTH.unpack(frame[: LENGTH.size])
    assert length == len(frame) - LENGTH.size
    head = decode_head(frame[LENGTH.size :])
    assert (head.size, head.why) == (size, why[:MOST_NAME])
    told = min(len(removed), MOST_REMOVED - (len(removed) > MOST_REMOVED))
    assert head.removed[:told] == tuple(name[:MOST_NAME] for name in removed[:told])
    assert len(frame) < MOST_HEAD
    if len(removed) > MOST_REMOVED:
        assert head.removed[-1] == f"{len(removed) - told:,} more"


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": "3"},
        {"size": True},
        {"removed": [1]},
        {"removed": ["x"] * 5000},
        {"removed": ["x" * 5000]},
        {"why": None},
        {"why": "x" * 5000},
    ],
)
def test_what_is_no_head_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="head"):
        decode_head(json.dumps({"size": 1, "removed": [], "why": "", **change}).encode())


@given(st.binary(max_size=200))
def test_anything_else_is_refused_as_well(untrusted: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # of whatever kind
        decode_head(untrusted + b"\xff")
