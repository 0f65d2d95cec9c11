from dataclasses import replace

from garrison.abilities.notices import Notice
from garrison.sdk import Severity

ONE = Notice("scan", "ThreatFound", Severity.CRITICAL, 0, "Found {name}", {"name": "x"})


def test_a_notice_is_a_sentence_that_remembers_what_it_was_made_of() -> None:
    assert ONE.text == "Found x"
    assert ONE.text.plain() == {"text": "Found {name}", "values": {"name": "x"}}
    assert ONE.kind == "scan.ThreatFound"


def test_more_of_the_same_kind_are_told_with_it() -> None:
    text = replace(ONE, more=12).text
    assert text == "Found x, and 12 more of this kind"
    assert text.plain()["values"]["what"] == {"text": "Found {name}", "values": {"name": "x"}}
