import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.daemon.shortened import shortened

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), anything, max_size=5))
def test_what_is_short_stays_as_it_is(details: dict[str, Any]) -> None:
    assert json.loads(shortened(details)) == details


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("x" * 4096, "x" * 4096),
        ("x" * 4097, "x" * 4096 + "… (cut: 4,097 characters)"),
        (["a"] * 100, ["a"] * 100),
        (["a"] * 1000, ["a"] * 100 + ["… (cut: 900 more)"]),
        ({"k": "x" * 5000}, {"k": "x" * 4096 + "… (cut: 5,000 characters)"}),
        (2**63 - 1, 2**63 - 1),
        pytest.param(10**5000, "… (a number of more than 64 bits)", id="large"),
        pytest.param(-(10**5000), "… (a number of more than 64 bits)", id="low"),
        (True, True),
        ("\udcff", "\udcff"),
    ],
)
def test_what_is_long_is_cut_and_says_so(value: Any, kept: Any) -> None:
    assert json.loads(shortened({"field": value}))["field"] == kept


@pytest.mark.parametrize(
    "value",
    ["\udcff" * 1_000_000, ["x" * 4000] * 100, [["x" * 100] * 100] * 100, {str(n): "x" * 3000 for n in range(99)}],
)
def test_an_event_takes_so_much_at_the_most(value: Any) -> None:
    text = shortened({"field": value, "other": value})
    assert len(text) <= 16 * 1024
    assert "(cut" in repr(json.loads(text))


def test_what_is_nested_without_end_is_left_out() -> None:
    value: Any = "x" * 20
    for _ in range(3):
        value = [value, {str(number): value for number in range(8)}]
    assert len(shortened({f"field {number}": value for number in range(40)})) <= 16 * 1024
