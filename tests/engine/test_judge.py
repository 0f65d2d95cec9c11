from garrison.engine.databases import Match
from garrison.engine.judge import MOST, Said, judge
from garrison.engine.verdict import Certainty, Finding, Kind, Verdict


def match(name: str, certainty: Certainty = Certainty.PROBABLE, why: str = "") -> Match:
    return Match(name, Kind.TROJAN, certainty, why or f"rule {name}")


def test_a_known_threat_gives_the_name() -> None:
    finding = judge([match("a"), match("b", Certainty.KNOWN), match("c")], ("x",))
    assert finding == Finding("b", Kind.TROJAN, Certainty.KNOWN, ("x",), "rule b; rule a; rule c", "b")


def test_many_reasons_are_counted() -> None:
    assert judge([match(str(n)) for n in range(15)], ()).why.endswith("rule 9; and 5 more")


def test_a_thousand_are_listed_and_the_rest_counted() -> None:
    said = Said()
    for number in range(MOST + 7):
        said.find(Finding(str(number), Kind.TROJAN, Certainty.KNOWN))
        said.remark("damaged", (str(number),))
    assert said.found
    assert len(said.findings()) == MOST
    assert [remark.what for remark in said.remarks()[MOST:]] == [
        "limit reached: 7 more findings are not listed",
        "limit reached: 7 more remarks are not listed",
    ]


def test_why_everything_ended_is_always_listed() -> None:
    said = Said()
    for number in range(MOST + 7):
        said.remark("damaged", (str(number),))
    said.stop("limit reached: time", ("x",))
    assert said.remarks()[MOST].what == "limit reached: time"


def test_a_verdict_stays_small_whatever_the_names() -> None:
    said = Said()
    for number in range(MOST):
        said.remark("damaged", ("n" * 1000,) * 16 + (str(number),))
    verdict = Verdict(remarks=said.remarks())
    assert len(str(verdict.to_plain())) < 1_200_000
    assert Verdict.from_plain(verdict.to_plain()) == verdict


def test_nothing_is_said_twice_in_a_row() -> None:
    said = Said()
    for what in ("a", "a", "", "b", "a"):
        said.remark(what)
    assert [remark.what for remark in said.remarks()] == ["a", "b", "a"]
