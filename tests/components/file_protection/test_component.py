"""File protection from end to end: the real keeper and gate, on a volume of their own, by the command line."""

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from tests.components.file_protection.volumes import garrison, issues, needs_root, opens, told, until, volume
from tests.suite import EICAR, RunningSuite

pytestmark = needs_root


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk") / "volume") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def suite(disk: Path) -> Iterator[RunningSuite]:
    """A suite whose home lies on the volume too: its proof folder is watched."""
    with RunningSuite(Home(disk / "home")) as running:
        assert garrison(running, "start", "file-protection").returncode == 0
        assert garrison(running, "stop", "system-watcher").returncode == 0  # it has the gate watch a folder of its own
        said = garrison(running, "file-protection", "watch", str(disk))
        assert "blocking" in said.stdout, said
        yield running
    assert not list((running.home.root / "guard").glob("*.sock"))


def _write(path: Path) -> Path:
    path.write_bytes(EICAR)
    return path


def _settings(suite: RunningSuite, **values: str) -> None:
    for name, value in values.items():
        suite.call("suite.settings-set", name=f"file-protection.{name}", values=value.split() if value else [])
    time.sleep(0.3)  # until the gate has its new plan


def test_what_is_opened_is_refused_told_and_put_into_quarantine(suite: RunningSuite, disk: Path) -> None:
    _settings(suite, on_change="off")
    path = _write(disk / "eicar.com")
    assert not opens(path)
    until(lambda: str(path) in {each["path"] for each in told(suite, "FileBlocked")})
    assert not path.exists()
    (event,) = [each for each in told(suite, "FileBlocked") if each["path"] == str(path)]
    assert (event["threat"], event["doing"], event["result"]) == ("EICAR-Test-File", "opening", "quarantined")
    assert event["program"].endswith("/cat")
    assert str(path) in {row["path"] for row in suite.call("quarantine.list")}
    (disk / "letter").write_text("Dear Sir or Madam")
    assert opens(disk / "letter")


def test_what_is_written_is_found_when_it_is_closed(suite: RunningSuite, disk: Path) -> None:
    _settings(suite, level="recommended")
    path = _write(disk / "changed.com")
    until(lambda: str(path) in {each["path"] for each in told(suite, "FileFoundOnChange")})
    assert not path.exists()


def test_it_proves_itself_and_the_status_says_so(suite: RunningSuite) -> None:
    proved = suite.call("file-protection.prove")
    assert proved["passed"], proved
    assert "EICAR refused in" in proved["what"]
    assert "EICAR refused in" in garrison(suite, "status").stdout
    assert not told(suite, "ProtectionNotProved")


def test_a_blocked_file_is_asked_for_and_allowed(suite: RunningSuite, disk: Path) -> None:
    _settings(suite, action="block", on_change="off")
    content = b"X5O!" + EICAR[4:]
    path = disk / "wanted.com"
    path.write_bytes(content)
    assert not opens(path)
    until(lambda: told(suite, "FileBlocked")[0]["path"] == str(path))
    assert path.exists()
    assert "owner" in garrison(suite, "file-protection", "release", str(path)).stdout
    assert "asked" in issues(suite)
    row = suite.call("file-protection.requests")[0]
    assert (row["path"], row["state"]) == (str(path), "asked")
    suite.call("file-protection.allow", id=row["id"])
    until(lambda: opens(path))
    for entry in suite.call("exclusions.list"):
        assert entry["value"] == hashlib.sha256(content).hexdigest()
        suite.call("exclusions.remove", id=entry["id"])
    until(lambda: not opens(path))
    path.unlink()
    _settings(suite, action="automatic", level="recommended")


def test_telling_only_keeps_nobody_from_anything(suite: RunningSuite, disk: Path) -> None:
    _settings(suite, action="tell", on_change="off")
    assert "tells" in issues(suite)
    path = _write(disk / "told.com")
    until(lambda: opens(path))
    until(lambda: str(path) in {each["path"] for each in told(suite, "FileFoundOnUse")})
    path.unlink()
    _settings(suite, action="automatic", level="recommended")


def test_a_pause_watches_nothing_and_what_came_meanwhile_is_found_afterwards(suite: RunningSuite, disk: Path) -> None:
    assert garrison(suite, "file-protection", "pause", "--minutes", "5").returncode == 0
    assert suite.call("file-protection.list")[0]["how"] == "paused"
    assert "paused" in issues(suite)
    until(lambda: not (suite.home.root / "guard" / "gate.sock").exists())
    path = _write(disk / "paused.com")
    assert opens(path)
    suite.call("suite.fix", issue="file-protection.paused")
    assert "paused" not in issues(suite)
    until(lambda: not path.exists())
    until(lambda: told(suite, "GapScanned"))
    until(lambda: suite.call("file-protection.list")[0]["how"] == "blocking")


def test_it_pauses_while_a_named_program_runs(suite: RunningSuite, disk: Path) -> None:
    program = disk / "game"
    subprocess.run(["cp", "/bin/sleep", str(program)], check=True)
    _settings(suite, pause_while=str(program))
    with subprocess.Popen([str(program), "60"]) as game:
        until(lambda: suite.call("file-protection.list")[0]["how"] == "paused")
        game.kill()
    until(lambda: suite.call("file-protection.list")[0]["how"] == "blocking")
    _settings(suite, pause_while="")


@pytest.mark.parametrize(
    "own", [{"exclude_masks": "*.skip"}, {"exclude_names": "EICAR-*"}, {"trusted_programs": "/usr/bin/cat"}]
)
def test_what_is_left_out_is_left_out(suite: RunningSuite, disk: Path, own: dict[str, str]) -> None:
    _settings(suite, on_change="off")
    _settings(suite, **own)
    path = _write(disk / "left.skip")
    until(lambda: opens(path))
    path.unlink()
    _settings(suite, **dict.fromkeys(own, ""), level="recommended")


def test_without_open_only_running_is_refused(suite: RunningSuite, disk: Path) -> None:
    _settings(suite, on_open="off", on_change="off")
    assert "custom" in garrison(suite, "settings", "get", "file-protection.level").stdout
    path = _write(disk / "run.com")
    path.chmod(0o755)
    until(lambda: opens(path))
    with pytest.raises(PermissionError):
        subprocess.run([str(path)], check=False)
    _settings(suite, level="recommended")
    path.unlink(missing_ok=True)


def test_keeper_and_gate_come_back_and_go_on(suite: RunningSuite, disk: Path) -> None:
    for _ in range(2):
        processes = _of_the_guard(suite)
        assert len(processes) >= 2
        for process in processes:
            os.kill(process, signal.SIGKILL)
        path = _write(disk / "after.com")
        _until_refused(path)
        until(lambda: suite.call("file-protection.list")[0]["how"] == "blocking")
        path.unlink(missing_ok=True)
    assert told(suite, "ProtectionGap")


def _until_refused(path: Path) -> None:
    until(lambda: not path.exists() or not opens(path))


def _of_the_guard(suite: RunningSuite) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if {b"garrison.keeper", b"garrison.gate"} & set(words) and os.fsencode(suite.home.root / "guard") in words:
            found.append(int(folder.name))
    return found


def test_no_longer_watched_is_no_longer_refused(suite: RunningSuite, disk: Path) -> None:
    assert garrison(suite, "file-protection", "unwatch", str(disk)).returncode == 0
    until(lambda: not (suite.home.root / "guard" / "gate.sock").exists())
    path = _write(disk / "free.com")
    assert opens(path)
    assert suite.call("file-protection.list") == []
    assert suite.call("file-protection.prove")["passed"] is None


def test_a_suite_that_is_killed_comes_back_and_one_that_hangs_is_ended_with_keeper_and_gate(disk: Path) -> None:
    suite = RunningSuite(Home(disk / "other"))
    try:
        assert garrison(suite, "start", "file-protection").returncode == 0
        assert "suite.not-running" not in {row["id"] for row in suite.call("suite.status")["issues"]}
        garrison(suite, "file-protection", "watch", str(disk))
        assert len(_of_the_guard(suite)) >= 2
        first = _process_of(suite)
        os.kill(first, signal.SIGKILL)
        path = _write(disk / "meanwhile.com")
        assert not path.exists() or not opens(path)
        until(lambda: suite.home.socket.exists() and _process_of(suite) not in {0, first})
        until(lambda: suite.call("file-protection.list")[0]["how"] == "blocking")
        os.kill(_process_of(suite), signal.SIGSTOP)
    finally:
        assert garrison(suite, "stop").returncode == 0
    time.sleep(1.5)  # a keeper that was left would have started it again by now
    assert _of_the_guard(suite) == []
    assert not (suite.home.root / "guard" / "gate.sock").exists()
    assert _process_of(suite) == 0


def _process_of(suite: RunningSuite) -> int:
    """Return the daemon's process, 0 when there is none."""
    try:
        with suite.connected() as client:
            return int(client.greeting["process"])
    except GarrisonError:
        return 0
