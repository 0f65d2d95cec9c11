"""Tests of scan results."""

from pathlib import Path
from typing import Any

import pytest

from garrison.components.scan.results import ErrorRow, FindingRow, PastScans, ScanSummary


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


def test_past_scans_keep_the_newest_fifty(tmp_path: Path) -> None:
    past = PastScans(tmp_path)
    for _ in range(55):
        past.add("Scan", "2026-01-01T00:00:00+00:00", 0, _summary(1))
    kept = past.all()
    assert len(kept) == 50
    assert [kept[0]["id"], kept[-1]["id"]] == [6, 55]


def test_a_damaged_list_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "scans.json").write_text("{")
    assert PastScans(tmp_path).all() == []
