"""Tests of the scan component, in a real suite."""

import io
import os
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import EXIT_ALL_HANDLED, EXIT_DONE, EXIT_FAILED, EXIT_NOT_ALL_HANDLED, Invalid, NotFound
from garrison.engine.identify import identify
from tests.engine.rules.samples import load
from tests.suite import EICAR, RunningSuite


def _scan(suite: RunningSuite, *paths: Path, **options: Any) -> tuple[dict[str, Any], int]:
    with suite.connected() as client:
        answer = client.call("scan.files", {"paths": [str(path) for path in paths], **options})
        return answer["result"], answer["exit"]


def _zip(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _tar(name: str, content: bytes, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload] # mode is one of tarfile's
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_a_clean_folder(suite: RunningSuite, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    result, code = _scan(suite, tmp_path)
    assert code == EXIT_DONE
    assert (result["files"], result["findings"], result["errors"]) == (1, [], [])
    assert result["bytes"] == 17
    assert result["seconds"] >= 0


def test_finds_it_four_containers_deep_and_names_the_way(suite: RunningSuite, tmp_path: Path) -> None:
    content = _tar("d/c.zip", _zip("b.tar.gz", _tar("inner/eicar.com", EICAR, "w:gz")))
    (tmp_path / "outer.zip").write_bytes(_zip("a.tar", content))
    result, code = _scan(suite, tmp_path)
    assert code == EXIT_NOT_ALL_HANDLED
    (finding,) = result["findings"]
    assert finding["inner"] == ["a.tar", "d/c.zip", "b.tar.gz", "b.tar", "inner/eicar.com"]
    assert (finding["name"], finding["kind"], finding["certainty"]) == ("EICAR-Test-File", "test", "known")
    assert (finding["action"], finding["result"]) == ("report", "left in place")


def test_finds_every_sample_of_our_own_rules(suite: RunningSuite, tmp_path: Path) -> None:
    samples = load()
    for number, sample in enumerate(samples):
        (tmp_path / f"{number:03d}").write_bytes(sample.positive)
        (tmp_path / f"{number:03d}.fine").write_bytes(sample.near_miss)
    result, code = _scan(suite, tmp_path)
    by_rules = (row for row in result["findings"] if not row["name"].startswith("Heuristic."))
    assert not {Path(row["path"]).name for row in by_rules if row["path"].endswith(".fine")}
    found = {Path(row["path"]).name for row in result["findings"] if not row["path"].endswith(".fine")}
    # A sample that is text for its rule may have the shape of a script as a file.
    told = [identify(sample.positive[:4096]) == sample.object_type for sample in samples]
    assert found >= {f"{number:03d}" for number, is_told in enumerate(told) if is_told}
    assert len(found) >= len(samples) - 5
    assert code == EXIT_NOT_ALL_HANDLED


def test_quarantine_takes_it_out_of_the_way(suite: RunningSuite, tmp_path: Path) -> None:
    infected = tmp_path / "eicar.com"
    infected.write_bytes(EICAR)
    result, code = _scan(suite, tmp_path, action="quarantine")
    assert code == EXIT_ALL_HANDLED
    assert not infected.exists()
    (finding,) = result["findings"]
    assert finding["result"] == "quarantined"
    assert suite.call("quarantine.show", id=finding["quarantine_id"])["path"] == str(infected)


def test_delete_keeps_a_copy(suite: RunningSuite, tmp_path: Path) -> None:
    (tmp_path / "eicar.com").write_bytes(EICAR)
    result, code = _scan(suite, tmp_path, action="delete")
    assert code == EXIT_ALL_HANDLED
    assert result["findings"][0]["quarantine_id"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "exclusion",
    [
        {"exclude": ["*.com"]},
        {"exclude": ["/*/eicar.com"]},
        {"exclude_name": ["EICAR-*"]},
        {"exclude_hash": ["275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F"]},
    ],
)
def test_exclusions(suite: RunningSuite, tmp_path: Path, exclusion: dict[str, list[str]]) -> None:
    (tmp_path / "eicar.com").write_bytes(EICAR)
    result, code = _scan(suite, tmp_path, **exclusion)
    assert (result["findings"], code) == ([], EXIT_DONE)


def test_an_impossible_exclusion_is_refused(suite: RunningSuite, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="everything"):
        _scan(suite, tmp_path, exclude=["*"])
    with pytest.raises(Invalid, match="SHA-256"):
        _scan(suite, tmp_path, exclude_hash=["abc"])


def test_bad_input_is_told_and_the_scan_goes_on(suite: RunningSuite, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "eicar.com").write_bytes(EICAR)
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(10 * 1024**4)
    (tmp_path / "truncated.zip").write_bytes(_zip("x", os.urandom(5000))[:3000])
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.com"))
    odd.write_bytes(EICAR)
    result, code = _scan(suite, tmp_path, Path("/no/such/path"))
    told = {Path(error["path"]).name: error["what"] for error in result["errors"]}
    assert told["path"] == "does not exist"
    assert "pipe" in told["pipe"]
    assert "loop" in told["one"]
    assert "loop" in told["two"]
    assert "100 MiB" in told["sparse"]
    assert "truncated.zip" in told
    assert {finding["path"] for finding in result["findings"]} == {str(tmp_path / "eicar.com"), str(odd)}
    assert code == EXIT_NOT_ALL_HANDLED


def test_a_path_that_cannot_be_read_fails(suite: RunningSuite) -> None:
    result, code = _scan(suite, Path("/no/such/path"))
    assert code == EXIT_FAILED
    assert result["errors"] == [{"path": "/no/such/path", "what": "does not exist"}]


def test_what_was_left_in_place_is_an_issue_that_can_be_mended(suite: RunningSuite, tmp_path: Path) -> None:
    infected = tmp_path / "eicar.com"
    infected.write_bytes(EICAR)
    _scan(suite, tmp_path)
    assert str(infected) in {row["path"] for row in suite.call("scan.left")}
    status = suite.call("suite.status")
    assert status["colour"] == "red"
    (issue,) = (issue for issue in status["issues"] if issue["id"] == "scan.threats")
    suite.call("suite.fix", issue=issue["id"])
    assert not infected.exists()
    assert str(infected) not in {row["path"] for row in suite.call("scan.left")}


def test_what_was_mended_by_hand_is_no_issue(suite: RunningSuite, tmp_path: Path) -> None:
    infected = tmp_path / "eicar.com"
    infected.write_bytes(EICAR)
    _scan(suite, tmp_path)
    infected.unlink()
    assert str(infected) not in {row["path"] for row in suite.call("scan.left")}


def test_past_scans_are_kept(suite: RunningSuite, tmp_path: Path) -> None:
    (tmp_path / "eicar.com").write_bytes(EICAR)
    _scan(suite, tmp_path)
    newest = suite.call("scan.results")[0]
    assert (newest["task"], newest["threats"], newest["complete"]) == ("Scan", 1, True)
    shown = suite.call("scan.show", scan=newest["id"])
    assert shown["findings"][0]["path"] == str(tmp_path / "eicar.com")
    with pytest.raises(NotFound):
        suite.call("scan.show", scan=10_000)


def test_threats_are_events(suite: RunningSuite, tmp_path: Path) -> None:
    (tmp_path / "eicar.com").write_bytes(EICAR)
    _scan(suite, tmp_path)
    rows = suite.call("suite.journal", component="scan")
    assert rows[0]["name"] == "ScanFinished"
    found = next(row for row in rows if row["name"] == "ThreatFound")
    assert found["details"]["path"] == str(tmp_path / "eicar.com")
    assert found["severity"] == "critical"


def test_our_own_stores_are_left_out(suite: RunningSuite) -> None:
    result, _ = _scan(suite, suite.home.root)
    assert not any("databases" in finding["path"] for finding in result["findings"])
    assert result["findings"] == []


def test_a_file_given_twice_over_folders_is_scanned_once(suite: RunningSuite, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "eicar.com").write_bytes(EICAR)
    result, _ = _scan(suite, tmp_path, tmp_path / "a")
    assert len(result["findings"]) == 1


def test_the_second_scan_passes_over_what_is_clean_and_unchanged(suite: RunningSuite, tmp_path: Path) -> None:
    (tmp_path / "clean").write_text("a letter")
    (tmp_path / "eicar").write_bytes(EICAR)
    time.sleep(2.1)  # what changed just now is not yet taken for settled
    first, _ = _scan(suite, tmp_path)
    second, code = _scan(suite, tmp_path)
    assert (first["unchanged"], second["unchanged"]) == (0, 1)
    assert (second["files"], second["bytes"]) == (first["files"], first["bytes"])
    assert [row["name"] for row in second["findings"]] == ["EICAR-Test-File"]
    assert code == EXIT_NOT_ALL_HANDLED
    assert _scan(suite, tmp_path, every=True)[0]["unchanged"] == 0
    (tmp_path / "clean").write_bytes(EICAR)
    assert len(_scan(suite, tmp_path)[0]["findings"]) == 2
