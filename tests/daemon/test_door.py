import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

import pytest

from garrison.abilities.rights import Rights
from garrison.base.errors import Failed, Invalid, NotFound, Refused, Unavailable, Unexpected, Unlicensed
from garrison.daemon.door import Audited, Call, Door
from garrison.daemon.jobs import Answer, Jobs, RunningJob
from garrison.sdk import Access, Caller, Component, Feature, Frozen, Issue, Job, Settings, Text, about, action, task
from garrison.sdk.testing import FakeHost
from tests.daemon.parts import ANNA, ROOT, clock


class Row(Frozen):
    path: str


class Guard(Component[Settings]):
    """Guards."""

    id = "guard"
    title = "Guard"
    feature = Feature.PROTECTION
    why_not: Text | None = None

    def unsupported(self) -> Text | None:
        return self.why_not

    def issues(self) -> Iterable[Issue]:
        return ()

    @action("Who", access=Access.VIEW)
    def who(self, caller: Caller, name: str = "x") -> Row:
        """Say who asks."""
        return Row(path=f"{caller.uid} {name}")

    @action("Fail")
    async def fail(self, kind: str) -> None:
        """Fail."""
        raise {"failed": Failed("No."), "defect": KeyError("x")}[kind]

    @action("Weaken", access=Access.WEAKEN)
    def weaken(self) -> None:
        """Do less."""

    @task("Count")
    async def count(self, job: Job, to: Annotated[int, about("How far", ge=0)] = 3) -> int:
        """Count."""
        for number in range(to):
            job.progress(number, to)
            await asyncio.sleep(0)
        return to

    @task("Wait")
    async def wait(self, job: Job) -> None:
        """Wait for ever."""
        job.progress(0)
        await asyncio.Event().wait()


class Nothing(Rights):
    def includes(self, feature: Feature) -> bool:
        return feature is Feature.CORE


class Stage:
    def __init__(self, group: asyncio.TaskGroup, rights: Rights) -> None:
        self.audited: list[Audited] = []
        self.jobs = Jobs(group, clock())
        self.door = Door(rights, self.jobs, lambda event, caller: self.audited.append(event))
        self.guard = Guard(FakeHost(), Settings())
        self.door.add(self.guard)

    async def call(self, operation: str, caller: Caller = ROOT, background: bool = False, **arguments: Any) -> Answer:
        return await self.door.call(Call(operation, arguments, caller, background=background))

    @property
    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.audited]


def on_stage(script: Callable[[Stage], Awaitable[Any]], rights: Rights | None = None) -> Stage:
    async def run() -> Stage:
        async with asyncio.TaskGroup() as group:
            stage = Stage(group, rights or Rights())
            await script(stage)
            return stage

    return asyncio.run(run())


def test_who_only_looks_is_not_written_down() -> None:
    async def script(stage: Stage) -> None:
        assert (await stage.call("guard.who", ANNA, name="\udcff")).result == {"path": "1001 \udcff"}

    assert on_stage(script).audited == []


@pytest.mark.parametrize(
    ("operation", "arguments", "kind", "audited"),
    [
        ("guard.fail", {"kind": "failed"}, Failed, ["failed"]),
        ("guard.fail", {"kind": "defect"}, Unexpected, ["unknown"]),
        ("guard.fail", {}, Invalid, ["invalid"]),
        ("guard.count", {"to": -1}, Invalid, ["invalid"]),
        ("guard.who", {"limit": 0}, Invalid, []),
        ("guard.no-such", {}, NotFound, []),
        ("guard.run", {}, NotFound, []),
        ("guard.__init__", {}, NotFound, []),
        ("guard", {}, NotFound, []),
        ("", {}, NotFound, []),
        (".", {}, NotFound, []),
        ("\udcff.\udcff", {}, NotFound, []),
    ],
)
def test_what_is_refused(operation: str, arguments: dict[str, Any], kind: type[Exception], audited: list[str]) -> None:
    async def script(stage: Stage) -> None:
        with pytest.raises(kind):
            await stage.call(operation, **arguments)

    assert on_stage(script).outcomes == audited


def test_other_accounts_weaken_nothing() -> None:
    async def script(stage: Stage) -> None:
        with pytest.raises(Refused):
            await stage.call("guard.weaken", ANNA)
        await stage.call("guard.weaken", ROOT)

    stage = on_stage(script)
    assert [(event.uid, event.outcome) for event in stage.audited] == [(1001, "refused"), (0, "done")]


def test_the_licence_is_asked_first() -> None:
    async def script(stage: Stage) -> None:
        with pytest.raises(Unlicensed):
            await stage.call("guard.weaken", ANNA)

    on_stage(script, Nothing())


def test_what_cannot_work_here_can_only_be_looked_at() -> None:
    async def script(stage: Stage) -> None:
        stage.guard.why_not = Text("No kernel for it")
        await stage.call("guard.who")
        with pytest.raises(Unavailable, match="No kernel"):
            await stage.call("guard.count")
        stage.guard.unsupported = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        with pytest.raises(Unexpected):
            await stage.call("guard.count")

    on_stage(script)


def test_a_task_is_waited_for_or_goes_on_in_the_background() -> None:
    async def script(stage: Stage) -> None:
        assert (await stage.call("guard.count")).result == 3
        answer = await stage.call("guard.count", background=True)
        (job,) = stage.jobs.running()
        assert answer.result == {"job": job.id}
        await job.finished.wait()
        await stage.call("guard.who", background=True)  # an action answers at once, all the same

    assert on_stage(script).outcomes == ["done", "started"]


def test_a_task_ends_with_whoever_waits_for_it() -> None:
    async def script(stage: Stage) -> None:
        jobs: list[RunningJob] = []
        call = Call("guard.wait", {}, ROOT, started=jobs.append)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await stage.door.call(call)
        await jobs[0].finished.wait()

    assert on_stage(script).outcomes == ["cancelled"]


def test_a_cancelled_task_is_answered_as_such() -> None:
    async def script(stage: Stage) -> None:
        call = Call("guard.wait", {}, ROOT, started=lambda job: job.cancel())
        answer = await stage.door.call(call)
        assert answer.exit_code == 4

    assert on_stage(script).outcomes == ["cancelled"]
