"""Tests of the removable-drives component on a stage: what it lists, for whom, and which drives it takes."""

import asyncio
from pathlib import Path

import pytest

from garrison.base.errors import NotFound
from garrison.base.paths import Home
from garrison.components.removable_drives import component
from garrison.components.removable_drives.component import RemovableDrives
from garrison.components.removable_drives.results import DriveConnected, Forgotten
from garrison.components.removable_drives.settings import RemovableDrivesSettings, Way
from garrison.linux.removable import Drive, Volume
from garrison.sdk import Caller
from garrison.sdk.testing import Staged, stage

DISC = Drive("sr0", 1 << 30, 5, "Maker Disc", is_removable=True, is_optical=True)
STICK = Drive("sdb", 1 << 30, 6, "Maker Stick", is_removable=True)
ANNA = Caller(54321, 54321)
BEN = Caller(54322, 54322)


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a stick and a disc connected, whatever is."""
    found = [Volume(DISC, "11:0", "/"), Volume(STICK, "8:17", "/proc")]
    monkeypatch.setattr(component, "drives", lambda also: [DISC, STICK])
    monkeypatch.setattr(component, "volumes", lambda also: found)


def staged(folder: Path, optical: bool = True) -> Staged[RemovableDrives]:
    return stage(RemovableDrives, RemovableDrivesSettings(optical=optical), home=Home(folder))


@pytest.mark.parametrize("optical", [True, False])
def test_discs_are_taken_for_drives_where_that_is_set(tmp_path: Path, optical: bool) -> None:
    on_stage = staged(tmp_path, optical)

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(on_stage.component.run())
            async with asyncio.timeout(10):
                while len(on_stage.host.questions) < 1 + optical:  # noqa: ASYNC110 # a stage tells nobody
                    await asyncio.sleep(0.01)
            running.cancel()

    asyncio.run(run())
    assert on_stage.host.is_ready
    asked = [str(question.text) for question in on_stage.host.questions]
    assert [text.partition(" (")[0] for text in asked] == ["Maker Stick", "Maker Disc"][: 1 + optical]
    assert on_stage.component._visits.keys() == ({"5 11:0"} if optical else set()) | {"6 8:17"}


def test_a_drive_that_is_announced_anew_is_new_also_where_it_was_unmounted_before(tmp_path: Path) -> None:
    on_stage = staged(tmp_path)
    on_stage.component._memory.see(["5 11:0", "6 8:17", "66 8:1"], "scanned")
    on_stage.component._announced = {"sdb"}
    asyncio.run(on_stage.component._note_connected())
    assert on_stage.component._memory.marks() == ["5 11:0", "66 8:1"]
    assert [str(event) for event in on_stage.reported] == [
        str(DriveConnected(drive="Maker Stick", size="1.0 GiB", device="/dev/sdb"))
    ]


def test_drives_are_listed_also_where_nothing_runs(tmp_path: Path) -> None:
    disc, stick = asyncio.run(staged(tmp_path, optical=False).component.list())
    assert (disc.device, disc.places, disc.state) == ("/dev/sr0", [], "not mounted")
    assert (stick.drive, stick.places, stick.state) == ("Maker Stick", ["/proc"], "mounted")


def test_everybody_sees_and_forgets_what_they_said_themselves(tmp_path: Path) -> None:
    on_stage = staged(tmp_path)
    memory = on_stage.component._memory
    for caller in (ANNA, BEN):
        memory.remember("a", f"Stick of {caller.uid}", Way.FULL, caller.uid, "2026-01-05")

    async def ask() -> None:
        (row,) = await on_stage.ask("remembered", BEN)
        assert (row.id, row.drive, row.answer) == (2, f"Stick of {BEN.uid}", "full")
        with pytest.raises(NotFound):
            await on_stage.ask("forget", BEN, number=[1])
        forgotten: Forgotten = await on_stage.ask("forget", BEN, number=[])
        assert [str(text) for text in forgotten.sentences()] == [
            f"Stick of {BEN.uid} will be asked about again.",
            "1 answer forgotten.",
        ]

    asyncio.run(ask())
    assert [each.owner for each in memory.answers] == [ANNA.uid]
