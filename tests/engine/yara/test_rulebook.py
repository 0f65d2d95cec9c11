import pytest

from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind
from garrison.engine.yara.compiling import compile_rules
from garrison.engine.yara.rulebook import GAVE_UP, Hit, Rulebook, Unopened

GOOD = 'rule good { meta: threat = "Good.Name" kind = "miner" certainty = "known" condition: filesize == 1 }'
BARE = 'rule bare { meta: kind = "monster" number = 5 condition: filesize == 2 }'
TYPED = 'rule typed { condition: object_type == "shell" }'


def book(*sources: str, seconds: int = 20) -> Rulebook:
    compiled = compile_rules((f"{number}.yar", text) for number, text in enumerate(sources))
    assert compiled.skipped == ()
    return Rulebook(compiled.content, seconds)


def test_a_rule_says_what_it_finds() -> None:
    assert book(GOOD, BARE).match(b"x", Type.DATA) == ([Hit("good", "Good.Name", Kind.MINER, Certainty.KNOWN)], "")


def test_what_a_rule_leaves_out_has_a_default() -> None:
    assert book(GOOD, BARE).match(b"xx", Type.DATA)[0] == [Hit("bare", "bare", Kind.TROJAN, Certainty.PROBABLE)]


def test_rules_see_the_type() -> None:
    rules = book(TYPED)
    for _ in range(2):
        assert rules.match(b"x", Type.TEXT) == ([], "")
        assert [hit.rule for hit in rules.match(b"x", Type.SHELL)[0]] == ["typed"]


def test_no_rules_are_rules() -> None:
    assert compile_rules([]).count == 0
    assert book().match(b"x", Type.DATA) == ([], "")


@pytest.mark.filterwarnings("default")
def test_a_match_that_takes_too_long_is_given_up() -> None:
    loop = "for all a in (0..3000000) : (for all b in (0..3000000) : (uint8(a) == uint8(b)))"
    slow = book("rule slow { condition: " + loop + " }", seconds=1)
    assert slow.match(bytes(4_000_000), Type.DATA) == ([], GAVE_UP)
    assert slow.match(b"x", Type.DATA)[1] == ""


def test_sealed_rules_that_are_not_open_are_asked_for_by_their_buckets() -> None:
    rules = book(GOOD, TYPED, 'rule gated { strings: $a = "needle" condition: $a }')
    rules.seal()
    with pytest.raises(Unopened) as asked:
        rules.match(b"a needle", Type.SHELL)
    fresh = book(GOOD, TYPED, 'rule gated { strings: $a = "needle" condition: $a }')
    fresh.open((*asked.value.buckets, 4000, -1))
    fresh.seal()
    assert [hit.rule for hit in fresh.match(b"a needle", Type.SHELL)[0]] == ["typed", "gated"]


def test_all_rules_can_be_opened_before_they_are_sealed() -> None:
    rules = book(GOOD, TYPED)
    rules.open()
    rules.seal()
    assert [hit.rule for hit in rules.match(b"x", Type.SHELL)[0]] == ["good", "typed"]
