"""Tests of how a connected drive is seen through, on a stage."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from garrison.base.clock import FakeClock
from garrison.base.errors import Unavailable
from garrison.components.removable_drives.attending import Attendant
from garrison.components.removable_drives.memory import Memory
from garrison.components.removable_drives.results import DriveLeftOut, DriveNotScanned, DriveScanned
from garrison.components.removable_drives.settings import OnConnection, RemovableDrivesSettings, Way
from garrison.components.removable_drives.visit import Visit
from garrison.linux.removable import Drive, Naming, Volume
from garrison.sdk.testing import START, FakeHost

CLEAN = {
    "files": 3, "findings": [], "running": [], "more_findings": 0, "handled": 0, "waits": 0, "complete": True,
    "unreadable_roots": 0,
}  # fmt: skip
GIB = 1 << 30


def visit(size: int = GIB, uuid: str = "u", places: tuple[str, ...] = ("/",)) -> Visit:
    drive = Drive("sdb", size, 41, "Stick", "S" if uuid else "", is_removable=True)
    volumes = tuple(Volume(drive, f"8:{number}", path) for number, path in enumerate(places))
    return Visit(volumes, tuple(Naming(uuid and f"{uuid}{number}") for number in range(len(places))))


class Stage:
    """An attendant on a fake host."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.host = FakeHost()
        self.host.results["scan.removable"] = lambda **_: CLEAN
        self.memory = Memory(folder)
        clock = FakeClock(START)
        self.attendant = Attendant(self.host, self.memory, clock, lambda: RemovableDrivesSettings(**settings))

    def attend(self, a_visit: Visit) -> list[tuple[str, bool]]:
        """See a drive through; return where it was scanned, and whether quickly."""
        asyncio.run(self.attendant.attend(a_visit))
        assert a_visit.is_over
        calls = [each.arguments for each in self.host.calls if each.operation == "scan.removable"]
        return [(arguments["path"], arguments["quick"]) for arguments in calls]


def test_nobody_answers_and_the_setting_does(tmp_path: Path) -> None:
    assert Stage(tmp_path).attend(visit()) == [("/", True)]
    assert Stage(tmp_path, unanswered=Way.FULL).attend(visit()) == [("/", False)]
    stage = Stage(tmp_path, unanswered=Way.IGNORE, wait_minutes=3)
    assert stage.attend(visit()) == []
    assert stage.host.questions[0].wait_seconds == 180
    assert [type(each.event) for each in stage.host.reports] == [DriveLeftOut]


def test_a_large_drive_is_never_scanned_whole_unless_somebody_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path, on_connection=OnConnection.FULL, unanswered=Way.FULL, largest_gib=2)
    assert stage.attend(visit(2 * GIB)) == [("/", False)]
    assert not stage.host.questions
    stage = Stage(tmp_path, on_connection=OnConnection.FULL, unanswered=Way.FULL, largest_gib=2)
    assert stage.attend(visit(2 * GIB + 1)) == [("/", True)]
    assert "larger than 2 GiB" in str(stage.host.questions[0].text)


def test_an_answer_for_good_is_offered_only_for_what_can_be_known_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.attend(visit(uuid=""))
    assert set(stage.host.questions[0].choices) == {"quick", "full", "ignore"}


def test_all_of_a_drive_is_scanned_by_one_answer(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.host.answers[f"drive-{visit().marks[0]}"] = "always-full"
    both = ("/", "/proc")
    assert stage.attend(visit(places=both)) == [("/", False), ("/proc", False)]
    (report,) = stage.host.reports
    assert isinstance(report.event, DriveScanned)
    assert report.event.files == 6
    again = Stage(tmp_path)
    assert again.attend(visit(places=both)) == [("/", False), ("/proc", False)]
    assert not again.host.questions
    again.memory.remember("S/u1", "Stick", Way.QUICK, 0, "")
    again.attend(visit(places=both))  # of its parts, different things were said
    assert len(again.host.questions) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"complete": False}, "there was too much on it for a quick scan"),
        ({"waits": 4, "complete": False}, "the scan was paused: garrison scan resume 4"),
        ({"unreadable_roots": 1}, "it could not be read"),
        (None, "the scan was cancelled"),
    ],
)
def test_a_scan_that_does_not_come_to_its_end_is_told(tmp_path: Path, changes: dict[str, Any] | None, why: str) -> None:
    stage = Stage(tmp_path, on_connection=OnConnection.QUICK)
    stage.host.results["scan.removable"] = lambda **_: None if changes is None else CLEAN | changes
    stage.attend(visit())
    (report,) = stage.host.reports
    assert isinstance(report.event, DriveNotScanned)
    assert report.event.why == why
    assert stage.memory.state(visit().marks[0]) == f"not scanned to its end: {why}"


def test_a_drive_that_is_not_mounted_any_more_was_taken_away(tmp_path: Path) -> None:
    stage = Stage(tmp_path, on_connection=OnConnection.QUICK)
    stage.attend(visit(places=(str(tmp_path),)))
    (report,) = stage.host.reports
    assert isinstance(report.event, DriveNotScanned)
    assert report.event.why == "it was taken away during the scan"
    assert stage.memory.state(visit().marks[0]) is None


def test_what_hinders_a_scan_is_told(tmp_path: Path) -> None:
    def fails(**_: object) -> None:
        raise Unavailable("There are no databases.")

    stage = Stage(tmp_path, on_connection=OnConnection.FULL)
    stage.host.results["scan.removable"] = fails
    stage.attend(visit())
    (report,) = stage.host.reports
    assert isinstance(report.event, DriveNotScanned)
    assert report.event.why == "There are no databases"


def test_a_suite_that_ends_during_a_scan_takes_the_drive_for_new_at_its_next_start(tmp_path: Path) -> None:
    stage = Stage(tmp_path, on_connection=OnConnection.FULL)
    begun = asyncio.Event()

    async def scan(*_: object, **__: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def end() -> None:
        stage.host.call = scan  # type: ignore[method-assign]
        async with asyncio.TaskGroup() as group:
            attending = group.create_task(stage.attendant.attend(visit()))
            await begun.wait()
            assert stage.memory.state(visit().marks[0]) == "its scan was cut short"
            attending.cancel()

    asyncio.run(end())
    assert stage.memory.state(visit().marks[0]) is None
