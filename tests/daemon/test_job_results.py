"""What is told of one task."""

import asyncio

from garrison.base.errors import Failed
from garrison.daemon.job_results import shown
from garrison.daemon.jobs import Answer, Jobs, RunningJob, State
from garrison.sdk import Text
from tests.daemon.parts import ROOT, clock


async def _good(job: RunningJob) -> dict[str, int]:
    job.progress(1, 2, "half of it")
    return {"files": 3}


async def _bad(_: RunningJob) -> None:
    raise Failed("It broke.", "Mend it.")


def test_a_task_tells_how_far_it_is_and_what_came_of_it() -> None:
    async def script() -> None:
        async with asyncio.TaskGroup() as group:
            jobs = Jobs(group, clock())
            job = jobs.start("x.y", "Do it", ROOT, _good, lambda _: None)
            assert [str(text) for text in shown(job).sentences()] == ["Do it is under way."]
            await job.finished.wait()
            told = shown(job)
            assert (told.state, told.result, told.done, told.total, told.exit) == (State.DONE, {"files": 3}, 1, 2, 0)
            job.outcome = Answer(None, (Text("{n} files", n=3),), 101)
            assert [str(text) for text in shown(job).sentences()] == ["3 files"]
            assert shown(job).exit_code() == 101
            failed = jobs.start("x.y", "Do it", ROOT, _bad, lambda _: None)
            await failed.finished.wait()
            assert (shown(failed).lines, shown(failed).exit) == (["It broke.", "Mend it."], 3)

    asyncio.run(script())
