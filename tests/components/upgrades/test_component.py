"""Tests of the upgrades component on a stage, with real versions folders."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from garrison import __version__
from garrison.abilities.application import Versions
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.base.clock import FakeClock
from garrison.base.errors import Refused, Unavailable
from garrison.base.installed import Switch, SwitchState
from garrison.base.paths import Home
from garrison.components.upgrades.component import Upgraded, UpgradeFailed, UpgradeReturned, Upgrades, UpgradesSettings
from garrison.sdk import Caller
from garrison.sdk.testing import START, Staged, stage
from tests.abilities.things import NOBODY

SWITCH = Switch("9.0", __version__, "/python", "", "2026-11-24T06:00:00+00:00", (), SwitchState.RETURNED, "It broke.")


@pytest.fixture
def staged(tmp_path: Path) -> Staged[Upgrades]:
    return staged_in(tmp_path)


def staged_in(folder: Path, settings: UpgradesSettings | None = None) -> Staged[Upgrades]:
    home, clock = Home(folder / "home"), FakeClock(START)
    versions = Versions(home, clock, Fetcher(home, clock, Outgoing(lambda _: False)), folder / "root.json")
    return stage(Upgrades, settings, versions=versions)


def ask(staged: Staged[Upgrades], operation: str, caller: Caller | None = None, **arguments: object) -> object:
    return asyncio.run(staged.ask(operation, caller or Caller.myself(), **arguments))


def test_it_says_what_to_do_before_anything_can_be_taken(staged: Staged[Upgrades]) -> None:
    with pytest.raises(Unavailable, match="nothing to upgrade from"):
        ask(staged, "upgrade", sources=[])
    with pytest.raises(Unavailable, match="No publisher is trusted"):
        ask(staged, "upgrade", sources=["/media/stick"])
    assert all(isinstance(report.event, UpgradeFailed) for report in staged.host.reports)
    assert len(staged.host.reports) == 2


def test_by_itself_it_does_nothing_unless_it_is_told_to(tmp_path: Path) -> None:
    result = ask(staged_in(tmp_path), "check")
    assert (result.version, result.is_begun) == (__version__, False)  # type: ignore[attr-defined]
    eager = staged_in(tmp_path, UpgradesSettings(automatic=True, sources=["/media/stick"]))
    with pytest.raises(Unavailable, match="No publisher is trusted"):
        ask(eager, "check")


def test_only_the_owner_changes_the_version(staged: Staged[Upgrades]) -> None:
    stranger = Caller(NOBODY, NOBODY)
    with pytest.raises(Refused):
        ask(staged, "upgrade", stranger, sources=[])
    with pytest.raises(Refused):
        ask(staged, "check", stranger)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (SwitchState.WORKS, Upgraded),
        (SwitchState.RETURNED, UpgradeReturned),
        (SwitchState.TRYING, UpgradeReturned),  # whoever watched over it is gone
    ],
)
def test_what_came_of_a_change_is_told_once(staged: Staged[Upgrades], state: SwitchState, kind: type) -> None:
    staged.component._versions.installed.note(replace(SWITCH, state=state))
    for _ in range(2):
        asyncio.run(run_briefly(staged))
    (report,) = staged.host.reports
    assert isinstance(report.event, kind)


async def run_briefly(staged: Staged[Upgrades]) -> None:
    try:
        async with asyncio.timeout(0.1):
            await staged.component.run()
    except TimeoutError:
        return


def test_while_a_change_is_under_way_nothing_is_told(staged: Staged[Upgrades]) -> None:
    installed = staged.component._versions.installed
    installed.note(replace(SWITCH, state=SwitchState.TRYING))
    lock = installed.lock()
    assert lock is not None
    asyncio.run(run_briefly(staged))
    assert (staged.host.reports, list(staged.component.issues())) == ([], [])
    os.close(lock)


def test_a_version_that_does_not_work_is_an_issue(staged: Staged[Upgrades]) -> None:
    assert list(staged.component.issues()) == []
    installed = staged.component._versions.installed
    installed.note(SWITCH)
    (issue,) = staged.component.issues()
    assert (issue.id, issue.severity) == ("returned", "important")
    assert "It broke" in str(issue.text)
    (installed.folder / "9.0").mkdir()
    rows = {row.version: row for row in ask(staged, "versions")}  # type: ignore[attr-defined]
    assert rows[__version__].in_use
    assert "It broke" in rows["9.0"].state
    installed.note(replace(SWITCH, state=SwitchState.WORKS, why=""))
    assert list(staged.component.issues()) == []
