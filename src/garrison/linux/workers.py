"""The pool of sandboxed workers: descriptors in, untrusted verdicts out.

Whatever happens to a worker happens to one object: the object is reported as the one that crashed it, hung it or ate
its memory, the rest of its batch goes to a fresh worker, and nothing is lost or examined twice.
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
from garrison.linux.forkserver import ForkServer, ServerGone, Worker, WorkerGone
from garrison.wire.examination import MOST_OBJECTS, Batch, Nonsense, Setup

PROGRAM = "garrison.worker"
_MOST_TRIES = 5  # rounds in a row without one answer, each lost with its fork server


@dataclass(frozen=True, slots=True)
class Submitted:
    """One object to examine. descriptor: open for reading only; the caller keeps and closes it."""

    descriptor: int
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object.

    index: which of the submitted objects. untrusted_verdict: what the worker said, plain data, None on failure.
    failure: "", "crashed", "timeout" or "memory". detail: a few words, such as "killed by SIGSEGV".
    """

    index: int
    untrusted_verdict: Any
    failure: str
    detail: str


@dataclass(frozen=True, slots=True)
class Tuning:
    """What only tests and measurements change.

    grace_seconds: for a worker to notice that an object's time is over, and to say so. objects_per_worker: then it is
    replaced. program: the command of the fork server, () for the product's own.
    """

    grace_seconds: float = 5.0
    objects_per_worker: int = 5_000
    program: tuple[str, ...] = ()


DEFAULTS = Tuning()


class WorkerPool:
    """Up to `size` workers of one fork server, as an async context manager.

    limits: the fields of `garrison.engine.budget.Limits`. seconds: what one object may take. memory_mib: what a worker
    may use beyond the shared databases.
    """

    def __init__(
        self,
        databases: Path,
        *,
        size: int,
        limits: Mapping[str, int],
        seconds: float = 30.0,
        memory_mib: int = 1536,
        tuning: Tuning = DEFAULTS,
    ) -> None:
        self._databases = databases
        self._limits = dict(limits)
        self._seconds = seconds
        self._patience_seconds = seconds + tuning.grace_seconds
        self._memory_mib = memory_mib
        self._objects_per_worker = tuning.objects_per_worker
        self._program = list(tuning.program or own_program(PROGRAM))
        self._seats = asyncio.Semaphore(size)
        self._change = asyncio.Lock()
        self._server: ForkServer | None = None
        self._servers: set[ForkServer] = set()
        self._idle: list[Worker] = []
        self._is_closed = False

    async def __aenter__(self) -> Self:
        """Start the fork server. Raises Unavailable when it cannot open the databases."""
        try:
            await self._current_server()
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

        account: the uid they are examined for; no worker serves two.

        Leave the iteration early only through `contextlib.aclosing`, which gives the worker's seat back at once.
        Raises Unavailable when no worker can be had, ValueError for a descriptor that could be written to.
        """
        for submitted in objects:
            _check(submitted.descriptor)
        done = tries = 0
        async with self._seats:
            while done < len(objects):
                tries += 1
                async with contextlib.aclosing(self._round(objects, done, account)) as outcomes:
                    async for outcome in outcomes:
                        done, tries = outcome.index + 1, 0
                        yield outcome
                if tries >= _MOST_TRIES:
                    raise Unavailable("The scanner keeps ending.", "Is the computer out of memory?")

    async def use_databases(self, folder: Path) -> None:
        """Examine with another set from now on; calls under way finish on the old one.

        Raises Unavailable when the new set cannot be used; the old one then stays.
        """
        async with self._change:
            fresh = await self._start_server(folder)
            self._databases = folder
            self._adopt(fresh)

    async def _round(self, objects: Sequence[Submitted], first: int, account: int) -> AsyncGenerator[Outcome, None]:
        """Yield outcomes from one worker, until a batch is done or the worker is no longer fit to go on."""
        batch = objects[first : first + MOST_OBJECTS]
        with contextlib.suppress(ServerGone, WorkerGone):  # no object's fault, if it happens out here: try again
            worker = await self._hire(account)
            is_fit = False
            try:
                names = Batch(tuple(submitted.name for submitted in batch))
                descriptors = [submitted.descriptor for submitted in batch]
                await worker.submit(names, descriptors, self._patience_seconds)
                for offset in range(len(batch)):
                    is_fit = False
                    outcome, is_fit = await self._outcome(worker, offset, first + offset)
                    is_last = offset == len(batch) - 1
                    is_fit, goes_on = is_fit and is_last, is_fit
                    yield outcome
                    if not goes_on:
                        break
            finally:
                self._release(worker, is_fit)

    async def _outcome(self, worker: Worker, asked: int, index: int) -> tuple[Outcome, bool]:
        """Return what became of one object, and whether its worker may go on."""
        try:
            answer = await worker.answer(asked, self._patience_seconds)
        except TimeoutError:
            return Outcome(index, None, "timeout", f"no answer within {self._patience_seconds:g} seconds"), False
        except Nonsense as error:
            return Outcome(index, None, "crashed", f"sent {error}"), False
        except WorkerGone:
            return Outcome(index, None, "crashed", await worker.how_ended()), False
        outcome = Outcome(index, answer.untrusted_verdict, answer.failure, printable(answer.detail))
        return outcome, not answer.tired and worker.served < self._objects_per_worker

    async def _hire(self, account: int) -> Worker:
        server = await self._current_server()
        while self._idle:
            worker = self._idle.pop()
            if worker.server is server and worker.account == account and not worker.end.done():
                server.users += 1
                return worker
            worker.dismiss()
        server.users += 1
        try:
            return await server.start_worker(account)
        except BaseException:
            self._leave(server)
            raise

    def _release(self, worker: Worker, is_fit: bool) -> None:
        if is_fit and worker.server is self._server and not self._is_closed:
            self._idle.append(worker)
        else:
            worker.dismiss()
        self._leave(worker.server)

    def _leave(self, server: ForkServer) -> None:
        server.users -= 1
        if server is not self._server and not server.users:
            server.close()

    async def _current_server(self) -> ForkServer:
        async with self._change:
            if self._server is None or not self._server.is_alive:
                self._adopt(await self._start_server(self._databases))
            assert self._server is not None
            return self._server

    async def _start_server(self, databases: Path) -> ForkServer:
        if self._is_closed:
            raise Unavailable("The scanner is ending.")
        server = ForkServer(self._program, Setup(str(databases), self._limits, self._seconds, self._memory_mib))
        self._servers.add(server)
        server.gone.add_done_callback(lambda _: self._servers.discard(server))
        try:
            await server.ready()
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


def _check(descriptor: int) -> None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    if flags & os.O_ACCMODE != os.O_RDONLY:
        raise ValueError("a worker gets descriptors for reading only")
