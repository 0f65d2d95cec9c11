"""Scans that are paused where they cannot go from file to file, and go on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.areas import Areas, Oddity
from garrison.abilities.databases import own_rules, sets
from garrison.components.scan.component import Scan
from garrison.components.scan.results import ScanSummary
from garrison.components.scan.run import Area, Run
from garrison.components.scan.settings import Kind
from garrison.engine.verdict import Certainty, Finding
from garrison.engine.verdict import Kind as Threat
from garrison.sdk.testing import Staged
from tests.components.scan.test_component_staged import MYSELF, Bench

ODD = Oddity("memory of a program", Finding("Test.Odd", Threat.VIRUS, Certainty.KNOWN, why="a test"))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]  # built in no time
    monkeypatch.setattr(sets, "own_rules", lambda: few)
    return Bench(tmp_path)


async def _paused(staged: Staged[Scan]) -> list[dict[str, Any]]:
    rows = await staged.component.pause(MYSELF, [])
    return [row.model_dump() for row in rows]


@pytest.mark.parametrize("part", ["look", "look_last"])
def test_a_part_that_cannot_wait_is_given_up_and_done_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """What the part had found by then must not count twice."""
    (bench.files / "letter").write_text("dear reader")
    begun: list[str] = []
    reached = asyncio.Event()

    async def look(run: Run, areas: Areas, wanted: frozenset[Area], is_brief: bool = False) -> None:
        await run.take_oddity(ODD)
        begun.append(part)
        if len(begun) == 1:
            reached.set()
            await asyncio.Event().wait()

    async def other(*_: object, **__: object) -> None: ...

    async def work(staged: Staged[Scan]) -> tuple[ScanSummary, ScanSummary]:
        for name in ("look", "look_last", "look_again"):
            monkeypatch.setattr(Run, name, look if name == part else other)
        monkeypatch.setattr("garrison.components.scan.component._ROOT", str(bench.files))
        async with asyncio.TaskGroup() as group:
            first = group.create_task(staged.ask("full", MYSELF))
            await reached.wait()
            (row,) = await _paused(staged)
        assert (row["state"], row["task"], row["files"]) == ("paused", "Full scan", part == "look_last")
        return first.result(), await staged.ask("resume", MYSELF, scan=[row["id"]])

    first, second = bench.run(work)
    assert (first.complete, first.waits) == (False, 1)
    assert (second.complete, second.waits, second.files) == (True, 0, 1)
    assert [row.name for row in second.running] == ["Test.Odd"]
    assert begun == [part, part]


def test_scans_of_the_background_are_left_to_it_after_a_restart(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def look(*_: object, **__: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def work(staged: Staged[Scan]) -> None:
        monkeypatch.setattr(Run, "look", look)
        staged.job.by_itself = True
        async with asyncio.TaskGroup() as group:
            scan = group.create_task(staged.ask("background"))
            await begun.wait()
            staged.job.suite_ends = True
            scan.cancel()
        (kept,) = staged.component._checkpoints.waiting()
        assert (kept.kind, kept.by_itself, kept.paused) == (Kind.BACKGROUND, True, False)
        assert (await staged.ask("go-on")).scans == 0
        assert "cut-short" not in {issue.id for issue in staged.component.issues()}

    bench.run(work)
