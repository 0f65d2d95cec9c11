"""Tests of what is believed of a worker's answer."""

from typing import Any

import pytest

from garrison.abilities.verdicts import verdict_of
from garrison.engine.verdict import Certainty, Kind, Verdict
from garrison.linux.workers import Outcome
from tests.abilities.things import FINDING


@pytest.mark.parametrize(
    ("failure", "detail", "name", "word"),
    [
        ("crashed", "killed by SIGSEGV", "Anomaly.Scan.Crash", "SIGSEGV"),
        ("timeout", "", "Anomaly.Scan.Timeout", "in time"),
        ("memory", "", "Anomaly.Scan.Memory", "out of memory"),
    ],
)
def test_what_kills_a_worker_is_a_finding(failure: str, detail: str, name: str, word: str) -> None:
    (finding,) = verdict_of(Outcome(0, None, failure, detail)).findings
    assert (finding.name, finding.kind, finding.certainty) == (name, Kind.ANOMALY, Certainty.PROBABLE)
    assert word in finding.why


PLAIN = Verdict(type="data", objects=1, bytes=1, findings=(FINDING,)).to_plain()


@pytest.mark.parametrize(
    "untrusted",
    [
        None,
        [],
        {},
        "verdict",
        {**PLAIN, "objects": -1},
        {**PLAIN, "objects": True},
        {**PLAIN, "bytes": "1"},
        {**PLAIN, "type": "x" * 20_000},
        {**PLAIN, "findings": 5},
        {**PLAIN, "findings": [["a", "b"]]},
        {**PLAIN, "findings": [["a", "\x1b[2J" * 2000, "known", [], ""]]},
        {**PLAIN, "findings": [["a", {}, "known", [], ""]]},
        {**PLAIN, "remarks": [["x", ["y"] * 1000]]},
    ],
)
def test_nonsense_of_a_worker_is_a_finding(untrusted: Any) -> None:
    (finding,) = verdict_of(Outcome(0, untrusted, "", "")).findings
    assert (finding.name, finding.kind) == ("Anomaly.Scan.Crash", Kind.ANOMALY)
    assert len(finding.why) < 300
    assert finding.why.isprintable()


def test_a_verdict_comes_through_whole() -> None:
    assert verdict_of(Outcome(0, PLAIN, "", "")) == Verdict.from_plain(PLAIN)
