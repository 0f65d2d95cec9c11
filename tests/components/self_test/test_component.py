"""Tests of the self-test component, in a real suite."""

import shutil
import time

from tests.suite import RunningSuite


def test_the_test_file_is_really_found(suite: RunningSuite) -> None:
    result = suite.call("self-test.check")
    assert result["passed"]
    assert result["threat"] == "EICAR-Test-File"


def test_it_proves_itself_by_itself_when_the_suite_starts(suite: RunningSuite) -> None:
    until = time.monotonic() + 30
    while not _tile(suite)["proved_at"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert "EICAR-Test-File found in" in _tile(suite)["proof"]


def _tile(suite: RunningSuite) -> dict[str, str]:
    tile: dict[str, str] = next(row for row in suite.call("suite.status")["components"] if row["id"] == "self-test")
    return tile


def _until_the_first_is_over(suite: RunningSuite) -> None:
    """Wait for the self-test that the suite makes when it starts: it would write over what is tested."""
    until = time.monotonic() + 30
    while not any(job["operation"] == "self-test.check" and job["ended"] for job in suite.call("suite.jobs")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_without_databases_it_fails_and_the_status_is_red(suite: RunningSuite) -> None:
    suite.stop()
    suite.start()
    current = (suite.home.root / "databases" / "current").resolve()
    shutil.move(current, current.with_name("aside"))
    try:
        suite.stop()
        suite.start()
        _until_the_first_is_over(suite)
        # The suite builds its set anew at the start, so the way back is proved too.
        assert suite.call("self-test.check")["passed"]
        for path in (suite.home.root / "databases").iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        suite.call("suite.settings-set", name="scan.seconds_per_object", values=["29"])  # the workers start anew
        assert not suite.call("self-test.check")["passed"]
        status = suite.call("suite.status")
        assert status["colour"] == "red"
        assert {"self-test.proof-failed", "scan.no-databases"} <= {issue["id"] for issue in status["issues"]}
    finally:
        suite.stop()
        suite.start()
        assert suite.call("self-test.check")["passed"]
