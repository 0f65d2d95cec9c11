"""Tests of the guard, over a real keeper and gate process that only speak."""

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.guard.links import process_at
from garrison.base.errors import Unavailable
from garrison.wire.guarding import Found, Gap, Place, Reach, fact_from_plain
from tests.abilities.guard.guards import (
    PLAN,
    PROGRAM,
    heard,
    kill_gate,
    make_guard,
    needs_root,
    plans,
    running,
    tell,
    until,
)

FOUND = {
    "fact": "found",
    "path": "/srv/x",
    "occasion": "open",
    "blocked": True,
    "actor": {"pid": 1, "uid": 0, "program": "/bin/cat"},
    "device": 1,
    "inode": 2,
    "size": 3,
    "modified_ns": 4,
    "changed_ns": 5,
    "untrusted_verdict": {},
}


def test_the_plan_is_put_together_of_what_several_want(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)
    (tmp_path / "file-protection").mkdir()
    assert not guard.is_wanted()
    guard.watch_documents({"folders": ["/home"]})
    assert guard.is_wanted()
    assert guard.plan().places == ()
    guard.watch_files(PLAN)
    plan = guard.plan()
    assert (plan.places, plan.documents) == (PLAN.places, {"folders": ["/home"]})
    assert plan.examining.databases == str(tmp_path / "databases" / "set")
    assert str(tmp_path / "guard") in plan.private
    assert str(tmp_path / "file-protection") not in plan.private
    guard.watch_documents(None)
    guard.watch_files(replace(PLAN, places=()))
    assert not guard.is_wanted()


def test_without_the_right_to_block_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = make_guard(tmp_path)
    monkeypatch.setattr(type(guard), "may_block", staticmethod(lambda: False))
    guard.watch_files(PLAN)
    asyncio.run(guard.run())
    assert heard(guard) == []


@needs_root
def test_nothing_runs_while_nothing_is_to_be_watched_and_nothing_is_left_behind(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)

    async def look() -> None:
        async with running(guard):
            await asyncio.sleep(0.1)
            assert not (guard.folder / "gate.sock").exists()
            guard.watch_files(PLAN)
            assert await guard.until(lambda standing: "/srv" in standing.watched, 5)
            await until(lambda: "order" in str(heard(guard)))
            guard.watch_files(None)
            await until(lambda: not (guard.folder / "gate.sock").exists())
            guard.watch_files(PLAN)
            assert await guard.until(lambda standing: "/srv" in standing.watched, 5)
            await until(lambda: str(heard(guard)).count("order") == 3)

    asyncio.run(look())
    orders = [line for line in heard(guard) if "order" in line]
    assert [line["order"] for line in orders] == ["hello", "end", "hello", "end"]
    assert orders[0]["command"][-2:] == ["--home", str(tmp_path)]
    assert not list(guard.folder.glob("*e.sock"))
    assert not (guard.folder / "keeper.sock").exists()


@needs_root
def test_a_changed_plan_is_told_at_once(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)

    async def look() -> None:
        async with running(guard):
            guard.watch_files(PLAN)
            await guard.until(lambda standing: "/srv" in standing.watched, 5)
            guard.watch_files(replace(PLAN, places=(Place(Reach.MOUNT, "/mnt"),)))
            assert await guard.until(lambda standing: "/mnt" in standing.watched, 1)
            count = len(plans(guard))
            guard.watch_files(replace(PLAN, places=(Place(Reach.MOUNT, "/mnt"),)))  # the same
            await guard._databases.on_switch[-1](tmp_path)  # other databases
            await until(lambda: len(plans(guard)) > count, 1)
            await asyncio.sleep(0.05)
            assert len(plans(guard)) == count + 1

    asyncio.run(look())


@needs_root
def test_facts_reach_whoever_listens_and_nonsense_is_passed_over(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)

    async def look() -> None:
        async with running(guard):
            guard.watch_files(PLAN)
            with guard.hear(fact_from_plain) as hearing, guard.hear(lambda plain: plain.get("fact")) as words:
                await guard.until(lambda _: True, 5)
                tell(guard, "nonsense", "[]", {"fact": "rumour"}, {"fact": "found"}, FOUND)
                async for fact in hearing:
                    if isinstance(fact, Found):
                        assert fact.path == "/srv/x"
                        break
                async for word in words:
                    if word == "found":
                        break

    asyncio.run(asyncio.wait_for(look(), 10))


@needs_root
def test_a_gate_that_was_started_again_gets_the_plan_again(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)

    async def look() -> None:
        async with running(guard):
            guard.watch_files(PLAN)
            await guard.until(lambda _: True, 5)
            kill_gate(guard)
            await until(lambda: guard.standing is None)
            gate = await asyncio.create_subprocess_exec(*PROGRAM, str(guard.folder), "gate")
            assert await guard.until(lambda _: True, 5)
            assert len(plans(guard)) == 2
            gate.kill()
            await gate.wait()

    asyncio.run(look())


@needs_root
def test_a_dead_keeper_is_replaced_when_the_gate_does_not_and_the_gate_goes_on(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)

    async def look() -> None:
        async with running(guard):
            guard.watch_files(PLAN)
            await guard.until(lambda _: True, 5)
            await until(lambda: "order" in str(heard(guard)))
            gate = (guard.folder / "gate.pid").read_text("ascii")
            guard._keeper._children[-1].kill()
            assert await until(lambda: len([line for line in heard(guard) if line.get("order") == "hello"]) == 2) < 4
            assert (guard.folder / "gate.pid").read_text("ascii") == gate
            assert len(plans(guard)) == 1

    asyncio.run(look())


@needs_root
def test_when_both_were_gone_the_time_in_between_is_told(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)

    async def look() -> None:
        async with running(guard):
            guard.watch_files(PLAN)
            with guard.hear(fact_from_plain) as hearing:
                await guard.until(lambda _: True, 5)
                await until(lambda: "order" in str(heard(guard)))
                kill_gate(guard)
                (guard.folder / "gate.pid").unlink()
                guard._keeper._children[-1].kill()
                async for fact in hearing:
                    if isinstance(fact, Gap):
                        assert fact.places == ("/srv",)
                        assert 0 < fact.seconds < 3
                        break

    asyncio.run(asyncio.wait_for(look(), 10))


@needs_root
def test_a_keeper_that_cannot_start_is_told_of_and_tried_again(tmp_path: Path) -> None:
    guard = make_guard(tmp_path, ("/bin/sh", "-c", "echo 'The kernel said no.' >&2; exit 3"))

    async def look() -> None:
        async with running(guard):
            guard.watch_files(PLAN)
            await until(lambda: guard.trouble)
            assert guard.trouble == "The guard of files could not be started: the kernel said no."
            began = guard._keeper.began
            await until(lambda: guard._keeper.began != began)
            with pytest.raises(Unavailable):
                await guard.arm()

    asyncio.run(look())


def _listens(path: Path) -> bool:
    for descriptor in process_at(path):
        os.close(descriptor)
        return True
    return False


@needs_root
def test_what_a_suite_that_died_left_running_is_ended(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)
    with subprocess.Popen([*PROGRAM, str(guard.folder)]) as keeper:

        async def come_back() -> None:
            await until(lambda: _listens(guard.folder / "keeper.sock"))
            async with running(guard):
                await until(lambda: not (guard.folder / "gate.sock").exists())

        asyncio.run(come_back())
        gate = int((guard.folder / "gate.pid").read_text("ascii"))
        assert keeper.wait(5) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(gate, 0)
