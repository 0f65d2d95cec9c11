"""Tests of scan results."""

from typing import Any

import pytest

from garrison.components.scan.results import ErrorRow, FindingRow, RunningRow, ScanSummary


def _summary(threats: int = 0, handled: int = 0, **more: Any) -> ScanSummary:
    row = FindingRow(
        path="/x/\x1b[2J\udcff", inner=["a\nb"], name="T", kind="test", certainty="known", action="report",
        result="left in place", why="", quarantine_id="",
    )  # fmt: skip
    return ScanSummary(
        objects=2, files=1, bytes=3, seconds=0.1, findings=[row] * threats, errors=[], handled=handled, **more
    )


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        (_summary(), 0),
        (_summary(unreadable_roots=1), 3),
        (_summary(2, 2), 101),
        (_summary(2, 1), 102),
        (_summary(1, 1, unreadable_roots=1), 101),
    ],
)
def test_exit_codes(summary: ScanSummary, code: int) -> None:
    assert summary.exit_code() == code


def test_hostile_names_cannot_steer_a_terminal() -> None:
    text = "\n".join(str(line) for line in _summary(1).sentences())
    assert "\x1b" not in text
    assert "\\x1b[2J\\xff > a\\x0ab" in text


def test_many_lines_are_summed_up() -> None:
    summary = _summary(150).model_copy(update={"errors": [ErrorRow(path="/p", what="w")] * 120})
    text = "\n".join(str(line) for line in summary.sentences())
    assert "50 threats more" in text
    assert "20 lines more" in text


def test_what_is_not_listed_counts_too() -> None:
    summary = _summary(1, 1, more_findings=7, more_errors=3, kept=False)
    assert summary.exit_code() == 102
    assert summary.model_copy(update={"handled": 8}).exit_code() == 101
    text = "\n".join(str(line) for line in summary.sentences())
    assert "8 threats found" in text
    assert "7 threats more, too many to list all" in text
    assert "3 lines more, too many to list all" in text
    assert "could not be kept" in text


def test_threats_that_are_no_files_count_and_are_told_with_why() -> None:
    row = RunningRow(
        place="process 5 (/x/\x1b)", pid=5, program="/x/\x1b", name="Rootkit.X", kind="anomaly", certainty="probable",
        action="report", result="only reported", why="it\nhides",
    )  # fmt: skip
    summary = _summary(running=[row])
    assert summary.exit_code() == 102
    assert summary.model_copy(update={"handled": 1}).exit_code() == 101
    text = "\n".join(str(line) for line in summary.sentences())
    assert "Threat: Rootkit.X in process 5 (/x/\\x1b): only reported\n  Why: it\\x0ahides" in text
    assert "1 threat found" in text


def test_what_starts_by_itself_is_said() -> None:
    summary = _summary(1)
    row = summary.findings[0].model_copy(update={"startup": "is started by /etc/x"})
    text = "\n".join(str(line) for line in summary.model_copy(update={"findings": [row]}).sentences())
    assert "It starts by itself: is started by /etc/x" in text
