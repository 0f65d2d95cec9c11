"""Tests of the list of past scans."""

import json
from pathlib import Path

import pytest

from garrison.base.errors import Failed
from garrison.components.scan import past as past_module
from garrison.components.scan.past import PastScans
from garrison.components.scan.results import ErrorRow, ScanSummary
from garrison.sdk.plain import to_plain

AT = "2026-01-01T00:00:00+00:00"


def _summary(errors: int = 0, path: str = "/p") -> ScanSummary:
    rows = [ErrorRow(path=path, what="w")] * errors
    return ScanSummary(objects=2, files=1, bytes=3, seconds=0.1, findings=[], errors=rows)


def _add(past: PastScans, times: int, owner: int) -> None:
    for _ in range(times):
        past.add("Scan", AT, owner, _summary())


def test_each_account_keeps_its_newest_fifty(tmp_path: Path) -> None:
    past = PastScans(tmp_path)
    _add(past, 3, 0)
    _add(past, 55, 1000)
    for kept in (past.all(), PastScans(tmp_path).all()):
        assert [row.id for row in kept if row.owner == 0] == [1, 2, 3]
        assert [row.id for row in kept if row.owner == 1000] == list(range(9, 59))
    assert len(list(tmp_path.glob("scan-*.json"))) == 53


def test_a_scan_is_a_file_of_its_own_and_the_index_is_small(tmp_path: Path) -> None:
    past = PastScans(tmp_path)
    for _ in range(3):
        past.add("Scan", AT, 0, _summary(2000, "/" + "x" * 4000))
    assert (tmp_path / "index.json").stat().st_size < 2000
    assert max(path.stat().st_size for path in tmp_path.glob("scan-*.json")) < 300_000
    summary = past.summary(past.all()[0])
    assert summary is not None
    assert 20 < len(summary.errors) < 50
    assert len(summary.errors) + summary.more_errors == past.all()[0].errors == 2000
    past.add("Scan", AT, 0, _summary(1500))
    summary = past.summary(past.all()[-1])
    assert summary is not None
    assert (len(summary.errors), summary.more_errors) == (1000, 500)


@pytest.mark.parametrize("content", ["{", "null", "[5]", '[{"id": 1}]', None])
def test_a_damaged_index_is_made_again_from_the_files(tmp_path: Path, content: str | None) -> None:
    past = PastScans(tmp_path)
    _add(past, 3, 0)
    (tmp_path / "scan-2.json").write_text("{", "ascii")
    (tmp_path / "index.json").unlink() if content is None else (tmp_path / "index.json").write_text(content, "ascii")
    assert [row.id for row in PastScans(tmp_path).all()] == [1, 3]
    assert not (tmp_path / "scan-2.json").exists()


def test_a_damaged_scan_is_none(tmp_path: Path) -> None:
    past = PastScans(tmp_path)
    _add(past, 1, 0)
    (tmp_path / "scan-1.json").write_text("{}", "ascii")
    assert past.summary(past.all()[0]) is None


def test_what_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past = PastScans(tmp_path)
    _add(past, 1, 0)

    def full(path: Path, value: object) -> None:
        raise Failed(f"{path} {value}")

    monkeypatch.setattr(past_module, "write_json", full)
    with pytest.raises(Failed):
        _add(past, 1, 0)
    assert [row.id for row in past.all()] == [1]


def test_the_list_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    plain = to_plain(_summary(3))
    for name in ("more_findings", "more_errors", "kept"):
        del plain[name]
    old = [{"id": 7, "task": "Scan", "at": AT, "owner": 5, "summary": plain}]
    (tmp_path / "scans.json").write_text(json.dumps(old), "ascii")
    (row,) = PastScans(tmp_path).all()
    assert (row.owner, row.errors) == (5, 3)
    assert not (tmp_path / "scans.json").exists()
    (tmp_path / "scans.json").write_text("{", "ascii")
    assert len(PastScans(tmp_path).all()) == 1
