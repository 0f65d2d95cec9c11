"""The pool's side of one fork server and of its workers: start, speak, kill, and learn how each ended.

`garrison.linux.workers` decides; here is only what joins it to the processes. Nothing in here starts a task: the
control socket and the process's end are watched by the event loop itself.
"""

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
from collections.abc import Sequence

from garrison.base.errors import Unavailable
from garrison.base.text import printable
from garrison.wire.examination import (
    CONTROL_BYTES,
    EVERYTHING,
    KILLED,
    OUT_OF_TIME,
    Answer,
    Batch,
    Control,
    Ended,
    Frames,
    Kill,
    Nonsense,
    Ready,
    Setup,
    Start,
    decode_answer,
    decode_control,
    encode_batch,
    encode_control,
    is_ready,
    send_start,
)

START_SECONDS = 60.0  # opening the databases on a busy computer
WORKER_SECONDS = 20.0  # forking and closing the sandbox, likewise
END_SECONDS = 10.0
_MOST_STEPS = 5  # in which workers get better prepared: each costs an object that is examined twice
_BY_ITSELF_SECONDS = 1.0  # for the end of a worker that has closed its connection, most often by dying
_READ_BYTES = 1024 * 1024  # more than a socket holds, so that one look sees all that came
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",  # else a second thread reserves 128 MiB of what RLIMIT_AS leaves (mallopt(3))
}


class ServerGone(Exception):  # not an error of anybody here: the pool starts another
    """The fork server has ended, and its workers with it."""


class WorkerGone(Exception):  # likewise
    """The worker has ended, or has closed its connection."""


class Killed(Exception):  # likewise
    """The worker has been ended by SIGKILL, and not by us."""


class OutOfTime(Exception):  # likewise
    """The worker has been ended by the kernel: it has used all the processor time that it may."""


class ForkServer:
    """One running fork server. `gone` is done once the process has been reaped.

    untrusted_needs: what workers start with, beyond what all objects need; grows when an object has needed more.
    """

    def __init__(self, program: Sequence[str], setup: Setup) -> None:
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._ends: dict[int, asyncio.Future[str]] = {}
        self._ready = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.is_alive = True
        self.untrusted_needs = ""
        self._steps = 0
        self.users = 0  # calls that hold one of its workers; the pool counts
        self.patience = 1.0  # times as long as usual for a worker to start
        self._words = ""
        self._stderr = os.memfd_create("garrison-worker-stderr", os.MFD_CLOEXEC)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        try:
            with theirs:
                self._process = self._spawn([*program, str(theirs.fileno())], theirs.fileno())
        except OSError as error:
            self._control.close()
            os.close(self._stderr)
            raise Unavailable("The scanner could not be started: {why}.", why=error.strerror) from error
        self._exit = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._exit, self._reap)
        self._loop.add_reader(self._control, self._hear)
        self._send(setup)

    def _spawn(self, command: Sequence[str], inherited: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            env=_ENVIRONMENT,
            cwd="/",
            pass_fds=(inherited,),
            start_new_session=True,  # a Ctrl-C at the terminal is for the suite, which ends this in order
        )

    @property
    def process(self) -> int:
        """Its number; it leads a session of its own."""
        return self._process.pid

    async def ready(self) -> None:
        """Wait until the databases are open. Raises Unavailable, with the server's own words, when that fails."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.shield(self._ready)
        except TimeoutError:
            self._process.kill()
            raise Unavailable(
                "The scanner did not start in time.", "Try again when the computer is less busy."
            ) from None
        except ServerGone:
            await asyncio.shield(self.gone)
            raise Unavailable("The scanner could not start.", self.last_words()) from None

    def last_words(self) -> str:
        """Return the last line that the server, or a worker that could not start, wrote: a hint."""
        if not self.gone.done():
            self._words = _tail(self._stderr)
        return self._words

    async def start_worker(self, account: int) -> "Worker":
        """Return a fresh worker for one account, its sandbox closed. Raises ServerGone, Unavailable."""
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise Unavailable("The scanner could not be reached: {why}.", why=error.strerror) from error
        ours.setblocking(False)
        number = next(self._numbers)
        worker = Worker(self, number, ours, account)
        self._ends[number] = worker.end
        try:
            with theirs:
                self._send(Start(number, self.untrusted_needs), [theirs.fileno()])
            await worker.greet()
        except BaseException:
            worker.dismiss()
            raise
        return worker

    def need(self, untrusted_more: str) -> None:
        """Have workers from now on start with more than before; after some such steps with everything."""
        self._steps += 1
        is_enough = untrusted_more in {"", EVERYTHING} or self._steps > _MOST_STEPS
        both = f"{self.untrusted_needs},{untrusted_more}".lstrip(",")
        self.untrusted_needs = EVERYTHING if is_enough else both

    def kill(self, number: int) -> None:
        """Have a worker killed, if it still runs."""
        if number in self._ends:
            with contextlib.suppress(ServerGone):
                self._send(Kill(number))

    def close(self) -> None:
        """End the server and with it all its workers. `gone` tells when."""
        if self.is_alive:
            self.is_alive = False
            self._loop.remove_reader(self._control)
            self._control.close()
            for end in (self._ready, *self._ends.values()):
                if not end.done():
                    end.set_exception(ServerGone())
                    end.exception()  # whether or not anybody waits for it
            self._ends.clear()

    def give_up(self) -> None:
        """Kill a server that no longer does what it is asked."""
        self._process.kill()
        self.close()

    async def ended(self) -> None:
        """Close, wait for the end, and kill what does not end by itself."""
        self.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await asyncio.shield(self.gone)
        except TimeoutError:
            self._process.kill()
            await self.gone

    def _send(self, message: Control, descriptors: Sequence[int] = ()) -> None:
        if not self.is_alive:
            raise ServerGone
        try:
            send_start(self._control, encode_control(message), descriptors)
        except OSError:  # it has ended, or it no longer reads: a server that is stuck is no server
            self.give_up()
            raise ServerGone from None

    def _hear(self) -> None:
        try:
            packet = self._control.recv(CONTROL_BYTES)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self.close()
            return
        message = decode_control(packet)
        if isinstance(message, Ready):
            self._ready.set_result(None)
        elif isinstance(message, Ended) and message.worker in self._ends:
            self._ends.pop(message.worker).set_result(message.how)

    def _reap(self) -> None:
        self._loop.remove_reader(self._exit)
        os.close(self._exit)
        self._process.wait()
        self._words = _tail(self._stderr)
        os.close(self._stderr)
        self.close()
        self.gone.set_result(None)


class Worker:
    """One worker and the connection to it. end: how it ended, once it has. served: the objects it has answered.

    account: the uid whose objects it examines, and nobody else's. untrusted_needs: as the server's when it started.
    is_worn: it is to be replaced after the object that it is at. idle_since: when it had its last object, by the loop.
    """

    def __init__(self, server: ForkServer, number: int, connection: socket.socket, account: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = server
        self.account = account
        self.untrusted_needs = server.untrusted_needs
        self.end: asyncio.Future[str] = self._loop.create_future()
        self.served = 0
        self._number = number
        self.connection = connection
        self._frames = Frames()
        self.is_dismissed = False
        self.is_worn = False
        self.idle_since = self._loop.time()

    async def greet(self) -> None:
        """Wait until the sandbox is closed. Raises Unavailable when that fails, ServerGone."""
        try:
            greeting = await self._frame(WORKER_SECONDS * self.server.patience)
        except (WorkerGone, TimeoutError):
            self.dismiss()
            how = await self._ending(END_SECONDS) or ""
            raise Unavailable("The scanner's sandbox could not be closed.", self.server.last_words() or how) from None
        if not is_ready(greeting):
            raise Unavailable("The scanner did not greet as it should.")

    async def submit(self, batch: Batch, descriptors: Sequence[int], seconds: float) -> None:
        """Send objects. Raises WorkerGone, also when it does not take them in time.

        When this fails, the worker has not had the whole frame, so it has looked at none of them.
        """
        frame = encode_batch(batch)
        try:
            rest = frame[send_start(self.connection, frame, descriptors) :]
            if rest:
                async with asyncio.timeout(seconds):
                    await self._loop.sock_sendall(self.connection, rest)
        except (OSError, TimeoutError):
            raise WorkerGone from None

    async def answer(self, index: int, seconds: float) -> Answer:
        """Wait for the answer on one object. Raises Nonsense, TimeoutError, WorkerGone."""
        answer = decode_answer(await self._frame(seconds))
        if answer.index != index:
            raise Nonsense("an answer to what was not asked")
        self.served += 1
        return answer

    async def how_ended(self) -> str:
        """Wait for the end, kill it if it does not come, and return how it was.

        Raises Killed, OutOfTime, ServerGone.
        """
        how = await self._ending(_BY_ITSELF_SECONDS)
        if how is None:
            self.dismiss()
            await self._ending(END_SECONDS)
            if not self.end.done():
                self.server.give_up()
                raise ServerGone
            return "closed its connection"
        if how == KILLED and not self.is_dismissed:
            raise Killed
        if how == OUT_OF_TIME:
            raise OutOfTime
        return how

    async def _ending(self, seconds: float) -> str | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self.end)
        return None

    def dismiss(self) -> None:
        """Part from it, for good."""
        self.is_dismissed = True
        self.connection.close()
        self.server.kill(self._number)

    def has_answered(self) -> bool:
        """Return whether a further answer has come already."""
        return self._frames.has_one()

    async def _frame(self, seconds: float) -> bytes:
        """Return the next frame. Raises Nonsense, TimeoutError, WorkerGone.

        After the deadline there is one more look: it may be us who are late, not the worker. A long frame of which
        something still comes then has as much time again.
        """
        deadline = self._loop.time() + seconds
        while (frame := self._frames.take()) is None:
            content = self._receive()
            self._frames.feed(content)
            if (frame := self._frames.take()) is not None:
                return frame
            late = self._loop.time() - deadline
            if late >= seconds or (late >= 0 and not content):
                raise TimeoutError
            await self._readable(deadline if late < 0 else deadline + seconds)
        return frame

    def _receive(self) -> bytes:
        """Return what has come, b"" if nothing has. Raises WorkerGone."""
        try:
            content = self.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:  # reset: it ended with objects unread
            raise WorkerGone from None
        if not content:
            raise WorkerGone
        return content

    async def _readable(self, deadline: float) -> None:
        """Wait until something has come, or until the deadline; what came stays in the socket."""
        waiter = self._loop.create_future()
        timer = self._loop.call_at(deadline, _wake, waiter)
        descriptor = self.connection.fileno()
        self._loop.add_reader(descriptor, _wake, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._loop.remove_reader(descriptor)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _tail(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    lines = os.pread(descriptor, 2000, max(0, size - 2000)).decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1]) if lines else ""
