"""Has examined what the threads cannot answer by themselves, and answers: in time, whatever the workers do."""

import asyncio
import fnmatch
import os
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from garrison.base.errors import Unavailable
from garrison.gate.contents import Reader
from garrison.gate.crew import Crew
from garrison.gate.later import Later
from garrison.gate.marks import Marks
from garrison.gate.questions import Known, Memory, Question, is_settled, stamp_of
from garrison.gate.rules import path_of
from garrison.gate.turns import Share, Turns
from garrison.linux.workers import Outcome, Submitted
from garrison.wire.guarding import Fact, Found, Gap, Late, Occasion, Plan, Unexamined

_MOST_OPEN = 3000  # questions at a time: each has a descriptor
_MOST_BATCH = 8
_BUSY_SECONDS = 0.02  # for which those that nobody waits for let others go before
_UNREADY_SECONDS = 1.5  # what anybody waits for workers that only start; two seconds would be too long
_GAP_SECONDS = 10.0  # between two facts about files that were passed over
_AGAIN_SECONDS = 1.0
_MOST_TOLD = 10_000
_STALE = -1
LATE, TOO_LARGE, TOO_BUSY, KILLED = "late", "too large", "too many at a time", "killed"


class _Job:
    """One file to examine. questions: all who asked about it since; the first one's descriptor is read."""

    __slots__ = ("generation", "questions", "stamp", "timers", "tries")

    def __init__(self, question: Question, generation: int) -> None:
        self.questions = [question]
        self.timers: list[asyncio.TimerHandle] = []
        self.stamp = stamp_of(question.found)
        self.generation = generation
        self.tries = 0


class Desk:
    """The gate's main thread. tell: takes facts. counts: as `Standing` has them."""

    def __init__(self, crew: Crew, marks: Marks, memory: Memory, tell: Callable[[Fact], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._crew = crew
        self._marks = marks
        self._memory = memory
        self._tell = tell
        self._plan: Plan | None = None
        self._generation = 0
        self._observes = True
        self._jobs: dict[tuple[int, int], _Job] = {}  # by device and inode; the last one of each file
        self._told: dict[tuple[object, ...], float] = {}
        self._open = Share(_MOST_OPEN)
        self._urgent: Turns[_Job] = Turns()
        self._later = Later()
        self._has_later = asyncio.Event()
        self._reader = Reader()
        self._work = asyncio.Semaphore(0)
        self._last_gap = float("-inf")
        self.counts = dict.fromkeys(("asked", "examined", "blocked", "late", "forgotten"), 0)

    def go_by(self, plan: Plan, observes: bool) -> None:
        """Judge by a plan from now on; what is under way by an older one is answered, and not remembered."""
        self._plan = plan
        self._observes = observes
        self._generation += 1
        self._memory.forget_all()

    def take(self, question: Question) -> None:
        """Take a question over from a thread."""
        self.counts["asked"] += 1
        if question.occasion is Occasion.CHANGE:
            job = self._jobs.get((question.found.st_dev, question.found.st_ino))
            if job is not None:
                job.generation = _STALE  # it may have read what was there before
            self._memory.forget(question.found)
            self._marks.ask_again(question.descriptor)
            self._put_off(question)
        elif self._joins(question):
            return
        elif (known := self._memory.recall(question.found)) is not None:
            self._conclude([question], known)
        else:
            if self._is_large(question):
                self._pass(question, TOO_LARGE)
            if question.is_answered:
                self._put_off(question)
            else:
                self._put_first(question)

    def _joins(self, question: Question) -> bool:
        """Return whether a question has been added to what is under way about the same file."""
        job = self._jobs.get((question.found.st_dev, question.found.st_ino))
        is_same = job is not None and job.generation == self._generation and job.stamp == stamp_of(question.found)
        if job is None or not is_same:
            return False
        if self._charge(question):
            job.questions.append(question)
            self._give_time(job, question)
        return True

    def _put_first(self, question: Question) -> None:
        """Have a file examined for which somebody waits."""
        if self._charge(question):
            job = self._begin(question)
            self._urgent.put(question.found.st_uid, job)
            self._work.release()
            self._give_time(job, question)

    def _charge(self, question: Question) -> bool:
        """Let a question in if its owner has room for it yet; else it passes unexamined."""
        question.is_counted = self._open.take(question.found.st_uid)
        if not question.is_counted:
            self._pass(question, TOO_BUSY)
            question.close()
        return question.is_counted

    def _begin(self, question: Question) -> _Job:
        found = question.found
        job = self._jobs[found.st_dev, found.st_ino] = _Job(question, self._generation)
        return job

    def take_change(self, question: Question) -> None:
        """Take over, in any thread, that a file has changed, once the caller has forgotten what was known of it."""
        if (question.found.st_dev, question.found.st_ino) in self._jobs:
            self._loop.call_soon_threadsafe(self.take, question)
            return
        if not self._later.put(question, time.monotonic()):
            self._loop.call_soon_threadsafe(self._drop)
        elif not self._has_later.is_set():
            self._loop.call_soon_threadsafe(self._has_later.set)

    def _put_off(self, question: Question) -> None:
        if self._later.put(question, self._loop.time()):
            self._has_later.set()
        else:
            self._drop()

    def _is_large(self, question: Question) -> bool:
        return self._plan is not None and question.found.st_size > self._plan.skip_over_bytes

    def _drop(self) -> None:
        """Say that there was no room for what nobody waits for: the kernel asks about it when it is opened next."""
        self.counts["forgotten"] += 1
        now = self._loop.time()
        if now - self._last_gap > _GAP_SECONDS and self._plan is not None:
            self._last_gap = now
            places = tuple(place.path for place in self._plan.places)
            self._tell(Gap(0.0, "More files changed at a time than could be examined.", places))

    def _give_time(self, job: _Job, question: Question) -> None:
        if question.is_answered:
            return
        seconds = self._plan.deadline_seconds if self._plan is not None else _UNREADY_SECONDS
        if not self._crew.is_ready:
            seconds = min(seconds, _UNREADY_SECONDS)
        job.timers.append(self._loop.call_later(seconds, self._pass, question, LATE))

    def _pass(self, question: Question, why: str) -> None:
        """Answer without a verdict, by the plan; a large file is let through in any case."""
        allows = why == TOO_LARGE or self._observes or self._plan is None or self._plan.late is Late.ALLOW
        if why == LATE and question.is_answered:
            return
        path, actor = path_of(question.descriptor), question.actor()
        is_blocked = question.answer(allows) and not allows
        self.counts["late"] += why == LATE
        self.counts["blocked"] += is_blocked
        self._tell(Unexamined(path, question.occasion, is_blocked, actor, why))

    async def work(self) -> None:
        """Examine, one batch after another, until cancelled. As many of these run as there are workers."""
        while True:
            await self._work.acquire()
            jobs = self._next_jobs()
            if jobs:
                await self._examine(jobs)

    def _next_jobs(self) -> list[_Job]:
        """Return jobs of one account, a few when there are many."""
        return self._urgent.take(min(_MOST_BATCH, 1 + len(self._urgent) // (2 * self._crew.size)))

    async def work_later(self) -> None:
        """Examine what nobody waits for, when nobody waits for anything else; until cancelled."""
        while True:
            await self._has_later.wait()
            self._has_later.clear()
            while len(self._later):
                await self._work_later_once()

    async def _work_later_once(self) -> None:
        now = self._loop.time()
        due_seconds = self._later.due_in(now)
        if due_seconds > 0 or (len(self._urgent) and not self._later.is_overdue(now)):
            await asyncio.sleep(max(due_seconds, _BUSY_SECONDS))
            return
        jobs = [self._begin(question) for question in self._later.take(now) if not self._is_done(question)]
        if jobs:
            await self._examine(jobs)
        began, now = now, self._loop.time()
        await asyncio.sleep(
            now - began if self._later.is_overdue(now) else 0
        )  # half of the time, while writing goes on

    def _is_done(self, question: Question) -> bool:
        """Return whether a file needs no more examining: it has been meanwhile, or is the copy of one that has been."""
        if self._joins(question):
            return True
        known = self._memory.recall(question.found) or self._as_copy(question)
        if known is not None:
            self._conclude([question], known)
        return known is not None

    def _as_copy(self, question: Question) -> Known | None:
        name = os.path.basename(path_of(question.descriptor))
        content = self._reader.read(question.descriptor, question.found.st_size, name)
        if content is None or not self._memory.contents.has(content.key):
            return None
        known = Known(stamp_of(question.found))
        self._keep(question, known)
        return known

    async def _examine(self, jobs: list[_Job]) -> None:
        first = [job.questions[0] for job in jobs]
        objects = [Submitted(question.descriptor, os.path.basename(path_of(question.descriptor))) for question in first]
        left = set(range(len(jobs)))
        try:
            async with aclosing(self._crew.examine(objects, first[0].found.st_uid)) as outcomes:
                async for outcome in outcomes:
                    left.discard(outcome.index)
                    self._learn(jobs[outcome.index], outcome)
        except Unavailable as error:
            for index in left:
                self._fail(jobs[index], error.text)

    def _learn(self, job: _Job, outcome: Outcome) -> None:
        """Take up what a worker said."""
        self.counts["examined"] += 1
        if outcome.failure == KILLED and not job.tries:
            job.tries += 1
            self._urgent.put(job.questions[0].found.st_uid, job)
            self._work.release()
            return
        if outcome.failure:
            self._fail(job, outcome.failure)
            return
        question = job.questions[0]
        found = os.fstat(question.descriptor)
        untrusted = self._what_counts(outcome.untrusted_verdict)
        known = Known(stamp_of(found), untrusted)
        if known.stamp == stamp_of(question.found) and job.generation == self._generation:
            self._keep(question, known)
        self._end(job)
        self._conclude(job.questions, known)

    def _keep(self, question: Question, known: Known) -> None:
        """Remember what came of a file, unless it may change yet without its showing."""
        is_clean = not known.untrusted_verdict
        if is_clean and not is_settled(known.stamp, time.clock_gettime_ns(time.CLOCK_REALTIME)):
            return
        self._memory.learn(question.found, known)
        if is_clean:
            self._let_pass(question, known)

    def _let_pass(self, question: Question, known: Known) -> None:
        """Have the kernel ask no more, unless the file changed meanwhile."""
        self._marks.ignore(question.descriptor)
        if stamp_of(os.fstat(question.descriptor)) != known.stamp:
            self._marks.ask_again(question.descriptor)
            self._memory.forget(question.found)

    def _fail(self, job: _Job, why: str) -> None:
        question = job.questions[0]
        known = Known(stamp_of(question.found), None, why)
        if job.generation == self._generation and why in {"crashed", "timeout", "memory"}:
            self._memory.learn(question.found, known)
        self._end(job)
        self._conclude(job.questions, known)

    def _end(self, job: _Job) -> None:
        for timer in job.timers:
            timer.cancel()
        found = job.questions[0].found
        if self._jobs.get((found.st_dev, found.st_ino)) is job:
            del self._jobs[found.st_dev, found.st_ino]

    def _conclude(self, questions: list[Question], known: Known) -> None:
        """Answer all who asked about a file, and part with it."""
        for question in questions:
            if known.failure:
                self._pass(question, known.failure)
            elif known.untrusted_verdict:
                self._refuse(question, known)
            else:
                question.answer(is_allowed=True)
        for question in questions:
            question.close()
            if question.is_counted:
                self._open.give_back(question.found.st_uid)

    def _refuse(self, question: Question, known: Known) -> None:
        found, stamp = question.found, known.stamp
        is_new = self._is_news((found.st_dev, found.st_ino, stamp, question.asker, question.occasion))
        path, actor = (path_of(question.descriptor), question.actor()) if is_new else ("", None)
        is_blocked = not self._observes and question.answer(is_allowed=False)
        question.answer(is_allowed=True)
        self.counts["blocked"] += is_blocked
        if actor is None:
            return
        self._tell(
            Found(
                path, question.occasion, is_blocked, actor, found.st_dev, found.st_ino, *stamp,
                untrusted_verdict=known.untrusted_verdict or {},
            )
        )  # fmt: skip

    def _is_news(self, what: tuple[object, ...]) -> bool:
        """Return whether something was not told within the last second: a program may try again and again."""
        now = self._loop.time()
        if len(self._told) > _MOST_TOLD:
            self._told.clear()
        is_new = now - self._told.get(what, float("-inf")) > _AGAIN_SECONDS
        if is_new:
            self._told[what] = now
        return is_new

    def _what_counts(self, untrusted_verdict: Any) -> dict[str, Any] | None:
        """Return a verdict in which something was found that is not excluded; None otherwise."""
        untrusted_findings = untrusted_verdict.get("findings") if isinstance(untrusted_verdict, dict) else None
        if not untrusted_findings or self._plan is None:
            return None
        if untrusted_verdict.get("sha256") in self._plan.hashes:
            return None
        names = self._plan.names
        if (
            names
            and isinstance(untrusted_findings, list)
            and all(_is_named(each, names) for each in untrusted_findings)
        ):
            return None
        return dict(untrusted_verdict)


def _is_named(untrusted_finding: Any, masks: tuple[str, ...]) -> bool:
    name = untrusted_finding[0] if isinstance(untrusted_finding, list) and untrusted_finding else None
    return isinstance(name, str) and any(fnmatch.fnmatchcase(name, mask) for mask in masks)
