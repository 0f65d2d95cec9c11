"""Regular expressions that may take for ever, and those that only look so."""

import re

import pytest

from garrison.engine.patterns.explosive import may_explode


@pytest.mark.parametrize(
    "source", [r"(a+)+b", r"((a+)|c)*d", r"(?:\w*\s*)*x", r"(.*,)+y", r"(a{1,90})*b", r"([a-z]+b)+c", r"(?:(?:x+))+"]
)
def test_a_repeat_of_a_repeat_may_take_for_ever(source: str) -> None:
    assert may_explode(source.encode(), 0)


@pytest.mark.parametrize(
    "source", [r"(\w+\s*,\s*)+x", r"a+b+c+", r"(?:\d+\.)+x", r"(ab)+", r"(?:a{1,3})+b", r"(?>(?:a+))+b", r"([^;]*;)*z"]
)
def test_what_stands_between_two_repeats_keeps_them_apart(source: str) -> None:
    assert not may_explode(source.encode(), re.DOTALL)
