"""Regular expressions asked in linear time first."""

import re
import time

import pytest

from garrison.engine.patterns.automaton import Automaton, build
from tests.engine.patterns.matching import found


@pytest.mark.parametrize(
    ("body", "letters", "is_exact"),
    [
        ("hel+o", "", True),
        ("HEL+O", "i", True),
        ("^wor.*d$", "ms", True),
        ("h e l l o", "x", True),
        (r"\/hello\/", "", True),
        ("(?<=h)ello", "", False),
        (r"(l)\1", "", False),
        ("hello", "A", False),
    ],
)
def test_an_automaton_finds_at_least_what_the_expression_finds(body: str, letters: str, is_exact: bool) -> None:
    packed, told = build(body, letters)
    assert told == is_exact
    assert Automaton(packed).occurs(b"/hello/\nworld")
    assert not Automaton(packed).occurs(b"something else")


def test_what_is_no_expression_has_no_automaton() -> None:
    assert build("(", "") == ("", False)


def test_a_damaged_automaton_is_told() -> None:
    with pytest.raises(ValueError, match="damaged"):
        Automaton("AAAA")


def test_no_expression_keeps_us_from_the_next_file() -> None:
    line = "L;Target:0;0&1;68656c6c6f;0/(a+)+(b+)+(c|d)e.*f.*g/s"
    started = time.process_time()
    assert not found(b"hello" + b"ab" * 200_000, logical=[line])
    assert found(b"hello" + b"ab" * 200_000 + b"bce f g", logical=[line]) == {"L": 0}
    assert time.process_time() - started < 2


def test_of_lookaround_python_has_the_last_word() -> None:
    assert re.search(b"(?<!x)y", b"xy") is None
    assert not found(b"hello xy", logical=["L;Target:0;0&1;68656c6c6f;0/(?<!x)y/"])
    assert found(b"hello zy", logical=["L;Target:0;0&1;68656c6c6f;0/(?<!x)y/"])
