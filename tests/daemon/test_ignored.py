"""Issues that somebody wants to be told of no more."""

from garrison.daemon.ignored import IssueRow, entry_of, parted, without
from garrison.sdk import Severity


def row(name: str, severity: Severity) -> IssueRow:
    return IssueRow(id=name, component="x", severity=severity, text="It is so", fix="")


def test_what_is_ignored_is_parted_from_the_rest() -> None:
    rows = [row("x.a", Severity.IMPORTANT), row("x.b", Severity.IMPORTANT), row("x.c", Severity.INFO)]
    assert parted(rows, [entry_of(rows[1])]) == ([rows[0], rows[2]], [rows[1]])
    assert parted(rows, []) == (rows, [])


def test_what_becomes_worse_is_told_of_again() -> None:
    entry = entry_of(row("x.a", Severity.IMPORTANT))
    worse, milder = row("x.a", Severity.CRITICAL), row("x.a", Severity.INFO)
    assert parted([worse], [entry]) == ([worse], [])
    assert parted([milder], [entry]) == ([], [milder])


def test_an_entry_that_somebody_wrote_by_hand_does_no_harm() -> None:
    there = row("x.a", Severity.INFO)
    assert parted([there], ["nonsense", "", ":", "worst:x.a"]) == ([there], [])


def test_an_issue_is_taken_out_of_the_entries() -> None:
    assert without(["important:x.a", "info:x.b"], "x.a") == ["info:x.b"]
