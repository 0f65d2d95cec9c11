import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest

from garrison.base.errors import Failed, NotFound, Unavailable, Unexpected
from garrison.daemon.jobs import Answer, Jobs, Progress, RunningJob, State
from garrison.sdk import Caller, Result
from tests.daemon.parts import ANNA, BERND, ROOT, clock


class Said(Result):
    says: ClassVar[str] = "{what}"
    what: str

    def exit_code(self) -> int:
        return 7


class Broken(Result):
    def exit_code(self) -> int:
        raise KeyError("x")


def with_jobs(script: Callable[[Jobs], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with asyncio.TaskGroup() as group:
            return await script(Jobs(group, clock()))

    return asyncio.run(run())


def started(jobs: Jobs, work: Callable[[RunningJob], Awaitable[Any]]) -> RunningJob:
    return jobs.start("scan.files", "Scan", ANNA, work, lambda _: None)


async def forever(_: RunningJob) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("outcome", "state", "code"),
    [
        (Said(what="x"), State.DONE, 7),
        (None, State.DONE, 0),
        (Failed("No."), State.FAILED, 3),
        (KeyError("x"), State.FAILED, 2),
        (Broken(), State.FAILED, 2),
    ],
)
def test_how_a_job_ends(outcome: Any, state: State, code: int) -> None:
    async def work(_: RunningJob) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def script(jobs: Jobs) -> RunningJob:
        job = started(jobs, work)
        await job.finished.wait()
        return job

    job = with_jobs(script)
    assert (job.state, job.outcome.exit_code) == (state, code)
    assert job.ended


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_job_can_be_cancelled_at_any_moment_also_before_it_began(steps: int) -> None:
    idle: list[int] = []

    async def script(jobs: Jobs) -> RunningJob:
        jobs.on_idle = lambda: idle.append(1)
        job = started(jobs, forever)
        for _ in range(steps):
            await asyncio.sleep(0)
        job.cancel()
        await job.finished.wait()
        assert jobs.running() == []
        return job

    job = with_jobs(script)
    assert (job.state, job.outcome.exit_code, idle) == (State.CANCELLED, 4, [1])


def test_tasks_have_bounds_and_the_owner_has_places_of_his_own() -> None:
    async def script(jobs: Jobs) -> None:
        def begin(uid: int, count: int) -> None:
            for _ in range(count):
                jobs.start("scan.files", "Scan", Caller(uid, uid), forever, lambda _: None)

        begin(1001, 4)
        with pytest.raises(Unavailable, match="as many as one account may") as refused:
            begin(1001, 1)
        assert "garrison jobs cancel" in refused.value.hint
        begin(1002, 4)
        begin(1003, 4)
        with pytest.raises(Unavailable, match="12 tasks under way"):
            begin(1004, 1)
        begin(0, 20)
        with pytest.raises(Unavailable, match="32 tasks under way"):
            begin(0, 1)
        ended = jobs.running()[0]
        ended.cancel()
        await ended.finished.wait()
        begin(1004, 1)  # a place is free again
        await jobs.end_all(1)

    with_jobs(script)


def test_all_end_with_the_suite_and_a_stubborn_one_is_not_waited_for() -> None:
    async def stubborn(_: RunningJob) -> None:
        for _number in range(2):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    async def script(jobs: Jobs) -> list[State]:
        all_jobs = [started(jobs, forever), started(jobs, stubborn)]
        await asyncio.sleep(0)
        await jobs.end_all(0.05)
        await asyncio.sleep(0)
        states = [job.state for job in all_jobs]
        await jobs.end_all(1)
        return states

    assert with_jobs(script) == [State.CANCELLED, State.RUNNING]


def test_people_see_and_cancel_their_own() -> None:
    async def script(jobs: Jobs) -> None:
        job = started(jobs, forever)
        assert [row.id for row in jobs.rows(ANNA)] == [row.id for row in jobs.rows(ROOT)] == [job.id]
        assert jobs.rows(BERND) == []
        assert jobs.find(ANNA, job.id) is jobs.find(ROOT, job.id) is job
        for caller, number in ((BERND, job.id), (ROOT, 99), (ROOT, -1)):
            with pytest.raises(NotFound):
                jobs.find(caller, number)
        job.cancel()

    with_jobs(script)


def test_progress_is_told_ten_times_a_second_at_most() -> None:
    told: list[Progress] = []

    async def work(job: RunningJob) -> None:
        for number in range(1000):
            job.progress(number, 1000, "/\udcff")

    async def script(jobs: Jobs) -> RunningJob:
        job = jobs.start("scan.files", "Scan", ANNA, work, told.append)
        await job.finished.wait()
        return job

    job = with_jobs(script)
    assert len(told) <= 1  # the clock stands still
    assert job.now == Progress(999, 1000, "/\udcff")


def test_old_jobs_are_forgotten() -> None:
    async def script(jobs: Jobs) -> int:
        for _ in range(150):
            await started(jobs, lambda _: asyncio.sleep(0)).finished.wait()
        return len(jobs.rows(ROOT))

    assert with_jobs(script) == 100


def test_a_defect_in_an_answer_is_the_jobs_own() -> None:
    with pytest.raises(KeyError):
        Answer.of(Broken())
    assert Unexpected.exit_code == 2
