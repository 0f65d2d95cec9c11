import random

import pytest
import yara_x
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.type import Type
from garrison.engine.yara.compiling import compile_rules
from garrison.engine.yara.gate import groups, types_of
from garrison.engine.yara.rulebook import Rulebook
from garrison.engine.yara.text import read_rules

STRINGS = '$a = "alpha" $b = { 62 65 74 ?? 61 [1-3] ( 78 | 79 ) } $c = /gam+a/ $d = "delta" wide nocase'


def is_gated(condition: str, strings: str = STRINGS) -> bool:
    return bool(groups(read_rules(f"rule a {{ strings: {strings} condition: {condition} }}")[1][0]))


@pytest.mark.parametrize(
    "condition",
    [
        "$a",
        "any of them",
        "all of them and filesize < 10",
        "2 of ($a, $b)",
        "any of ($a*)",
        "filesize < 9 and ($a or $b)",
        "#a > 3",
        "$a at 0",
        "$a in (0..filesize)",
        "(((($a))))",
        "filesize < 3 and not $a and $b",
        "(filesize - 5) > 3 and $a",
        "($a and $b) or 2 of ($c, $d)",
        "for any of ($a, $b) : ($ in (0..10))",
        "for all of them : (@ > 10 and @ < 100)",
    ],
)
def test_what_cannot_hold_without_a_string_is_gated(condition: str) -> None:
    assert is_gated(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "filesize < 9",
        "$a or filesize < 9",
        "not $a",
        "not ($a and $b)",
        "#a < 3",
        "#a == 0",
        "0 of them",
        "none of them",
        "for all of them : ( # < 3 )",
        "for any of them : ( @ > 3 or filesize < 9 )",
        "for any of them : ( not $ at 0 )",
        "for any of them : ( true )",
        "for any i in (0..3) : ( uint8(i) == 3 ) and not $a",
        "$a or (filesize - 5) > 3",
        "@a[1] == 5 or true",
    ],
)
def test_what_may_hold_without_one_is_not(condition: str) -> None:
    assert not is_gated(condition)


@pytest.mark.parametrize(
    "strings", ['$a = "abcd" xor', '$a = "abcd" base64', '$a = "ab"', "$a = /x*/", "$a = { 41 ?? 42 }"]
)
def test_strings_that_give_nothing_to_look_for_leave_the_rule_ungated(strings: str) -> None:
    assert not is_gated("$a", strings)


def test_all_that_a_condition_needs_is_known() -> None:
    strings = '$a = "alpha" $b = "bravo" $c = "charlie" $d = "delta"'
    rule = read_rules(f"rule a {{ strings: {strings} condition: 2 of ($a, $c, $d) and ($b or $c) }}")[1][0]
    assert [(group.count, len(group.strings)) for group in groups(rule)] == [(1, 2), (2, 3)]


def test_a_string_that_cannot_be_looked_for_is_taken_as_there() -> None:
    rule = read_rules('rule a { strings: $a = "alpha" $b = "b" condition: all of them }')[1][0]
    assert [(group.count, len(group.strings)) for group in groups(rule)] == [(1, 1)]
    assert not is_gated("any of them", '$a = "alpha" $b = "b"')


def test_types_come_from_meta() -> None:
    rule = read_rules('rule a { meta: types = "shell, python" condition: true }')[1][0]
    assert types_of(rule) == {"shell", "python"}
    assert types_of(read_rules("rule a { condition: true }")[1][0]) == {"*"}


def test_a_rule_runs_only_over_its_types() -> None:
    book = Rulebook(
        compile_rules([("a", 'rule a { meta: types = "shell" strings: $a = "marker" condition: $a }')]).content, 5
    )
    assert [hit.rule for hit in book.match(b"a marker", Type.SHELL)[0]] == ["a"]
    assert [hit.offset for hit in book.match(b"a marker", Type.SHELL)[0]] == [2]
    assert book.match(b"a marker", Type.PYTHON) == ([], "")


PIECES = [
    "alpha",
    "gamma",
    "gammma",
    "\x00",
    "be",
    "bet a12x",
    "d\0e\0l\0t\0a\0",
    "D\0e\0L\0t\0a\0",
    "delta",
    "noise",
    " ",
]
CONDITIONS = [
    "$a",
    "any of them",
    "all of them",
    "2 of them",
    "$a and not $b",
    "$c or $d",
    "#a > 1",
    "filesize < 5",
    "$b",
    "2 of ($a, $c) and $d",
    "$a or ($b and $c)",
    "all of ($a, $c) or 2 of ($b, $d)",
    "any of ($a, $b) and any of ($c, $d) and not all of them",
    "for any of ($a, $c) : (@ > 4)",
    "$a and for all of ($b, $d) : ($ in (0..20))",
]
SET = "".join(f"rule r{n} {{ strings: {STRINGS} condition: {text} }}\n" for n, text in enumerate(CONDITIONS)).replace(
    "$a =", "$a = "
)


def used(text: str) -> str:
    """Return the rules with every string used, as YARA-X wants it."""
    return text.replace("condition: ", "condition: (0 of them or true) and (").replace(" }\n", ") }\n")


RULES = used(SET)
COMPILED = compile_rules([("a", RULES)])
BOOK = Rulebook(COMPILED.content, 5)
PLAIN = yara_x.compile(RULES)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_with_and_without_the_gate_the_same_rules_match(pieces: list[str]) -> None:
    content = "".join(pieces).encode("latin-1")
    plain = {rule.identifier for rule in PLAIN.scan(content).matching_rules}
    assert {hit.rule for hit in BOOK.match(content, Type.DATA)[0]} == plain


def test_a_thousand_rules_become_few_buckets_and_still_match() -> None:
    chance = random.Random(1)
    words = [f"{chance.getrandbits(64):016x}" for _ in range(1000)]
    sources = [
        (f"{n}.yar", f'rule r{n} {{ meta: types = "t{n % 100}, text" strings: $a = "{word}" condition: $a }}')
        for n, word in enumerate(words)
    ]
    compiled = compile_rules(sources)
    assert (compiled.count, compiled.ungated) == (1000, 0)
    book = Rulebook(compiled.content, 5)
    for number in (0, 499, 999):
        assert [hit.rule for hit in book.match(f"x {words[number]} y".encode(), Type.TEXT)[0]] == [f"r{number}"]
