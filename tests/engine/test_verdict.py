import json
from typing import Any

import pytest

from garrison.engine.verdict import (
    MOST_CHARS,
    MOST_COUNT,
    MOST_DEPTH,
    MOST_ENTRIES,
    MOST_TEXT,
    Certainty,
    Finding,
    Kind,
    Remark,
    Verdict,
)
from garrison.wire.examination import Answer, decode_answer, encode_answer

PLAIN: dict[str, Any] = {
    "type": "zip",
    "objects": 2,
    "bytes": 3,
    "sha256": "0" * 64,
    "findings": [["Linux.Trojan.A+b:c-1/d!e", "trojan", "known", ["a\nb", "\udcff"], "rule x", "x", 12, 0]],
    "remarks": [["encrypted", ["b"]]],
    "subtype": "ELF 64-bit",
    "type_why": "begins with 7f",
}


def finding(name: str = "A.B", why: str = "", inner: tuple[str, ...] = ()) -> Finding:
    return Finding(name, Kind.TROJAN, Certainty.KNOWN, inner, why)


def sent(verdict: Verdict) -> Verdict:
    """Return a verdict as it is on the other side of the border."""
    frame = encode_answer(Answer(0, verdict.to_plain()))
    return Verdict.from_plain(decode_answer(frame[4:]).untrusted_verdict)


def test_a_verdict_arrives_as_it_was_sent() -> None:
    verdict = Verdict.from_plain(PLAIN)
    assert sent(verdict) == verdict
    assert verdict.to_plain() == PLAIN
    most = {**PLAIN, "bytes": MOST_COUNT, "findings": PLAIN["findings"] * MOST_ENTRIES}
    assert Verdict.from_plain(most).bytes == MOST_COUNT


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": 10**4000},
        {"bytes": MOST_COUNT + 1},
        {"objects": MOST_COUNT + 1},
        {"objects": -1},
        {"objects": 1.0},
        {"objects": True},
        {"type": "a\nb"},
        {"type": "zip\n"},
        {"type": "x" * 41},
        {"type": ""},
        {"sha256": "0" * 63},
        {"sha256": "0" * 64 + "\n"},
        {"sha256": "G" * 64},
        {"findings": PLAIN["findings"] * (MOST_ENTRIES + 1)},
        {"remarks": PLAIN["remarks"] * (MOST_ENTRIES + 1)},
        {"findings": {"abcde": 1}},
        {"findings": "abcde"},
        {"findings": [["a", "trojan", "known", [], "w", "s p", -1, 0]]},
        {"findings": [["a", "trojan", "known", [], "w", "", -2, 0]]},
        {"findings": [["a", "trojan", "known", [], "w", "", -1, 2**60]]},
        {"subtype": 5},
        {"type_why": "x" * (MOST_TEXT + 1)},
        {"remarks": [["x", ["n" * (MOST_TEXT + 1)]]]},
        {"remarks": [["x" * (MOST_TEXT + 1), []]]},
        {"remarks": [["x", ["n"] * (MOST_DEPTH + 1)]]},
        {"remarks": [["x", ["n" * MOST_TEXT] * 3]] * 100},
        {"findings": [["a", "trojan", "known", ["n" * MOST_TEXT] * 3, "w", "", -1, 0]] * 100},
    ],
)
def test_what_no_engine_would_say_is_not_believed(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="worker sent"):
        Verdict.from_plain({**PLAIN, **change})


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "A\n", "\x1b[2J", "a\u202eb", "\udcff", "x" * 201, None, 5])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_name_is_one_word_and_a_kind_is_a_kind(name: Any, place: int) -> None:
    parts = [*PLAIN["findings"][0]]
    parts[place] = name
    with pytest.raises(ValueError, match=r"worker sent|is not a valid"):
        Verdict.from_plain({**PLAIN, "findings": [parts]})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("{HEX}php.shell 1\n", "_HEX_php.shell_1_"),
        ("Trojan:Win32/Wacatac.B!ml", "Trojan:Win32/Wacatac.B!ml"),
        ("x" * 300, "x" * 200),
        ("", "Unnamed"),
        ("größe", "größe"),
    ],
)
def test_other_peoples_names_become_one_word(name: str, told: str) -> None:
    assert [each.name for each in sent(Verdict(findings=(finding(name),))).findings] == [told]


@pytest.mark.parametrize("char", ["x", "\udcff", "\U0001f600", "\x01", ",", '"'])
def test_whatever_the_names_a_verdict_fits(char: str) -> None:
    most = tuple(Remark("damaged", (char * 300, str(number))) for number in range(1000))
    hits = tuple(finding(f"A.{number}", char * 300, (char * 300,)) for number in range(1000))
    there = sent(Verdict(findings=hits, remarks=(*most, Remark("limit reached: time"))))
    assert there.findings
    assert there.findings == hits[: len(there.findings)]
    if (missing := 2001 - len(there.findings) - len(there.remarks)) != 0:
        assert there.remarks[-1].what == f"limit reached: {missing + 1:,} more findings and remarks are not listed"


def test_what_is_too_long_is_cut() -> None:
    long = "n" * (2 * MOST_TEXT)
    verdict = Verdict(bytes=2**63, findings=(finding("A", long, (long,)),), remarks=(Remark(long, ("a",) * 200),))
    there = sent(verdict)
    assert there.bytes == MOST_COUNT
    assert there.findings == (finding("A", "n" * MOST_TEXT, ("n" * MOST_TEXT,)),)
    assert there.remarks == (Remark("n" * MOST_TEXT, ("a",) * MOST_DEPTH),)
    assert len(json.dumps(there.to_plain())) < MOST_CHARS
