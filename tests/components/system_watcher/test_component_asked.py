"""Tests of what people can ask of the System Watcher, and of what it says of itself."""

import asyncio
import json
import os
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from garrison import sdk
from garrison.base.errors import Invalid
from garrison.components.system_watcher import component, watching
from garrison.components.system_watcher.component import SystemWatcher
from garrison.components.system_watcher.results import (
    ClientUnblocked,
    WatcherNotProved,
)
from garrison.components.system_watcher.settings import SystemWatcherSettings, WhenSeen
from garrison.sdk import Caller
from garrison.wire.watching import Deed, Did
from tests.components.system_watcher.scene import alarm, keep, make_scene


def test_protecting_waits_until_the_folder_is_really_watched_and_says_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "READY_SECONDS", 0.05)
    scene = make_scene(tmp_path / "home", protects=False)
    for name in ("good", "refused", "silent", "late"):
        (tmp_path / name).mkdir()

    async def protect(name: str) -> tuple[int, str]:
        said = await scene.staged.ask("protect", path=str(tmp_path / name))
        return said.exit_code(), said.text

    async def act() -> None:
        assert await protect("late") == (
            3, f"{tmp_path}/late is to be protected, but is not yet: the System Watcher does not run.",
        )  # fmt: skip
        async with scene.running():
            assert (await protect("good"))[0] == 0
            assert (await protect("good"))[0] == 0  # once more, when nothing is to be told
            code, text = await protect("refused")
            assert (code, "no such device" in text) == (3, True)
            scene.guard.is_silent = True
            code, text = await protect("silent")
            assert (code, "has not answered" in text) == (3, True)
            scene.guard.trouble = "The guard could not be started."
            problems = {Path(each.path).name: each.problem for each in await scene.staged.ask("folders")}
            assert problems == {
                "late": "", "good": "", "refused": "no such device", "silent": "The guard could not be started",
            }  # fmt: skip

    asyncio.run(act())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another account")
def test_everybody_is_shown_only_the_folders_that_they_may_look_into(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, protects=False)
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        place.chmod(0o755)
        for name, mode in (("open", 0o755), ("closed", 0o700), ("closed/deep", 0o755), ("nameless", 0o711)):
            (place / name).mkdir(mode=mode)
            scene.staged.component._memory.protect(str(place / name))
        rows = asyncio.run(scene.staged.ask("folders", Caller(4243, 4243)))
        assert [Path(each.path).name for each in rows] == ["open"]
        assert len(asyncio.run(scene.staged.ask("folders", Caller.myself()))) == 4


def test_a_computer_that_was_shut_out_is_let_in_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make_scene(tmp_path)
    let_in: list[str] = []
    monkeypatch.setattr(scene.staged.component._shares, "unblock", let_in.append)
    said = asyncio.run(scene.staged.ask("unblock", Caller(0, 0), address="192.0.2.7"))
    assert let_in == ["192.0.2.7"]
    assert said.text == "192.0.2.7 is no longer blocked."
    (event,) = scene.staged.reported
    assert isinstance(event, ClientUnblocked)
    assert (event.address, event.uid) == ("192.0.2.7", 0)
    for address in ("evil", "192.0.2.0/24"):
        monkeypatch.undo()
        with pytest.raises(Invalid):
            asyncio.run(scene.staged.ask("unblock", address=address))
    assert len(scene.staged.reported) == 1


def test_undo_restores_and_ends_what_is_stopped(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, SystemWatcherSettings(home_folders=False, action=WhenSeen.ASK))
    keep(scene, alarm())
    document = tmp_path.resolve() / "letter"
    document.write_bytes(b"garbage")
    metadata = {"uid": os.geteuid(), "gid": os.getegid(), "mode": 0o600, "atime_ns": 0, "mtime_ns": 0, "xattrs": {}}
    one = Deed(2.0, Did.CHANGED, str(document), "7.70", ("7.70",), 5, "/opt/evil", 0, "", "1", metadata)
    (scene.rewinding.folder / "copies").mkdir()
    (scene.rewinding.folder / "copies" / "1").write_bytes(b"dear")
    (scene.rewinding.folder / "journal").write_text(json.dumps(asdict(one)) + "\n", "ascii")
    keep(scene, replace(alarm(), at=document.stat().st_mtime))
    shown = asyncio.run(scene.staged.ask("show", id="ab"))
    assert (shown.state, shown.would_restore) == ("stopped", [str(document)])
    assert document.read_bytes() == b"garbage"
    undone = asyncio.run(scene.staged.ask("undo", id="ab"))
    assert (undone.restored, undone.exit_code()) == ([str(document)], 0)
    assert document.read_bytes() == b"dear"
    assert scene.staged.component._memory.decided == {"ab12cd34": "end"}
    assert scene.staged.component._plan().decided == {"ab12cd34": "end"}


def test_only_those_may_weaken_it_who_have_the_right_to() -> None:
    rights = {each.name: each.access for each in sdk.describe(SystemWatcher).operations}
    weakening = {name for name, access in rights.items() if access == sdk.Access.WEAKEN}
    assert weakening == {"release", "unprotect", "unblock"}
    assert rights["protect"] == sdk.Access.CONFIGURE


def test_a_proof_that_nothing_came_of_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component, "_PROOF_SECONDS", 0.3)
    scene = make_scene(tmp_path)
    nothing = asyncio.run(scene.staged.ask("prove"))
    assert (nothing.passed, nothing.exit_code()) == (None, 0)

    async def act() -> None:
        async with scene.running():
            proved = await scene.staged.ask("prove")
            assert (proved.passed, proved.exit_code()) == (False, 3)
            assert "not noticed" in proved.what
            assert scene.guard.plan().folders == (str(tmp_path),)
            proof = scene.staged.component.proof()
            assert proof is not None
            assert not proof.passed

    asyncio.run(act())
    assert any(isinstance(event, WatcherNotProved) for event in scene.staged.reported)
    assert list(scene.rewinding.proof_folder.iterdir()) == []


def test_an_alarm_of_a_proof_that_was_cut_off_is_ended_and_nobody_is_alarmed(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    keep(scene, replace(alarm(), reasons={f"{scene.rewinding.proof_folder}/document00.txt": "why"}))
    assert [issue.id for issue in scene.staged.component.issues()] == []

    async def act() -> None:
        async with scene.running():
            while not scene.guard.plan().decided:  # noqa: ASYNC110 # there is no event for it
                await asyncio.sleep(0.01)
            assert scene.guard.plan().decided == {"ab12cd34": "end"}

    asyncio.run(act())
    assert scene.staged.reported == []
    assert asyncio.run(scene.staged.ask("alarms")) == []


def test_what_a_program_touched_is_told_by_its_name_path_or_number_and_to_its_own_account(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    deeds = [
        Deed(1.0, Did.CHANGED, "/d/a", "7.70", ("7.70",), 5, "/opt/evil", 4242, "", "1.4242"),
        Deed(2.0, Did.RENAMED, "/d/a", "8.80", ("8.80",), 5, "/opt/other", 4243, "/d/b"),
    ]
    lines = [json.dumps(asdict(each)) for each in deeds]
    (scene.rewinding.folder / "journal").write_text("\n".join(lines) + "\n", "ascii")

    def touched(program: str, uid: int = 0) -> list[tuple[str, str, bool]]:
        rows = asyncio.run(scene.staged.ask("touched", Caller(uid, uid), program=program))
        return [(row.did, row.path, row.copied) for row in rows]

    for program in ("/opt/evil", "evil", "7"):
        assert touched(program) == touched(program, 4242) == [("changed", "/d/a", True)]
        assert touched(program, 4243) == []
    assert touched("other", 4243) == [("renamed", "/d/a", False)]
    assert touched("70") == []


def test_it_proves_itself_unasked_only_where_it_protects_something(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, protects=False)

    async def act() -> None:
        async with scene.running():
            scene.staged.job.by_itself = True
            proved = await scene.staged.ask("prove")
            assert (proved.passed, proved.what) == (None, "no folder is protected")
            assert scene.staged.component.proof() is None

    asyncio.run(act())
