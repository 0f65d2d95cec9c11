import asyncio
from typing import Any

import pytest

from garrison.base.errors import Failed, NotFound
from garrison.daemon.door import Call
from garrison.daemon.ignored import IssueRow
from garrison.daemon.jobs import Answer
from garrison.daemon.mending import Mended, Mender
from garrison.sdk import Severity, Text
from tests.daemon.parts import ROOT


def issue(name: str, fix: str) -> IssueRow:
    component = name.partition(".")[0]
    return IssueRow(id=name, component=component, severity=Severity.IMPORTANT, text=f"{name} is wrong", fix=fix)


class Scene:
    """Three issues, of which one cannot be mended and one fails."""

    def __init__(self) -> None:
        self.issues = [issue("a.off", "suite.start"), issue("b.old", "b.update"), issue("c.strange", "")]
        self.calls: list[tuple[str, Any]] = []
        self.mender = Mender(ROOT, lambda: list(self.issues), self.call)

    async def call(self, call: Call) -> Answer:
        self.calls.append((call.operation, call.arguments))
        if call.operation == "b.update":
            raise Failed("There is no network.")
        self.issues.pop(0)
        return Answer(None, (Text("It is on."),))


def run(work: Any) -> Mended:
    mended: Mended = asyncio.run(work)
    return mended


def test_a_preview_tells_the_same_and_does_nothing() -> None:
    scene = Scene()
    told = run(scene.mender.all(really=False))
    assert [(row.issue, row.operation, row.done) for row in told.rows] == [
        ("a.off", "suite.start", None),
        ("b.old", "b.update", None),
        ("c.strange", "", None),
    ]
    assert (scene.calls, told.exit_code()) == ([], 0)
    assert str(told.sentences()[2]) == "c.strange is wrong. Only a person can mend it."


def test_all_goes_on_after_what_fails() -> None:
    scene = Scene()
    done = run(scene.mender.all(really=True))
    assert [(row.issue, row.done) for row in done.rows] == [("a.off", True), ("b.old", False), ("c.strange", None)]
    assert scene.calls == [("suite.start", {"component": "a"}), ("b.update", {})]
    assert (done.exit_code(), str(done.sentences()[1])) == (3, "b.old is wrong: There is no network.")


def test_what_another_mended_is_left_out() -> None:
    scene = Scene()
    scene.issues = [issue("a.off", "suite.start"), issue("a.paused", "a.resume")]

    async def call(call: Call) -> Answer:
        scene.issues.clear()
        return await asyncio.sleep(0, Answer(None))

    done = run(Mender(ROOT, lambda: list(scene.issues), call).all(really=True))
    assert [(row.issue, row.said) for row in done.rows] == [("a.off", "Done.")]


@pytest.mark.parametrize("names", [["a.off", "no.such"], ["a.off", "c.strange"]])
def test_nothing_is_done_when_one_of_the_named_cannot_be(names: list[str]) -> None:
    scene = Scene()
    with pytest.raises(NotFound):
        run(scene.mender.named(names, really=True))
    assert scene.calls == []


def test_nothing_to_mend_is_said() -> None:
    assert [str(line) for line in Mended(rows=[], preview=False).sentences()] == ["There is nothing to mend."]
