"""Finding harmful parts by questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.curing.parts import Questions, TooManyQuestions, harmful_parts


@given(st.lists(st.sampled_from([b"good", b"BAD!"]), max_size=40))
def test_all_harmful_parts_are_found_and_no_other(parts: list[bytes]) -> None:
    found = harmful_parts(parts, b"".join, Questions(lambda content: b"BAD!" not in content))
    assert found == {number for number, part in enumerate(parts) if part == b"BAD!"}


def test_one_among_a_thousand_takes_few_questions() -> None:
    asked: list[bytes] = []

    def is_clean(content: bytes) -> bool:
        asked.append(content)
        return b"BAD" not in content

    parts = [b"good"] * 700 + [b"BAD"] + [b"good"] * 299
    assert harmful_parts(parts, b"".join, Questions(is_clean)) == {700}
    assert len(asked) < 30


def test_a_hostile_file_cannot_keep_us_asking() -> None:
    with pytest.raises(TooManyQuestions):
        harmful_parts([b"BAD"] * 10_000, b"".join, Questions(lambda _: False))
