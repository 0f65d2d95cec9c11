import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.yara.literals import literals_in


@pytest.mark.parametrize(
    ("expression", "literals"),
    [
        ("abcdef", [b"abcdef"]),
        (r"ab\.cd", [b"ab.cd"]),
        ("abcd?efg", [b"abc"]),
        ("a[xyz]longer{2,3}x", [b"longe"]),
        ("(abc|defg)x", [b"abc", b"defg"]),
        ("(abc|d)ghij", [b"ghij"]),
        ("abc|def", [b"abc", b"def"]),
        ("abc|", []),
        (r"\d+token\s*", [b"token"]),
        ("(abcd)*", []),
        ("(abcd)+", [b"abcd"]),
        ("a.b.c", []),
        ("abc(", []),
        ("(?i:abcd)", []),
        ("(?i)abcd", []),
        (f"abcd{{{'3' * 5000}}}", []),
    ],
)
def test_what_every_match_holds(expression: str, literals: list[bytes]) -> None:
    assert literals_in(expression) == literals


PARTS = ["abc", "def", "a?", "(x|abcd)", "[a-f]+", ".", "(ab){2}", "|", "(de|f)*", "a{0,2}"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=6), st.from_regex("[abcdefx]{0,20}", fullmatch=True))
def test_a_match_always_holds_one(parts: list[str], text: str) -> None:
    expression = "".join(parts)
    literals = literals_in(expression)
    match = re.search(expression, text)
    if match is not None and literals:
        assert any(literal.decode() in match[0] for literal in literals)
