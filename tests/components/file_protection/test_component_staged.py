"""Tests of file protection on a stage: where there is no right to block, and before the owner has confirmed it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.curing import Curing
from garrison.abilities.databases import Databases
from garrison.abilities.exclusions import Exclusions
from garrison.abilities.guard import Guard
from garrison.abilities.outgoing import Outgoing
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.response import Response
from garrison.abilities.scanner import Scanner
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import FakeClock
from garrison.base.errors import Invalid, NotFound
from garrison.base.paths import Home
from garrison.components.file_protection.component import FileProtection
from garrison.components.file_protection.events import FileFoundOnChange, GapScanned, ProtectionProved, ReleaseAnswered
from garrison.components.file_protection.memory import Blocked
from garrison.components.file_protection.settings import FileProtectionSettings
from garrison.sdk import Caller
from garrison.sdk.testing import START, Staged, stage
from garrison.wire.guarding import Actor, Occasion, Standing, Unexamined
from tests.suite import EICAR

STRANGER = Caller(54321, 54321)


def _stage(root: Path, **settings: Any) -> Staged[FileProtection]:
    home, clock = Home(root / "home"), FakeClock(START)
    databases, quarantine = Databases(home, clock), Quarantine(home, clock)
    scanner = Scanner(databases, quarantine, Unchanged(home.folder("unchanged", 1), clock))
    scanner.size = 1
    return stage(
        FileProtection,
        FileProtectionSettings(**settings),
        home=home,
        guard=Guard(home, clock, databases),
        scanner=scanner,
        response=Response(home, clock, quarantine, Curing(databases, scanner, Outgoing(lambda _: None), clock)),
        exclusions=Exclusions(home, clock),
        clock=clock,
    )


def _running(staged: Staged[FileProtection], work: Callable[[], Awaitable[None]]) -> None:
    """Do something while the component runs."""

    async def both() -> None:
        component = staged.component
        databases = component._guard._databases
        await databases.ensure()
        running = asyncio.get_running_loop().create_task(component.run())
        try:
            await asyncio.sleep(0.1)
            await work()
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await component._scanner.close()

    asyncio.run(asyncio.wait_for(both(), 60))


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(1500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


def _issues(staged: Staged[FileProtection]) -> dict[str, str]:
    return {issue.id: issue.fix for issue in staged.component.issues()}


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an ordinary account, which may not answer the kernel."""
    monkeypatch.setattr(Guard, "may_block", staticmethod(lambda: False))


@pytest.mark.usefixtures("ordinary")
def test_without_the_right_to_block_written_files_are_found_and_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    staged = _stage(tmp_path, folders=[tmp_path / "watched"])

    async def work() -> None:
        assert staged.host.is_ready
        assert _issues(staged) == {"telling": ""}
        (row,) = staged.component.list()
        assert (row.path, row.how) == (str(tmp_path / "watched"), "telling")
        (tmp_path / "watched" / "eicar.com").write_bytes(EICAR)
        (tmp_path / "outside.com").write_bytes(EICAR)
        await _until(lambda: any(isinstance(event, FileFoundOnChange) for event in staged.reported))
        assert not (tmp_path / "watched" / "eicar.com").exists()
        assert (tmp_path / "outside.com").exists()
        proved = await staged.ask("prove")
        assert proved.passed
        assert "not blocked" in proved.what
        assert any(isinstance(event, ProtectionProved) for event in staged.reported)

    _running(staged, work)
    proof = staged.component.proof()
    assert proof is not None
    assert proof.passed


@pytest.mark.usefixtures("ordinary")
def test_folders_that_are_chosen_and_paused_while_it_runs_are_taken_up(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    staged = _stage(tmp_path)

    async def work() -> None:
        assert _issues(staged) == {}
        staged.component.settings = FileProtectionSettings(folders=[tmp_path / "watched"])
        staged.component.settings_changed()
        await _until(lambda: str(tmp_path / "watched") in staged.component._noticer.watched)
        await staged.ask("pause", minutes=5)
        await _until(lambda: staged.component._noticer.watched == ())
        (tmp_path / "watched" / "eicar.com").write_bytes(EICAR)
        staged.clock.advance(timedelta(minutes=6))
        await _until(lambda: any(isinstance(event, GapScanned) for event in staged.reported))
        assert not (tmp_path / "watched" / "eicar.com").exists()  # it came meanwhile

    _running(staged, work)
    assert {"ProtectionPaused", "ProtectionResumed", "GapScanned"} <= {type(each).__name__ for each in staged.reported}


@pytest.mark.usefixtures("ordinary")
def test_what_was_changed_while_the_suite_was_paused_is_examined_when_it_goes_on(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    staged = _stage(tmp_path)
    staged.component.settings = FileProtectionSettings(folders=[tmp_path / "watched"])
    (tmp_path / "watched" / "eicar.com").write_bytes(EICAR)
    staged.component.catch_up(staged.clock.now())

    async def work() -> None:
        await _until(lambda: any(isinstance(event, GapScanned) for event in staged.reported))
        assert not (tmp_path / "watched" / "eicar.com").exists()

    _running(staged, work)


def test_everything_is_only_observed_until_the_owner_confirms_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = _stage(tmp_path, scope="everything")
    monkeypatch.setattr(Guard, "may_block", staticmethod(lambda: True))
    guard = staged.component._guard

    async def work() -> None:
        assert guard.plan().observes
        assert guard.plan().places[0].path == "/"
        assert _issues(staged) == {"observing": "file-protection.confirm"}
        await staged.ask("confirm")
        assert not guard.plan().observes
        assert _issues(staged) == {}

    _running(staged, work)
    assert not guard.is_wanted()
    assert staged.component._memory.state.confirmed


def test_what_the_guard_says_is_an_issue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staged = _stage(tmp_path, folders=["/srv"])
    monkeypatch.setattr(Guard, "may_block", staticmethod(lambda: True))
    guard = staged.component._guard

    async def work() -> None:
        assert staged.component.list()[0].how == "not watched: the guard is starting"
        guard.trouble = "The guard of files could not be started: no."
        assert _issues(staged) == {"not-running": ""}
        guard.trouble = ""
        guard.standing = Standing({"/srv": "telling"}, {"/mnt": "is of /proc"}, {}, fuse="The gate crashed twice.")
        assert _issues(staged) == {"fuse": "file-protection.arm", "refused": ""}
        assert staged.component.list()[0].how == "telling"
        guard.standing = Standing({}, {"/srv": "no"}, {})
        assert staged.component.list()[0].how == "not watched: no"
        late = Unexamined("/srv/x", Occasion.OPEN, False, Actor(1, 0, ""), "late")
        for _ in range(20):
            await staged.component._take(late)
        assert "late" in _issues(staged)
        staged.clock.advance(timedelta(hours=2))
        assert "late" not in _issues(staged)

    _running(staged, work)


def test_a_request_is_the_persons_own_and_the_owner_answers(tmp_path: Path) -> None:
    staged = _stage(tmp_path)
    memory = staged.component._memory
    memory.add(Blocked(0, "2026-01-01", "/a", "X", "ab" * 32, STRANGER.uid, "/bin/cat", quarantine_id="0" * 12))
    memory.add(Blocked(0, "2026-01-01", "/b", "X", "", 0, "/bin/cat"))
    staged.host.results["quarantine.restore"] = {}

    async def work() -> None:
        with pytest.raises(NotFound):
            await staged.ask("release", STRANGER, path="/b")
        await staged.ask("release", STRANGER, path="/a")
        await staged.ask("release", STRANGER, path="/a")
        assert [row.path for row in await staged.ask("requests", STRANGER)] == ["/a"]
        assert "asked" in _issues(staged)
        await staged.ask("allow", Caller.myself(), id=1)
        assert staged.host.calls[-1].operation == "quarantine.restore"
        await staged.ask("refuse", Caller.myself(), id=2)

    asyncio.run(work())
    assert [entry.state for entry in memory.blocked] == ["allowed", "refused"]
    assert [type(event).__name__ for event in staged.reported].count("ReleaseRequested") == 1
    answers = [report for report in staged.host.reports if isinstance(report.event, ReleaseAnswered)]
    assert [report.owner for report in answers] == [STRANGER.uid, 0]


@pytest.mark.parametrize("path", ["", "srv", "/\0", "../../etc"])
def test_a_place_is_named_in_full(tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid):
        asyncio.run(_stage(tmp_path).ask("watch", path=path))
