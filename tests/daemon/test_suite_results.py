from garrison.daemon.inbox import Card
from garrison.daemon.suite_results import CardRow, FirstScan
from garrison.sdk import Said


def test_a_question_is_told_as_a_sentence() -> None:
    card = Card(1, "scan", "Keep {x}?", {"x": "\udcff"}, {"no": "No"}, "at", "until", "", 0)
    assert CardRow.of(card).question == "Keep \udcff?"


def test_a_plain_sentence_with_braces_stays_as_it_is() -> None:
    assert [str(line) for line in Said(text="{text} {").sentences()] == ["{text} {"]


def test_a_first_scan_ends_as_the_scan_did() -> None:
    scan = FirstScan(made=True, summary={}, exit=101, lines=("1 threat.",))
    assert (scan.exit_code(), [str(line) for line in scan.sentences()]) == (101, ["1 threat."])
