"""Tests of the System Watcher: with the real keeper and gate on a real volume, and alone for what is decided here."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases import Databases
from garrison.abilities.guard import Guard
from garrison.base.clock import SystemClock
from garrison.base.errors import Invalid, NotFound, Refused
from garrison.base.paths import Home
from garrison.components.system_watcher import watching
from garrison.components.system_watcher.results import (
    ClientBlocked,
    DocumentsRestored,
    ProgramReleased,
    Proved,
    RansomwareSeen,
    RansomwareStopped,
    SpaceTooSmall,
    WatcherProved,
)
from garrison.components.system_watcher.settings import Sensitivity, SystemWatcherSettings, WhenSeen
from garrison.sdk import Caller
from garrison.wire.watching import Scarce
from tests.components.system_watcher.scene import Scene, Wanted, alarm, keep, make_scene, read
from tests.gate import attacks
from tests.gate.volumes import volume, why_not

needs_volume = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")
PYTHON = os.path.realpath(sys.executable)


# -- with everything real --


async def prove_it(scene: Scene) -> None:
    """Have it prove itself twice, with nothing left of that."""
    before = len(scene.rewinding._quarantine.records())
    for _ in range(2):
        proved = await scene.staged.ask("prove")
        assert proved.passed, proved.what
        assert "stopped after 3 of 12 files, all restored" in proved.what
    await scene.until(WatcherProved)
    proof = Proved.proof_of(scene.staged.component._memory.proof)
    assert proof is not None
    assert proof.passed
    assert "last proved itself" in str(proof.text)
    assert scene.staged.component.proof() is not None
    assert len(await scene.staged.ask("alarms")) == 1
    assert len(scene.rewinding._quarantine.records()) == before
    assert list(scene.rewinding.proof_folder.iterdir()) == []
    assert sum(isinstance(event, RansomwareStopped) for event in scene.staged.reported) == 1
    (folder,) = await scene.staged.ask("folders")
    assert folder.by == "owner"


@needs_volume
def test_an_attack_is_stopped_undone_and_ended_without_anybody_there(tmp_path: Path) -> None:
    async def act(documents: Path) -> None:
        home = Home(tmp_path / "home")
        home.prepare()
        databases = Databases(home, SystemClock())
        (databases.folder / "set").mkdir()
        (databases.folder / "current").symlink_to("set")
        guard = Guard(home, SystemClock(), databases)
        scene = make_scene(home.root, guard=guard, protects=False)
        made = attacks.make_documents(documents, 24)
        async with asyncio.TaskGroup() as group:
            guarding = group.create_task(guard.run())
            try:
                async with scene.running():
                    said = await scene.staged.ask("protect", path=str(documents))
                    assert (said.exit_code(), said.text) == (0, f"{documents} is protected from now on.")
                    (folder,) = await scene.staged.ask("folders")
                    assert (folder.path, folder.problem) == (str(documents), "")
                    attack = await asyncio.to_thread(
                        subprocess.run, attacks.command("in-place", documents), check=False, timeout=30
                    )
                    assert attack.returncode == -9
                    restored = await scene.until(DocumentsRestored)
                    assert (restored.restored, restored.failed) == (3, 0)
                    assert all(read(path) == content for path, content in made.items())
                    (row,) = await scene.staged.ask("alarms")
                    assert (row.state, row.files) == ("ended", 3)
                    touched = await scene.staged.ask("touched", program=PYTHON)
                    assert {each.path for each in touched} >= set(sorted(made)[:3])
                    await prove_it(scene)
            finally:
                guarding.cancel()
                await asyncio.wait([guarding])
                await guard.end()

    with volume(tmp_path) as place:
        documents = place / "documents"
        documents.mkdir()
        asyncio.run(act(documents))


# -- what is decided --


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({"sensitivity": Sensitivity.HIGH}, "threshold", 2.0),
        ({"sensitivity": Sensitivity.LOW}, "threshold", 6.0),
        ({"copies_mib": 7}, "budget_bytes", 7 * 1024 * 1024),
        ({"window_minutes": 3}, "window_seconds", 180.0),
        ({"action": WhenSeen.TELL}, "stops", False),
        ({"action": WhenSeen.ASK}, "stops", True),
        ({"trusted": (Path("/opt/mine"),)}, "trusted", ("/opt/mine",)),
        ({"copies_on_read": False}, "copies_on_read", False),
    ],
)
def test_every_setting_reaches_the_gate(tmp_path: Path, settings: dict[str, Any], name: str, value: object) -> None:
    scene = make_scene(tmp_path, SystemWatcherSettings(home_folders=False, **settings))

    async def act() -> None:
        async with scene.running():
            assert getattr(scene.guard.plan(), name) == value
        assert scene.guard.documents is None

    asyncio.run(act())


def test_documents_of_home_folders_are_protected_unless_that_is_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path.resolve() / "ann"
    (home / "Documents").mkdir(parents=True)
    monkeypatch.setattr(watching, "homes", lambda: [home])
    for is_on in (True, False):
        scene = make_scene(tmp_path / "home", SystemWatcherSettings(home_folders=is_on), protects=False)
        folders = asyncio.run(scene.staged.ask("folders"))
        assert [each.path for each in folders] == [str(home / "Documents")] * is_on


def test_folders_are_added_and_taken_off_and_survive_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "shares"
    folder.mkdir()
    scene = make_scene(tmp_path / "home", protects=False)

    async def act() -> None:
        async with scene.running():
            assert scene.guard.documents is None
            await scene.staged.ask("protect", path=str(folder))
            assert scene.guard.plan().folders == (str(folder),)
            assert [
                each.path for each in await make_scene(tmp_path / "home", protects=False).staged.ask("folders")
            ] == [str(folder)]
            await scene.staged.ask("unprotect", path=str(folder))
            assert scene.guard.documents is None
            with pytest.raises(NotFound):
                await scene.staged.ask("unprotect", path=str(folder))
            for path in ("/", "/proc/self", str(tmp_path / "nothing")):
                with pytest.raises(Invalid):
                    await scene.staged.ask("protect", path=path)

    asyncio.run(act())


@pytest.mark.parametrize(
    ("action", "answer", "decided", "seen"),
    [
        (WhenSeen.AUTOMATIC, "", "end", DocumentsRestored),
        (WhenSeen.ASK, "end", "end", DocumentsRestored),
        (WhenSeen.ASK, "release", "release", ProgramReleased),
    ],
)
def test_what_follows_an_alarm_is_what_the_settings_and_people_say(
    tmp_path: Path, action: WhenSeen, answer: str, decided: str, seen: type[Any]
) -> None:
    scene = make_scene(tmp_path, SystemWatcherSettings(home_folders=False, action=action))
    scene.staged.host.answers["alarm-ab12cd34"] = answer

    async def act() -> None:
        async with scene.running():
            scene.guard.tell("alarm", alarm())
            await scene.until(RansomwareStopped)
            await scene.until(seen)
            await asyncio.sleep(0.02)
            plan = scene.guard.plan()
            assert plan.decided == {"ab12cd34": decided}
            assert ("/opt/evil" in plan.trusted) == (decided == "release")

    asyncio.run(act())


def test_what_is_only_to_be_told_is_told(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, SystemWatcherSettings(home_folders=False, action=WhenSeen.TELL))

    async def act() -> None:
        async with scene.running():
            scene.guard.tell("alarm", alarm(stopped=False))
            await scene.until(RansomwareSeen)
            assert scene.guard.plan().decided == {}
            assert [issue.id for issue in scene.staged.component.issues()] == ["only-tells"]

    asyncio.run(act())


def test_a_released_interpreter_is_not_trusted_from_then_on(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    keep(scene, alarm(program="/usr/bin/python3.11"))
    changed = asyncio.run(scene.staged.ask("release", id="ab"))
    assert "Only this run" in changed.text
    with pytest.raises(Refused):
        asyncio.run(scene.staged.ask("release", id="ab"))


def test_an_alarm_that_was_raised_while_nobody_listened_is_taken_up(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    keep(scene, alarm())
    assert [issue.id for issue in scene.staged.component.issues()] == ["waiting"]

    async def act() -> None:
        async with scene.running():
            await scene.until(DocumentsRestored)

    asyncio.run(act())
    assert [issue.id for issue in scene.staged.component.issues()] == []
    assert scene.staged.component.proof() is not None


def test_alarms_about_other_accounts_are_not_shown(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    keep(scene, alarm(uid=4242))
    stranger = Caller(4243, 4243)
    assert asyncio.run(scene.staged.ask("alarms", stranger)) == []
    for operation in ("show", "undo", "release"):
        with pytest.raises(Refused):
            asyncio.run(scene.staged.ask(operation, stranger, id="ab12cd34"))
    assert asyncio.run(scene.staged.ask("show", Caller(4242, 4242), id="ab12cd34")).account == 4242


def test_too_little_space_is_said_and_an_issue(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)

    async def act() -> None:
        async with scene.running():
            scene.guard.tell("scarce", Scarce("/d/a", "It is too large.", uid=4242))
            await scene.until(SpaceTooSmall)
            assert [each.owner for each in scene.staged.host.reports] == [4242]  # whose file it is
            assert [issue.id for issue in scene.staged.component.issues()] == ["space-too-small"]

    asyncio.run(act())


def test_without_the_rights_it_says_so_and_watches_nothing(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, guard=Wanted(blocks=False), protects=False)
    assert scene.staged.component.unsupported() is not None

    async def act() -> None:
        async with scene.running():
            assert scene.guard.documents is None

    asyncio.run(act())


@pytest.mark.parametrize("minutes", [0, 7])
def test_a_computer_that_destroys_a_share_is_shut_out_for_as_long_as_is_set(
    tmp_path: Path, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make_scene(tmp_path, SystemWatcherSettings(home_folders=False, block_minutes=minutes))
    blocked: list[tuple[str, int]] = []
    shares = scene.staged.component._shares
    monkeypatch.setattr(shares, "clients_of", lambda pid: [f"192.0.2.{pid}", f"2001:db8::{pid}"])
    monkeypatch.setattr(shares, "block", lambda address, minutes: blocked.append((address, minutes)))

    async def act() -> None:
        async with scene.running():
            scene.guard.tell("alarm", alarm(program="/usr/sbin/smbd"))
            await scene.until(DocumentsRestored)

    asyncio.run(act())
    assert blocked == [("192.0.2.7", 7), ("2001:db8::7", 7)] * bool(minutes)
    assert any(isinstance(event, ClientBlocked) for event in scene.staged.reported) == bool(minutes)
