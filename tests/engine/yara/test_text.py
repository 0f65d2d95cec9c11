from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.yara.text import StringText, Unreadable, included, read_rules

RULES = r"""
import "pe" // a comment with rule x { }
/* rule hidden { condition: true } */
private rule helper { condition: filesize < 5 }
rule one : tag other {
    meta:
        threat = "A \"quoted\" name"
        number = -5
        types = "shell, text"
    strings:
        $a = "braces } and // no comment" nocase wide
        $b = { 41 ?? [2-4] ( 42 | 43 ) }
        $c = /slash\/inside{2,3}/is
        $x = "hidden" xor(1-5) fullword
    condition:
        helper and any of them and pe.sections[0].name matches /te}xt/i
}
"""


def test_rules_are_read_as_far_as_a_gate_needs() -> None:
    imports, rules = read_rules(RULES)
    assert imports == ["pe"]
    assert [(rule.name, rule.is_private) for rule in rules] == [("helper", True), ("one", False)]
    one = rules[1]
    assert one.meta == {"threat": r"A \"quoted\" name", "number": "-5", "types": "shell, text"}
    assert one.strings["$a"] == StringText("text", "braces } and // no comment", frozenset({"nocase", "wide"}))
    assert one.strings["$b"].kind == "hex"
    assert one.strings["$c"] == StringText("regex", r"slash\/inside{2,3}", frozenset("is"))
    assert one.strings["$x"].words == {"xor", "fullword"}
    assert RULES[one.start : one.end].startswith("rule one")
    assert RULES[one.start : one.end].endswith("}")


@pytest.mark.parametrize(
    "text", ["rule", "rule a", "rule a {", "rule a { strings: $a = condition: $a }", "nonsense", '"']
)
def test_what_is_no_rule_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_rules(text)


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    for whole in (text, f"rule a {{ {text} }}", f"rule a {{ strings: {text} condition: true }}"):
        try:
            _, rules = read_rules(whole)
        except Unreadable:
            continue
        assert all(first.end <= second.start for first, second in pairwise(rules))


def test_includes_are_put_in_place() -> None:
    sources = {"a.yar": 'include "./lib/b.yar"\nrule a { condition: true }', "lib/b.yar": "rule b { condition: true }"}
    assert [rule.name for rule in read_rules(included("a.yar", sources))[1]] == ["b", "a"]


@pytest.mark.parametrize("text", ['include "a"', 'include "missing"'])
def test_an_include_of_itself_or_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="includes what is not there, or itself"):
        included("a", {"a": text})
