"""The pool of sandboxed workers: descriptors in, untrusted verdicts out.

Whatever happens to a worker happens to one object: the object is reported as the one that crashed it, hung it or ate
its memory, the rest of its batch goes to a fresh worker, and nothing is lost or told twice.

A worker serves one account only, so that what took it over with one person's file sees nothing of another's. The seats
at the workers are shared by `garrison.linux.seats`.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from garrison.base.errors import Unavailable
from garrison.base.paths import own_program
from garrison.base.text import printable
from garrison.linux.forkserver import ForkServer, Killed, OutOfTime, ServerGone, Worker, WorkerGone
from garrison.linux.priority import session_gives_way
from garrison.linux.seats import Seat, Seats
from garrison.wire.examination import EVERYTHING, MOST_NAME, MOST_OBJECTS, UNPREPARED, Batch, Nonsense, Setup

PROGRAM = "garrison.worker"
_MOST_TRIES = 5  # rounds in a row without one answer, each lost with its fork server
_WORN_OBJECTS = 50  # after which a worker holds much that a fresh one does not
_SPARE_SECONDS = 60.0  # after which a spare worker goes that nobody has needed
_PATIENCE = 6.0  # times as long for those that give way
_RENEW_SECONDS = 1.0  # for a worker to come to the end of its object


@dataclass(frozen=True, slots=True)
class Submitted:
    """One object to examine. descriptor: open for reading only; the caller keeps and closes it."""

    descriptor: int
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object.

    index: which of the submitted objects. untrusted_verdict: what the worker said, plain data, None on failure.
    failure: "" or one of

    - "crashed": the worker died of it (a signal, an exit of its own), failed over it, or sent nonsense;
    - "timeout": it took longer than it may;
    - "memory": the worker's memory did not suffice;
    - "killed": something else ended the worker with SIGKILL (the kernel when the computer ran out of memory, or the
      administrator). This says nothing about the object, which is not examined.

    detail: a few words, such as "killed by SIGSEGV".
    """

    index: int
    untrusted_verdict: Any
    failure: str
    detail: str


@dataclass(frozen=True, slots=True)
class Tuning:
    """What only tests and measurements change.

    grace_seconds: for a worker to notice that an object's time is over, and to say so. objects_per_worker: then it is
    replaced. slice_seconds: how long a call keeps its seat while others wait, though always for one object.
    program: the command of the fork server, () for the product's own.
    """

    grace_seconds: float = 5.0
    objects_per_worker: int = 5_000
    program: tuple[str, ...] = ()
    slice_seconds: float = 1.0


DEFAULTS = Tuning()


class WorkerPool:
    """Up to `size` workers of one fork server, as an async context manager.

    limits: the fields of `garrison.engine.budget.Limits`. seconds: what one object may take. memory_mib: what a worker
    may use beyond the shared databases. gives_way: whether the workers are to hold up nobody.
    spare: idle workers kept for accounts that come again, beyond the `size` that work: to fork one takes much longer
    than to ask one, and an idle one holds some MiB.
    """

    def __init__(  # noqa: PLR0913 # what workers are given
        self,
        databases: Path,
        *,
        size: int,
        limits: Mapping[str, int],
        seconds: float = 30.0,
        memory_mib: int = 1536,
        heuristics: str = "medium",
        gives_way: bool = False,
        spare: int = 0,
        tuning: Tuning = DEFAULTS,
    ) -> None:
        self._databases = databases
        self._limits = dict(limits)
        self._seconds = seconds
        self._patience_seconds = seconds + tuning.grace_seconds
        self._memory_mib = memory_mib
        self._heuristics = heuristics
        self._gives_way = gives_way
        self._objects_per_worker = tuning.objects_per_worker
        self._program = list(tuning.program or own_program(PROGRAM))
        self._size = size
        self._spare = spare
        self._seats = Seats(size, {0, os.geteuid()}, tuning.slice_seconds)
        self._change = asyncio.Lock()
        self._switching = asyncio.Lock()  # held for long, and by no call: those go on meanwhile
        self._server: ForkServer | None = None
        self._servers: set[ForkServer] = set()
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []
        self._is_closed = False

    @property
    def databases(self) -> Path:
        """The set that calls get which begin now."""
        return self._databases

    async def __aenter__(self) -> Self:
        """Start the fork server. Raises Unavailable when it cannot open the databases."""
        try:
            await self.current_server()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers; calls still under way raise Unavailable."""
        self._is_closed = True
        self._dismiss_idle()
        for server in tuple(self._servers):
            await server.ended()

    async def examine(self, objects: Sequence[Submitted], account: int = 0) -> AsyncGenerator[Outcome, None]:
        """Yield what became of each object, in order; one worker at a time does them, others serve other calls.

        account: the uid they are examined for. Accounts take turns; root and our own are never kept waiting for others.

        Leave the iteration early only through `contextlib.aclosing`, which gives the worker's seat back at once.
        Raises Unavailable when no worker can be had, ValueError for a descriptor that could be written to.
        """
        for submitted in objects:
            _check(submitted.descriptor)
        done = tries = 0
        while done < len(objects):
            tries += 1
            async with (
                self._seats.seat(account) as seat,
                contextlib.aclosing(self._round(objects, done, seat)) as outcomes,
            ):
                async for outcome in outcomes:
                    done, tries = outcome.index + 1, 0
                    yield outcome
            if tries >= _MOST_TRIES:
                raise Unavailable("The scanner keeps ending.", "Is the computer out of memory?")

    async def use_databases(self, folder: Path) -> None:
        """Examine with another set once its workers are ready; what is under way finishes with the old one.

        Nobody waits for it meanwhile. Raises Unavailable when the new set cannot be used; the old one then stays.
        """
        async with self._switching:
            await self._renew()  # the memory of two sets is needed for a while
            fresh = await self._start_server(folder)
            ready: list[Worker] = []
            try:
                await self._start_ready(fresh, ready)
                async with self._change:
                    self._take_over(fresh, ready, folder)
            except BaseException as error:
                for worker in ready:
                    worker.dismiss()
                fresh.close()
                if isinstance(error, ServerGone):
                    raise Unavailable("The scanner ended while it changed its databases.") from None
                raise

    async def renew(self) -> None:
        """Replace workers that have served for long by fresh ones, which hold less memory, one after the other.

        Nobody waits for it. What does not come to an end soon is left as it is, and so is all when none can be started.
        """
        async with self._switching:
            await self._renew()

    async def _renew(self) -> None:
        with contextlib.suppress(ServerGone, Unavailable):
            for worker in (*self._idle, *self._busy):
                await self._replace(worker)

    async def _replace(self, worker: Worker) -> None:
        server = self._server
        if worker.served < _WORN_OBJECTS or worker.is_dismissed or server is None or worker.server is not server:
            return
        fresh = await server.start_worker(worker.account)
        if server is not self._server or self._is_closed:
            fresh.dismiss()
            return
        self._idle.append(fresh)
        worker.is_worn = True
        if worker in self._idle:
            self._idle.remove(worker)
            worker.dismiss()
        await asyncio.wait([worker.end], timeout=_RENEW_SECONDS)

    async def _start_ready(self, fresh: ForkServer, ready: list[Worker]) -> None:
        """Start a worker of a server that is not yet in use for each that there is. Raises ServerGone, Unavailable."""
        accounts = [worker.account for worker in (*self._busy, *reversed(self._idle)) if not worker.is_dismissed]
        if self._server is not None and self._server.untrusted_needs:
            fresh.untrusted_needs = self._server.untrusted_needs  # a guess: in the new set it may be more, or less
            accounts = accounts or [os.geteuid()]  # the first one makes it ready, so that no call waits for that
        for account in accounts[: self._size]:
            ready.append(await fresh.start_worker(account))  # noqa: PERF401 # those before one that fails are dismissed

    def _take_over(self, fresh: ForkServer, ready: Sequence[Worker], folder: Path) -> None:
        if self._is_closed or not fresh.is_alive:
            raise ServerGone
        self._databases = folder
        self._adopt(fresh)
        self._idle += ready

    async def _round(self, objects: Sequence[Submitted], first: int, seat: Seat) -> AsyncGenerator[Outcome, None]:
        """Yield outcomes from one worker, until a batch is done, the worker is not fit to go on, or others are next."""
        batch = objects[first : first + MOST_OBJECTS]
        with contextlib.suppress(ServerGone, WorkerGone):  # no object's fault, if it happens out here: try again
            worker = await self._hire(seat.account)
            is_fit = False
            try:
                names = Batch(tuple(submitted.name[:MOST_NAME] for submitted in batch))
                descriptors = [submitted.descriptor for submitted in batch]
                await worker.submit(names, descriptors, self._patience_seconds)
                for offset in range(len(batch)):
                    is_fit = False
                    outcome, is_fit = await self._outcome(worker, offset, first + offset)
                    is_last = offset == len(batch) - 1
                    is_fit, goes_on = is_fit and is_last, is_fit
                    seat.leave(worker.dismiss)
                    yield outcome
                    seat.come_back()
                    if not goes_on or seat.is_lost or (seat.is_over() and not worker.has_answered()):
                        break
            finally:
                self._release(worker, is_fit)

    async def _outcome(self, worker: Worker, asked: int, index: int) -> tuple[Outcome, bool]:
        """Return what became of one object, and whether its worker may go on.

        Raises WorkerGone when it needs a worker that is better prepared: the next ones have what it asked for, and
        everything when that did not suffice.
        """
        try:
            answer = await worker.answer(asked, self._patience_seconds)
        except TimeoutError:
            return Outcome(index, None, "timeout", f"no answer within {self._patience_seconds:g} seconds"), False
        except Nonsense as error:
            return Outcome(index, None, "crashed", f"sent {error}"), False
        except WorkerGone:
            return await _how_ended(worker, index), False
        if answer.failure == UNPREPARED:
            if worker.untrusted_needs == EVERYTHING:
                return Outcome(index, None, "crashed", "asked for more than there is"), False
            server = worker.server
            if worker.untrusted_needs == server.untrusted_needs:  # else it is an older one, and a fresh one may do
                is_again = bool(worker.untrusted_needs) and worker.served == 1  # what it has was for this very object
                server.need(EVERYTHING if is_again else answer.detail)
            raise WorkerGone
        outcome = Outcome(index, answer.untrusted_verdict, answer.failure, printable(answer.detail))
        return outcome, not (answer.tired or worker.is_worn or worker.served >= self._objects_per_worker)

    async def _hire(self, account: int) -> Worker:
        server = await self.current_server()
        server.users += 1
        try:
            worker = self._take_idle(server, account) or await server.start_worker(account)
        except BaseException:
            self._leave(server)
            raise
        self._busy.append(worker)
        return worker

    def _take_idle(self, server: ForkServer, account: int) -> Worker | None:
        """Return an idle worker of an account; without one, make room for a fresh one."""
        for worker in [each for each in self._idle if each.server is not server or each.end.done()]:
            self._idle.remove(worker)
            worker.dismiss()
        for worker in reversed(self._idle):
            if worker.account == account:
                self._idle.remove(worker)
                return worker
        self._dismiss_spare()
        return None

    def _dismiss_spare(self) -> None:
        """Part with idle workers that there is no room for, or that nobody has needed for long: the oldest first."""
        long_ago = asyncio.get_running_loop().time() - _SPARE_SECONDS
        while (excess := len(self._idle) + self._seats.taken - self._size) > 0 and self._idle:
            if excess <= self._spare and self._idle[0].idle_since > long_ago:
                return
            self._idle.pop(0).dismiss()

    def _release(self, worker: Worker, is_fit: bool) -> None:
        self._busy.remove(worker)
        if is_fit and not worker.is_dismissed and worker.server is self._server and not self._is_closed:
            worker.idle_since = asyncio.get_running_loop().time()
            self._idle.append(worker)
        else:
            worker.dismiss()
        self._leave(worker.server)

    def _leave(self, server: ForkServer) -> None:
        server.users -= 1
        if server is not self._server and not server.users:
            server.close()

    async def current_server(self) -> ForkServer:
        """Return the fork server of the databases in use, for who wants workers of its own. Raises Unavailable."""
        async with self._change:
            if self._server is None or not self._server.is_alive:
                self._adopt(await self._start_server(self._databases))
            assert self._server is not None
            return self._server

    async def _start_server(self, databases: Path) -> ForkServer:
        if self._is_closed:
            raise Unavailable("The scanner is ending.")
        server = ForkServer(
            self._program, Setup(str(databases), self._limits, self._seconds, self._memory_mib, self._heuristics)
        )
        self._servers.add(server)
        server.gone.add_done_callback(lambda _: self._servers.discard(server))
        try:
            await server.ready()
            if self._gives_way:
                session_gives_way(server.process)
                server.patience = _PATIENCE
        except BaseException:
            server.close()
            raise
        return server

    def _adopt(self, fresh: ForkServer) -> None:
        old, self._server = self._server, fresh
        self._dismiss_idle()
        if old is not None and not old.users:
            old.close()

    def _dismiss_idle(self) -> None:
        while self._idle:
            self._idle.pop().dismiss()


async def _how_ended(worker: Worker, index: int) -> Outcome:
    """Return what is told of the object under which a worker ended. Raises ServerGone."""
    try:
        return Outcome(index, None, "crashed", await worker.how_ended())
    except Killed:
        return Outcome(index, None, "killed", "ended from outside")
    except OutOfTime:
        return Outcome(index, None, "timeout", "used up its processor time")


def _check(descriptor: int) -> None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    if flags & os.O_ACCMODE != os.O_RDONLY:
        raise ValueError("a worker gets descriptors for reading only")
