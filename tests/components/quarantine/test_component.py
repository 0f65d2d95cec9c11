"""Tests of the quarantine component, in a real suite."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Failed, NotFound
from tests.suite import EICAR, RunningSuite


def _take(suite: RunningSuite, path: Path, content: bytes = EICAR) -> str:
    path.write_bytes(content)
    result = suite.call("scan.files", paths=[str(path)], action="quarantine")
    number: str = result["findings"][0]["quarantine_id"]
    assert not path.exists()
    return number


def _ids(suite: RunningSuite) -> set[str]:
    return {row["id"] for row in suite.call("quarantine.list")}


def test_restore_gives_back_bytes_and_metadata(suite: RunningSuite, tmp_path: Path) -> None:
    path = tmp_path / "eicar.com"
    path.write_bytes(EICAR)
    path.chmod(0o640)
    os.utime(path, ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    os.setxattr(path, "user.note", b"\x00\xffmine")
    before = path.stat()
    number = _take_as_it_is(suite, path)
    restored = suite.call("quarantine.restore", id=number)
    after = path.stat()
    assert (restored["path"], restored["missing"]) == (str(path), [])
    assert path.read_bytes() == EICAR
    assert os.getxattr(path, "user.note") == b"\x00\xffmine"
    for name in ("st_mode", "st_uid", "st_gid", "st_mtime_ns", "st_size"):
        assert getattr(after, name) == getattr(before, name), name
    assert number not in _ids(suite)


def _take_as_it_is(suite: RunningSuite, path: Path) -> str:
    result = suite.call("scan.files", paths=[str(path)], action="quarantine")
    number: str = result["findings"][0]["quarantine_id"]
    return number


def test_restore_elsewhere(suite: RunningSuite, tmp_path: Path) -> None:
    number = _take(suite, tmp_path / "eicar.com")
    (tmp_path / "other").mkdir()
    suite.call("quarantine.restore", id=number, to=str(tmp_path / "other"))
    assert (tmp_path / "other" / "eicar.com").read_bytes() == EICAR


def test_restore_never_replaces_a_file(suite: RunningSuite, tmp_path: Path) -> None:
    path = tmp_path / "eicar.com"
    number = _take(suite, path)
    path.write_text("something newer")
    with pytest.raises(Failed, match="already"):
        suite.call("quarantine.restore", id=number)
    assert path.read_text() == "something newer"
    assert number in _ids(suite)


def test_restore_into_a_folder_that_is_gone(suite: RunningSuite, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    number = _take(suite, folder / "eicar.com")
    folder.rmdir()
    with pytest.raises(NotFound, match="folder"):
        suite.call("quarantine.restore", id=number)
    assert number in _ids(suite)


def test_the_stored_form_is_no_threat(suite: RunningSuite, tmp_path: Path) -> None:
    number = _take(suite, tmp_path / "eicar.com")
    blob = suite.home.root / "quarantine" / f"{number}.blob"
    assert EICAR not in blob.read_bytes()
    assert blob.stat().st_mode & 0o077 == 0


def test_delete(suite: RunningSuite, tmp_path: Path) -> None:
    number = _take(suite, tmp_path / "eicar.com")
    suite.call("quarantine.delete", id=number[:8])
    assert number not in _ids(suite)
    assert not list((suite.home.root / "quarantine").glob(f"{number}*"))
    with pytest.raises(NotFound):
        suite.call("quarantine.delete", id=number)


def test_false_alarm_in_one_step(suite: RunningSuite, tmp_path: Path) -> None:
    path = tmp_path / "mine.com"
    number = _take(suite, path, EICAR + b"   ")
    suite.call("quarantine.false-alarm", id=number, note="it is ours")
    assert path.read_bytes() == EICAR + b"   "
    assert suite.call("scan.files", paths=[str(path)])["findings"] == []
    (entry,) = suite.call("exclusions.list")
    assert (entry["by"], entry["note"]) == ("hash", "it is ours")
    assert (suite.home.root / "false-alarms" / f"{number}.json").exists()
    suite.call("exclusions.remove", id=entry["id"])
    assert len(suite.call("scan.files", paths=[str(path)])["findings"]) == 1


def test_rescan_says_what_is_clean_today(suite: RunningSuite, tmp_path: Path) -> None:
    number = _take(suite, tmp_path / "eicar.com")
    result: dict[str, Any] = suite.call("quarantine.rescan")
    assert result["files"] == len(_ids(suite))
    assert number not in result["clean"]


def test_rescan_tells_of_a_damaged_copy_and_goes_on(suite: RunningSuite, tmp_path: Path) -> None:
    damaged, sound = _take(suite, tmp_path / "one.com"), _take(suite, tmp_path / "two.com")
    blob = suite.home.root / "quarantine" / f"{damaged}.blob"
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    result = suite.call("quarantine.rescan")
    assert [line.partition(":")[0] for line in result["unreadable"]] == [damaged]
    assert not {damaged, sound} & set(result["clean"])
    suite.call("quarantine.delete", id=damaged)


def test_a_full_quarantine_leaves_the_file_in_its_place(suite: RunningSuite, tmp_path: Path) -> None:
    suite.call("suite.settings-set", name="quarantine.limit_mib", values=["1"])
    try:
        path = tmp_path / "big.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("e.com", EICAR)
            archive.writestr("filler", os.urandom(1_200_000))
        (finding,) = suite.call("scan.files", paths=[str(path)], action="quarantine")["findings"]
        assert "full" in finding["result"]
        assert path.exists()
    finally:
        suite.call("suite.settings-restore-defaults", components=["quarantine"])


def test_a_nearly_full_quarantine_is_an_issue(suite: RunningSuite, tmp_path: Path) -> None:
    _take(suite, tmp_path / "eicar.com")
    suite.call("suite.settings-set", name="quarantine.warn_percent", values=["1"])
    suite.call("suite.settings-set", name="quarantine.limit_mib", values=["1"])
    try:
        path = tmp_path / "big.com"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("e.com", EICAR)
            archive.writestr("filler", os.urandom(20_000))
        suite.call("scan.files", paths=[str(path)], action="quarantine")
        assert "quarantine.nearly-full" in {issue["id"] for issue in suite.call("suite.status")["issues"]}
    finally:
        suite.call("suite.settings-restore-defaults", components=["quarantine"])
