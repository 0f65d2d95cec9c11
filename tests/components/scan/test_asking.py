"""Scans that leave threats in place until their end, and what a person then decides."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from garrison import sdk
from garrison.abilities.databases import own_rules, sets
from garrison.components.scan.asking import Asking, Choice, Undecided
from garrison.components.scan.component import Scan
from garrison.components.scan.settings import ScanSettings
from garrison.sdk.plain import to_plain
from garrison.sdk.testing import FakeHost, Staged
from tests.components.scan.test_component_staged import MYSELF, Bench, scan


class Answering(FakeHost):
    """A host that answers all questions alike, and on which the component can ask for its own operations."""

    def __init__(self, staged: Staged[Scan], choice: str) -> None:
        super().__init__()
        self.results["scan.resolve"] = None
        self._staged = staged
        self._choice = choice

    async def ask(self, question: sdk.Question, owner: int | None = None) -> str:
        assert owner == MYSELF.uid
        self.answers[question.id] = self._choice
        return await super().ask(question, owner)

    async def call(self, operation: str, caller: sdk.Caller | None = None, **arguments: Any) -> Any:
        assert caller == MYSELF
        await super().call(operation, caller, **arguments)
        return to_plain(await self._staged.ask(operation.removeprefix("scan."), **arguments))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]  # built in no time
    monkeypatch.setattr(sets, "own_rules", lambda: few)
    return Bench(tmp_path)


async def _answered(staged: Staged[Scan], choice: str) -> Answering:
    """Let the component run until its question is answered and that had its effect."""
    host = staged.component.host = Answering(staged, choice)
    async with asyncio.TaskGroup() as group:
        run = group.create_task(staged.component.run())
        while staged.component._asking._open:  # noqa: ASYNC110 # it tells nobody
            await asyncio.sleep(0.01)
        run.cancel()
    assert host.is_ready
    return host


@pytest.mark.parametrize("choice", list(Choice))
def test_threats_stay_until_one_question_at_the_end_is_answered(bench: Bench, choice: Choice) -> None:
    first, second = bench.make("first.com"), bench.make("second.com")

    async def work(staged: Staged[Scan]) -> None:
        summary = await scan(staged, bench.files, action="ask")
        assert first.exists()
        assert second.exists()
        assert {row.result for row in summary.findings} == {"left in place until it is decided on"}
        assert summary.exit_code() == 102
        assert "for you to decide" in str(summary.sentences()[-1])
        host = await _answered(staged, choice.value)
        (question,) = host.questions
        assert list(question.choices) == ["cure", "quarantine", "delete", "leave"]
        assert str(first) in str(question.text)
        assert str(second) in str(question.text)
        is_left = choice is Choice.LEAVE
        assert (first.exists(), second.exists()) == (is_left, is_left)
        assert len(bench.quarantine.records()) == (0 if is_left else 2)  # also of what was deleted
        assert len(staged.component.left(MYSELF)) == (2 if is_left else 0)

    bench.run(work)


@pytest.mark.parametrize("name", ["action", "automatic_action"])
def test_the_settings_may_say_so_too(bench: Bench, name: str) -> None:
    path = bench.make("first.com")

    async def work(staged: Staged[Scan]) -> None:
        staged.component.settings = ScanSettings(**{name: "ask"})
        job = "files" if name == "action" else "home"
        options = {"paths": [str(path)]} if name == "action" else {}
        summary = await staged.ask(job, MYSELF, **options)
        assert [row.action for row in summary.findings] == ["ask"]

    def at_files(_: int) -> Path:
        return bench.files

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("garrison.components.scan.component.account_home", at_files)
        bench.run(work)


@pytest.mark.parametrize("choice", list(Choice))
def test_a_person_may_decide_on_the_command_line(bench: Bench, choice: Choice) -> None:
    path = bench.make("first.com")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, path, action="ask")
        resolved = await staged.ask("resolve", MYSELF, action=choice.value)
        is_left = choice is Choice.LEAVE
        assert (resolved.moved, path.exists()) == (0 if is_left else 1, is_left)
        host = await _answered(staged, "quarantine")
        assert bool(host.calls) is is_left  # else it is too late, and no harm is done
        assert not path.exists()

    bench.run(work)


def test_what_is_open_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "undecided.json"
    asking = Asking(file)
    asking.add("Full scan", MYSELF, [])
    assert not file.exists()
    asking.add("Full scan", MYSELF, ["/a", "/b"])
    asking.add("Home scan", MYSELF, ["/c"])
    again = Asking(file)
    assert again._open == asking._open
    assert [each.number for each in again._open] == [1, 2]
    assert again._open[0].asker == MYSELF
    file.write_text('[{"number": "x"}]')
    assert Asking(file)._open == []


def test_many_paths_are_shown_in_part_and_none_can_steer_a_terminal() -> None:
    text = str(Undecided(1, "Scan", (0, 0, ()), tuple(f"/\x1b{n}" for n in range(9))).question().text)
    assert text.isprintable()
    assert "9 files" in text
    assert "..." in text
