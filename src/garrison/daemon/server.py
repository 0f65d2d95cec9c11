"""The door's socket: JSON lines, callers known by SO_PEERCRED (unix(7)).

Any account may connect, so every conversation has bounds: so many connections an account, so many calls a connection,
so long a line; and nothing more is read from whoever does not read the answers.
"""

import asyncio
import contextlib
import functools
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from garrison import __version__
from garrison.base.errors import Failed, GarrisonError, Invalid, Unavailable, Unexpected
from garrison.daemon.accounts import caller_of
from garrison.daemon.door import Call, Door, FrameRefused
from garrison.daemon.isolation import outcome_of
from garrison.daemon.jobs import Answer, Progress, RunningJob
from garrison.daemon.on_behalf import OnBehalf
from garrison.daemon.tickets import session_of, session_of_token
from garrison.sdk import Caller
from garrison.sdk.plain import to_plain
from garrison.wire.client import folder_of, short_address
from garrison.wire.frames import ANSWER_CAP, REQUEST_CAP, decode, encode
from garrison.wire.manifest import Manifest
from garrison.wire.manifest import to_plain as manifests_to_plain
from garrison.wire.texts import texts_of

log = logging.getLogger(__name__)
_BACKLOG_BYTES = 1024 * 1024
_MOST_CALLS = 32  # under way on one connection
_MOST_CONNECTIONS = 32  # of one account
_MOST_CONNECTIONS_OF_OWNER = 256  # places that nobody else can take
_MOST_CONNECTIONS_OF_OTHERS = 256  # of all other accounts together
_REQUEST_CAP_OF_OTHERS = 256 * 1024
_UNSENT_CAP_OF_OTHERS = 32 * 1024 * 1024  # bytes that wait for one who does not read; for one answer, too
_LAST_WORDS_SECONDS = 2.0  # for the other side to read what it was sent last
_PAUSE_SECONDS = 0.2


def bind(path: Path, shared: bool) -> socket.socket:
    """Return the listening socket. The home's lock is held, so a socket that is there is a dead daemon's."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        with folder_of(path) as folder:
            listening.bind(short_address(folder, path.name))
        path.chmod(0o666 if shared else 0o600)
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


class Server:
    """Serves connections until it is closed. on_alone: called when the last client has gone.

    on_behalf: knows the console's process, which calls for whoever opened it.
    """

    def __init__(
        self,
        door: Door,
        manifests: tuple[Manifest, ...],
        digest: str,
        on_alone: Callable[[], None],
        on_behalf: OnBehalf | None = None,
    ) -> None:
        self.door = door
        self._manifests = manifests
        self._digest = digest
        self._on_alone = on_alone
        self._on_behalf = on_behalf
        self._clients: Counter[int] = Counter()
        self.calls: set[asyncio.Task[None]] = set()  # under way

    @property
    def clients(self) -> int:
        """How many are connected."""
        return self._clients.total()

    async def serve(self, listening: socket.socket) -> None:
        """Accept connections, for ever."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    connection, _ = await loop.sock_accept(listening)
                    caller = caller_of(connection)
                except OSError as error:  # too many descriptors are open, or the other side has gone already
                    log.warning("a connection was not accepted: %s", error)
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                refusal = self._no_room(caller)
                if refusal is not None:
                    _turn_away(connection, refusal)
                    continue
                self._clients[caller.uid] += 1
                task = group.create_task(self._connection(connection, caller))
                task.add_done_callback(functools.partial(self._gone, caller.uid))

    def _no_room(self, caller: Caller) -> Unavailable | None:
        hint = "Try again when some of them have ended."
        most = _MOST_CONNECTIONS_OF_OWNER if caller.is_owner else _MOST_CONNECTIONS
        if self._clients[caller.uid] >= most:
            return Unavailable("Garrison has too many callers from this account.", hint)
        others = sum(count for uid, count in self._clients.items() if not Caller(uid, 0).is_owner)
        if not caller.is_owner and others >= _MOST_CONNECTIONS_OF_OTHERS:
            return Unavailable("Garrison has too many callers.", hint)
        return None

    def _gone(self, uid: int, _: "asyncio.Task[None]") -> None:
        self._clients[uid] -= 1
        if not self._clients[uid]:
            del self._clients[uid]
        if not self.clients:
            self._on_alone()

    async def _connection(self, connection: socket.socket, caller: Caller) -> None:
        limit = REQUEST_CAP if caller.is_owner else _REQUEST_CAP_OF_OTHERS
        is_console = self._on_behalf is not None and self._on_behalf.is_console(connection)
        behalf = self._on_behalf if is_console else None
        session = session_of(connection)
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=limit)
        try:
            conversation = _Conversation(self, reader, writer, caller, behalf)
            conversation.session = session
            await outcome_of(conversation.run(), "a conversation")
        finally:
            writer.close()
            try:
                async with asyncio.timeout(_LAST_WORDS_SECONDS):
                    await writer.wait_closed()
            except (OSError, TimeoutError):
                writer.transport.abort()  # the other side has gone, or does not read

    async def settle(self, patience_seconds: float) -> None:
        """Wait a little for the calls under way to be answered."""
        if self.calls:
            await asyncio.wait(set(self.calls), timeout=patience_seconds)

    def greeting(self) -> dict[str, Any]:
        """Return what a caller hears first."""
        return {"garrison": __version__, "process": os.getpid(), "manifests": self._digest}

    def describe(self) -> list[dict[str, Any]]:
        """Return all manifests."""
        return manifests_to_plain(self._manifests)


def _turn_away(connection: socket.socket, error: Unavailable) -> None:
    with connection, contextlib.suppress(OSError):
        connection.send(encode({"id": None, "error": error.to_plain()}))


class _Conversation:
    """One connection: its calls go on side by side, and end with it unless they were sent to the background."""

    def __init__(
        self,
        server: Server,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        caller: Caller,
        on_behalf: OnBehalf | None,
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._caller = caller
        self._on_behalf = on_behalf  # only where the console is at the other end
        self.session = ""  # of whom the password is asked; "": of nobody, and nothing that needs it is done
        self._calls: set[int] = set()
        self._jobs: dict[int, RunningJob] = {}
        self._cancelled: set[int] = set()  # of the calls under way
        self._cap = ANSWER_CAP if caller.is_owner else _UNSENT_CAP_OF_OTHERS

    async def run(self) -> None:
        """Read requests until the other side goes."""
        self._send(None, self._server.greeting())
        try:
            async with asyncio.TaskGroup() as group:
                while line := await self._line():
                    self._take(line, group)
                    await self._drain()
                self._cancel(*self._calls)
        finally:
            self._cancel(*self._calls)

    async def _line(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, OSError):
            return b""
        except asyncio.LimitOverrunError:
            self._refuse_frame(None, Invalid("The request is too long.", "Ask for less at a time."), "too long")
            return b""

    def _take(self, untrusted_line: bytes, group: asyncio.TaskGroup) -> None:
        try:
            request = decode(untrusted_line)
        except ValueError:
            self._refuse_frame(None, Invalid("The request is no JSON object."), "no JSON object")
            return
        number = request.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            self._refuse_frame(None, Invalid("The request has no number."), "no number")
        elif request.get("cancel") is True:
            self._cancel(number)
        elif number in self._calls:
            self._refuse(number, Invalid("A request of that number is under way."))
        elif request.get("describe") is True:
            self._send(number, {"result": self._server.describe()})
        elif self._on_behalf is not None and (told := self._on_behalf.answer(request)) is not None:
            self._send(number, told)
        elif len(self._calls) >= _MOST_CALLS:
            self._refuse(number, Unavailable("Too many requests are under way.", "Wait for one of them to end."))
        else:
            self._begin(number, request, group)

    def _begin(self, number: int, request: dict[str, Any], group: asyncio.TaskGroup) -> None:
        operation, arguments = request.get("call"), request.get("arguments", {})
        if not isinstance(operation, str) or not isinstance(arguments, dict):
            self._refuse_frame(number, Invalid("The request names no operation."), "no operation")
            return
        try:
            caller = self._caller if self._on_behalf is None else self._on_behalf.caller(request)
        except GarrisonError as error:
            self._refuse(number, error)
            return
        call = Call(operation, arguments, caller, background=request.get("background") is True)
        call.session = self.session if self._on_behalf is None else session_of_token(request.get("session"))
        if not call.background:
            call.on_progress = lambda progress: self._progress(number, progress)
            call.started = lambda job: self._started(number, job)
        self._calls.add(number)
        task = group.create_task(self._answer(number, call, with_texts=request.get("texts") is True))
        self._server.calls.add(task)
        task.add_done_callback(lambda task: self._ended(number, task))

    async def _answer(self, number: int, call: Call, with_texts: bool) -> None:
        outcome = await outcome_of(self._server.door.call(call), call.operation)
        if not isinstance(outcome, GarrisonError):
            self._send(number, _message(outcome, with_texts))
        elif with_texts:
            self._send(number, {"error": outcome.to_plain(), "texts": texts_of(outcome.text, outcome.hint)})
        else:
            self._refuse(number, outcome)

    def _started(self, number: int, job: RunningJob) -> None:
        self._jobs[number] = job
        if number in self._cancelled:
            job.cancel()

    def _cancel(self, *numbers: int) -> None:
        for number in numbers:
            if number in self._calls:
                self._cancelled.add(number)
            if number in self._jobs:
                self._jobs[number].cancel()

    def _ended(self, number: int, task: "asyncio.Task[None]") -> None:
        self._server.calls.discard(task)
        self._calls.discard(number)
        self._cancelled.discard(number)
        self._jobs.pop(number, None)

    def _progress(self, number: int, progress: Progress) -> None:
        if self._writer.transport.get_write_buffer_size() < _BACKLOG_BYTES:  # a slow reader misses some
            self._send(number, {"progress": to_plain(progress)})

    def _refuse_frame(self, number: int | None, error: GarrisonError, why: str) -> None:
        """Refuse what is no request at all, and write that down."""
        self._refuse(number, error)
        self._server.door.audit(FrameRefused(uid=self._caller.uid, outcome=why), self._caller)

    def _refuse(self, number: int | None, error: GarrisonError) -> None:
        self._send(number, {"error": error.to_plain()})

    def _send(self, number: int | None, message: dict[str, Any]) -> None:
        if self._writer.is_closing():
            return
        try:
            line = encode({"id": number, **message})
        except (TypeError, ValueError) as error:
            log.exception("an answer that JSON cannot hold")
            line = encode(
                {"id": number, "error": Unexpected("The answer cannot be sent: {error}.", error=error).to_plain()}
            )
        if len(line) > self._cap:
            too_long = Failed("The answer is too long to send.", "Ask for less at a time.")
            line = encode({"id": number, "error": too_long.to_plain()})
        if self._writer.transport.get_write_buffer_size() + len(line) > self._cap + _BACKLOG_BYTES:
            log.warning("account %s asks and does not read the answers: it is let go", self._caller.uid)
            self._writer.transport.abort()
            return
        self._writer.write(line)

    async def _drain(self) -> None:
        with contextlib.suppress(OSError):
            await self._writer.drain()


def _message(answer: Answer, with_texts: bool) -> dict[str, Any]:
    told = {"result": answer.result, "says": [text.said() for text in answer.says], "exit": answer.exit_code}
    sentences = [str(text) for text in answer.says]
    return {**told, "sentences": sentences, "texts": texts_of(answer.result, sentences)} if with_texts else told
