"""Tests of what a scan keeps in memory."""

from garrison.abilities.response import Handled
from garrison.abilities.scanner import Progress
from garrison.components.scan.gather import Gathered
from garrison.engine.verdict import Certainty, Finding, Kind, Remark, Verdict

FINDING = Finding("Test.X", Kind.TEST, Certainty.KNOWN)
LEFT = Handled("report", "left in place", done=False)


def test_all_of_a_usual_scan_is_listed_in_order() -> None:
    gathered = Gathered()
    gathered.verdict("/b", Verdict(objects=2, bytes=5, remarks=(Remark("encrypted", ("x",)),)))
    assert gathered.finding("/b", FINDING, LEFT)
    assert gathered.finding("/a", FINDING, Handled("quarantine", "quarantined", done=True))
    gathered.trouble("/c", "gone", is_root=True)
    summary = gathered.summary(Progress(done=3), 0.5, complete=True)
    assert [row.path for row in summary.findings] == ["/a", "/b"]
    assert [(row.path, row.what) for row in summary.errors] == [("/b", "x: encrypted"), ("/c", "gone")]
    assert (summary.objects, summary.bytes, summary.handled, summary.unreadable_roots) == (2, 5, 1, 1)
    assert (summary.more_findings, summary.more_errors) == (0, 0)


def test_so_many_rows_and_no_more() -> None:
    gathered = Gathered()
    for number in range(10_500):
        gathered.trouble(f"/{number}", "x")
        gathered.finding(f"/{number}", FINDING, LEFT)
    assert not gathered.finding("/last", FINDING, LEFT)
    summary = gathered.summary(Progress(done=1), 0, complete=True)
    assert (len(summary.findings), summary.more_findings, summary.threats) == (10_000, 501, 10_501)
    assert (len(summary.errors), summary.more_errors) == (10_000, 500)


def test_so_many_bytes_and_no_more() -> None:
    """Give it long names that take six bytes a character in JSON."""
    gathered = Gathered()
    for number in range(3000):
        gathered.trouble(f"/{number}", "\udcff" * 4000)
        gathered.finding("/x", Finding("T", Kind.TEST, Certainty.KNOWN, inner=("\udcff" * 4000,)), LEFT)
    summary = gathered.summary(Progress(done=1), 0, complete=True)
    assert len(summary.errors) + summary.more_errors == summary.threats == 3000
    for rows in (summary.errors, summary.findings):
        assert 300 < len(rows) < 360
