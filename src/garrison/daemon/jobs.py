"""Jobs: tasks under way, and those that ended lately."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from garrison.base.clock import Clock
from garrison.base.errors import EXIT_CANCELLED, GarrisonError, NotFound, Unavailable
from garrison.daemon.isolation import outcome_of
from garrison.sdk import Caller, Frozen, Result, Text
from garrison.sdk.plain import to_plain

_KEEP = 100
_EVERY_SECONDS = 0.1
# Each scan holds some hundreds of descriptors; the owner's must go on whatever others ask for.
_MOST = 32
_MOST_OF_OTHERS = 12  # of all accounts together that do not own the suite
_MOST_OF_ACCOUNT = 4  # of one of them


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answers. result: plain. says: texts for people. exit_code: what a shell learns."""

    result: Any
    says: tuple[Text, ...] = ()
    exit_code: int = 0

    @classmethod
    def of(cls, value: Any) -> "Answer":
        """Return the answer for what an operation gave back."""
        if isinstance(value, Result):
            return cls(to_plain(value), tuple(value.sentences()), value.exit_code())
        return cls(to_plain(value))


CANCELLED = Answer(None, (Text("Cancelled."),), EXIT_CANCELLED)


async def answer_of(awaitable: Awaitable[Any]) -> Answer:
    """Return the answer for what an operation will give back."""
    return Answer.of(await awaitable)


class State(StrEnum):
    """Where a job is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Progress:
    """How far a job is."""

    done: int = 0
    total: int | None = None
    text: str = ""


@dataclass(eq=False, slots=True)
class RunningJob:
    """One task. It is what the task sees as sdk.Job."""

    id: int
    operation: str
    title: str
    caller: Caller
    started: str
    clock: Clock
    on_progress: Callable[[Progress], None]
    state: State = State.RUNNING
    by_itself: bool = False
    suite_ends: bool = False
    now: Progress = field(default_factory=Progress)
    ended: str = ""
    outcome: Answer | GarrisonError | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    _told: float = float("-inf")  # the first is told at once

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """Say how far it is; listeners hear of it ten times a second at most."""
        self.now = Progress(done, total, text)
        passed = self.clock.monotonic()
        if passed - self._told >= _EVERY_SECONDS:
            self._told = passed
            self.on_progress(self.now)

    def cancel(self) -> None:
        """End it, also one that has not begun yet."""
        if self.task is not None:
            self.task.cancel()


class JobRow(Frozen):
    """A job, for people. Times in ISO 8601."""

    id: int
    operation: str
    title: str
    state: State
    done: int
    total: int | None
    started: str
    ended: str

    @classmethod
    def of(cls, job: RunningJob, **more: Any) -> Self:
        """Return what is told of a job. more: the fields of a kind that tells more."""
        return cls(
            id=job.id,
            operation=job.operation,
            title=job.title,
            state=job.state,
            done=job.now.done,
            total=job.now.total,
            started=job.started,
            ended=job.ended,
            **more,
        )


class Jobs:
    """Starts, lists and cancels jobs."""

    def __init__(self, group: asyncio.TaskGroup, clock: Clock) -> None:
        self._group = group
        self._clock = clock
        self._jobs: deque[RunningJob] = deque()
        self._last = 0
        self.on_idle: Callable[[], None] = lambda: None

    def start(
        self,
        operation: str,
        title: str,
        caller: Caller,
        work: Callable[[RunningJob], Awaitable[Any]],
        on_progress: Callable[[Progress], None],
    ) -> RunningJob:
        """Start a task and return its job at once. Raises Unavailable when too many are under way."""
        self._check_room(caller)
        self._last += 1
        started = self._clock.now().isoformat(timespec="seconds")
        job = RunningJob(self._last, operation, title, caller, started, self._clock, on_progress)
        self._jobs.append(job)
        job.task = self._group.create_task(self._run(job, work), name=operation)
        job.task.add_done_callback(lambda _: self._end(job))
        return job

    def _check_room(self, caller: Caller) -> None:
        running = self.running()
        others = [job.caller.uid for job in running if not job.caller.is_owner]
        if not caller.is_owner and others.count(caller.uid) >= _MOST_OF_ACCOUNT:
            raise Unavailable(
                "You have {most_of_account} tasks under way already, which is as many as one account may.",
                "Wait for one to end, or end one: garrison jobs shows them, garrison jobs cancel NUMBER ends one.",
                most_of_account=_MOST_OF_ACCOUNT,
            )
        if len(running) >= _MOST or (not caller.is_owner and len(others) >= _MOST_OF_OTHERS):
            raise Unavailable(
                "Garrison has {running} tasks under way already.",
                "Wait for some to end and try again; garrison jobs shows yours.",
                running=len(running),
            )

    @staticmethod
    async def _run(job: RunningJob, work: Callable[[RunningJob], Awaitable[Any]]) -> None:
        job.outcome = await outcome_of(answer_of(work(job)), f"job {job.id}, {job.operation}")

    def _end(self, job: RunningJob) -> None:
        """Note how a task ended. A callback, since one that is cancelled before its first step runs no code at all."""
        if job.outcome is None:
            job.state, job.outcome = State.CANCELLED, CANCELLED
        else:
            job.state = State.FAILED if isinstance(job.outcome, GarrisonError) else State.DONE
        job.ended = self._clock.now().isoformat(timespec="seconds")
        job.finished.set()
        self._forget_old()
        if not self.running():
            self.on_idle()

    async def end_all(self, patience_seconds: float) -> None:
        """Cancel what is under way and wait a little for it to end."""
        running = self.running()
        for job in running:
            job.suite_ends = True
            job.cancel()
        tasks = [job.task for job in running if job.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_seconds)

    def _forget_old(self) -> None:
        ended = [job for job in self._jobs if job.finished.is_set()]
        for job in ended[: max(0, len(ended) - _KEEP)]:
            self._jobs.remove(job)

    def running(self) -> list[RunningJob]:
        """Return the jobs under way."""
        return [job for job in self._jobs if not job.finished.is_set()]

    def rows(self, caller: Caller) -> list[JobRow]:
        """Return the jobs that a caller may see, newest first."""
        return [JobRow.of(job) for job in reversed(self._jobs) if caller.sees(job.caller.uid)]

    def find(self, caller: Caller, number: int) -> RunningJob:
        """Return a job. Raises NotFound."""
        for job in self._jobs:
            if job.id == number and caller.sees(job.caller.uid):
                return job
        raise NotFound("There is no job {number}.", "garrison jobs shows them.", number=number)
