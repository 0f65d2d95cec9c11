"""Tests of scans that outlive a pause, a restart and a power cut, in a real suite."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.checkpoints import Spot
from garrison.base.errors import NotFound
from garrison.base.files import write_json
from garrison.base.paths import Home
from garrison.components.scan.keeping import Kept
from garrison.components.scan.settings import GoOn, ScanSettings
from garrison.sdk.testing import FakeJob
from tests.components.scan.test_component_staged import Bench
from tests.suite import EICAR, RunningSuite

_FOLDERS, _EACH = 60, 50
_FILES = _FOLDERS * _EACH + 2


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return many files, the first and the last of which are threats."""
    for number in range(_FOLDERS):
        folder = tmp_path / f"tree/{number:02d}"
        folder.mkdir(parents=True)
        for each in range(_EACH):
            (folder / f"{each:02d}.txt").write_text(f"letter {number} {each}\n" * 300)
    (tmp_path / "tree/00/00.com").write_bytes(EICAR)
    (tmp_path / "tree/99.com").mkdir()
    (tmp_path / "tree/99.com/99.com").write_bytes(EICAR)
    return tmp_path / "tree"


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the databases, built once."""
    with RunningSuite(Home(tmp_path_factory.mktemp("built") / "state")) as suite:
        return suite.home.root / "databases"


@pytest.fixture
def own_suite(tmp_path: Path, databases: Path) -> Iterator[RunningSuite]:
    (tmp_path / "state").mkdir(mode=0o700)
    shutil.copytree(databases, tmp_path / "state/databases", symlinks=True)
    with RunningSuite(Home(tmp_path / "state")) as suite:
        yield suite


def begin(suite: RunningSuite, tree: Path, **options: Any) -> dict[str, Any]:
    """Begin a scan in the background; return how it stands once it is well under way."""
    with suite.connected() as client:
        client.call("scan.files", {"paths": [str(tree)], "every": True, **options}, background=True)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for row in suite.call("scan.paused"):
            if row["files"] > 12 * _EACH:  # beyond the first folder, also when one worker is far behind
                return dict(row)
        time.sleep(0.01)
    raise AssertionError("it did not come so far")


def in_its_file(suite: RunningSuite, tree: Path) -> list[Path]:
    """Plant a threat among what was looked at already; return what is to be found nevertheless."""
    (tree / "00/01.txt").write_bytes(EICAR)
    (tree / "00/planted.com").write_bytes(EICAR)
    assert (suite.home.root / "scan").is_dir()
    return [tree / "00/00.com", tree / "99.com/99.com"]


def ended(suite: RunningSuite, result: dict[str, Any], wanted: list[Path]) -> None:
    assert [row["path"] for row in result["findings"]] == [str(path) for path in wanted]
    assert (result["files"], result["objects"], result["errors"]) == (_FILES, _FILES, [])
    assert result["complete"]
    assert not suite.call("scan.paused")
    assert [(row["files"], row["threats"]) for row in suite.call("scan.results")] == [(_FILES, 2)]


def test_a_paused_scan_goes_on_at_the_same_place_after_a_power_cut(own_suite: RunningSuite, tree: Path) -> None:
    under_way = begin(own_suite, tree)
    assert under_way["state"] == "under way"
    (paused,) = own_suite.call("scan.pause", scan=[under_way["id"]])
    assert (paused["state"], paused["task"], paused["threats"]) == ("paused", "Scan", 1)
    assert under_way["files"] <= paused["files"] < _FILES
    assert not own_suite.call("scan.results")
    own_suite.kill()
    own_suite.start()
    assert own_suite.call("scan.paused") == [paused]
    assert "scan.cut-short" not in {issue["id"] for issue in own_suite.call("suite.status")["issues"]}
    wanted = in_its_file(own_suite, tree)
    ended(own_suite, own_suite.call("scan.resume", scan=[paused["id"]]), wanted)
    with pytest.raises(NotFound):
        own_suite.call("scan.resume", scan=[])


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_scan_that_was_cut_short_is_an_issue_and_fixing_it_goes_on(
    own_suite: RunningSuite, tree: Path, way: str
) -> None:
    begin(own_suite, tree, action="quarantine")
    kept = next((own_suite.home.root / "scan/under-way").glob("*.json"))
    while not json.loads(kept.read_text())["gathered"]["findings"]["rows"]:
        time.sleep(0.01)
    getattr(own_suite, way)()
    own_suite.start()
    (cut,) = own_suite.call("scan.paused")
    assert cut["state"] == "cut short"
    (issue,) = (each for each in own_suite.call("suite.status")["issues"] if each["id"] == "scan.cut-short")
    own_suite.call("suite.fix", issue=issue["id"])
    (row,) = own_suite.call("scan.results")
    result = own_suite.call("scan.show", scan=row["id"])
    ended(own_suite, result, [tree / "00/00.com", tree / "99.com/99.com"])
    assert {row["result"] for row in result["findings"]} == {"quarantined"}


def test_a_cancelled_scan_is_not_kept_and_a_damaged_one_given_up(own_suite: RunningSuite, tree: Path) -> None:
    begin(own_suite, tree)
    (job,) = (job for job in own_suite.call("suite.jobs") if job["operation"] == "scan.files")
    own_suite.call("suite.job-cancel", job=job["id"])
    until = time.monotonic() + 10
    while own_suite.call("scan.paused") and time.monotonic() < until:
        time.sleep(0.02)
    assert own_suite.call("scan.paused") == []
    number = begin(own_suite, tree)["id"]
    own_suite.call("scan.pause", scan=[])
    kept = own_suite.home.root / f"scan/under-way/{number}.json"
    kept.write_text(kept.read_text().replace('"place"', '"palce"'))
    assert own_suite.call("scan.paused") == []
    assert not kept.exists()
    with pytest.raises(NotFound):
        own_suite.call("scan.pause", scan=[number])


@pytest.mark.parametrize(
    ("go_on", "resumed"), [(GoOn.NONE, []), (GoOn.OWN, [2]), (GoOn.ALL, [1, 2])], ids=["none", "own", "all"]
)
def test_after_a_restart_those_scans_go_on_that_the_settings_name(
    tmp_path: Path, go_on: GoOn, resumed: list[int]
) -> None:
    bench = Bench(tmp_path)
    staged = bench.staged()
    staged.component.settings = ScanSettings(go_on=go_on)
    plain = {"left_out": [[], [], []], "every": False, "areas": [], "roots": ["/"], "databases": "", "began": ""}
    for number, paused in ((1, False), (2, False), (3, True)):
        kept = Kept(
            id=number,
            title="Scan",
            caller=(os.geteuid(), os.getegid(), ()),
            wanted="report",
            by_itself=number > 1,
            paused=paused,
            spot=Spot().plain(),
            **plain,  # type: ignore[arg-type] # of a file
        )
        write_json(bench.home.folder("scan", 1) / f"under-way/{number}.json", asdict(kept))
    staged.host.results["scan.resume"] = {}
    went_on = asyncio.run(staged.component.go_on(FakeJob(by_itself=True)))
    assert [call.arguments["scan"] for call in staged.host.calls] == [[number] for number in resumed]
    assert (went_on.scans, went_on.failed) == (len(resumed), [])
