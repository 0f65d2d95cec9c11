import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.yara.literals import literals_in


@pytest.mark.parametrize(
    ("expression", "choices"),
    [
        ("abcdef", [[b"abcdef"]]),
        (r"ab\.cd", [[b"ab.cd"]]),
        ("abcd?efg", [[b"abc"], [b"efg"]]),
        ("a[xyz]longer{2,3}x", [[b"longe"]]),
        ("(abc|defg)x", [[b"abc", b"defg"]]),
        ("(abc|d)ghij", [[b"ghij"]]),
        ("(one|two) [a-z]{3} three(four|sixes)+", [[b" three"], [b"four", b"sixes"], [b"one", b"two"]]),
        ("abc|def", [[b"abc", b"def"]]),
        ("abc|", []),
        (r"\d+token\s*", [[b"token"]]),
        ("(abcd)*", []),
        ("(abcd)+", [[b"abcd"]]),
        ("a.b.c", []),
        ("abc(", []),
        ("(?i:abcd)", []),
        ("(?i)abcd", []),
        (f"abcd{{{'3' * 5000}}}", []),
    ],
)
def test_what_every_match_holds(expression: str, choices: list[list[bytes]]) -> None:
    assert [sorted(choice) for choice in literals_in(expression)] == [sorted(choice) for choice in choices]


PARTS = ["abc", "def", "a?", "(x|abcd)", "[a-f]+", ".", "(ab){2}", "|", "(de|f)*", "a{0,2}"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=6), st.from_regex("[abcdefx]{0,20}", fullmatch=True))
def test_a_match_always_holds_one_of_each(parts: list[str], text: str) -> None:
    expression = "".join(parts)
    match = re.search(expression, text)
    if match is not None:
        for choice in literals_in(expression):
            assert any(literal.decode() in match[0] for literal in choice)
