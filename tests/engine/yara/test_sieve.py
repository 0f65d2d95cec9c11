from typing import Any

import pytest

from garrison.engine.yara.gate import compile_gate
from garrison.engine.yara.sieve import SCANNED, Sieve
from garrison.engine.yara.sieve import UNKNOWN as NOBODY_TELLS

FIRST, MORE, ANY_CASE, UNKNOWN = range(4)
WORDS = [SCANNED, ("more", 0), ("any case", 1), NOBODY_TELLS]


def sieve(*rules: Any) -> Sieve:
    return Sieve(compile_gate([(b"first", 0)], [FIRST]), [list(rules)], WORDS)


def needs(count: int, *strings: list[list[int]]) -> tuple[int, list[list[list[int]]]]:
    return count, list(strings)


@pytest.mark.parametrize(
    ("content", "passes"),
    [
        (b"first and more", True),
        (b"first and MORE", False),
        (b"more", False),
        (b"", False),
    ],
)
def test_a_rule_needs_all_its_groups(content: bytes, passes: bool) -> None:
    made = sieve([needs(1, [[FIRST]]), needs(1, [[MORE]])])
    assert made.passes(content, {0}) == ({0} if passes else set())


def test_a_string_needs_one_of_each_choice() -> None:
    made = sieve([needs(1, [[FIRST], [MORE, ANY_CASE]])])
    assert made.passes(b"first, Any Case", {0}) == {0}
    assert made.passes(b"first, no case", {0}) == set()


def test_so_many_strings_are_needed() -> None:
    made = sieve([needs(1, [[FIRST]]), needs(2, [[MORE]], [[ANY_CASE]], [[UNKNOWN]])])
    assert made.passes(b"first more", {0}) == {0}, "what nobody can look for may be there"
    assert made.passes(b"first", {0}) == set()


def test_what_was_looked_for_in_the_first_pass_and_not_seen_is_not_there() -> None:
    made = Sieve(
        compile_gate([(b"first", 0), (b"other", 0)], [FIRST, UNKNOWN]),
        [[[needs(1, [[FIRST]]), needs(1, [[UNKNOWN]])], [needs(1, [[UNKNOWN]])]]],
        [*WORDS[:UNKNOWN], SCANNED],
    )
    assert made.passes(b"first", {0}) == set()
    assert made.passes(b"first other", {0}) == {0}


def test_only_buckets_that_were_asked_for_pass() -> None:
    made = sieve([needs(1, [[FIRST]])])
    assert made.passes(b"first", set()) == set()
