"""The console's process: started when somebody opens the console, ended when nobody is signed in any more."""

import asyncio
import contextlib
import logging
import os
import pwd
import socket
from typing import Any

from garrison.abilities.sessions import Sessions
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain
from garrison.base.paths import Home, own_program

log = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
ACCOUNT = "garrison-console"  # that the whole computer's console runs as; packaging makes it
_START_SECONDS = 30.0
_WORDS_BYTES = 4096
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


class ConsoleProcess:
    """One process that serves the pages. port: where it does, 0 while it does not."""

    def __init__(self, home: Home, sessions: Sessions) -> None:
        self._home = home
        self._sessions = sessions
        self.port = 0

    async def serve(self, wanted_port: int, ready: asyncio.Event) -> None:
        """Serve until cancelled; ready is set once it does. Raises Failed when it ends, Unavailable for the port."""
        with _listening(wanted_port) as listening:
            process = await self._start(listening)
            port = listening.getsockname()[1]
        self._sessions.process = process.pid
        try:
            await _came_up(process)
            self.port = port
            ready.set()
            raise Failed("The console's process ended: {last_words}", last_words=await _last_words(process))
        finally:
            self.port = 0
            await _end(process)
            self._sessions.process = 0

    async def _start(self, listening: socket.socket) -> asyncio.subprocess.Process:
        account = _account() if self._home.is_system else {}
        try:
            return await asyncio.create_subprocess_exec(
                *own_program("garrison.console"),
                "--listen",
                str(listening.fileno()),
                "--door",
                str(self._home.socket),
                stdin=asyncio.subprocess.PIPE,  # its end tells the process that we are gone
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=(listening.fileno(),),
                start_new_session=True,
                **account,
            )
        except OSError as error:
            raise explain(error, "start the console") from error


def _listening(port: int) -> socket.socket:
    """Return the socket, on this computer only. Raises Unavailable."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Unavailable(
            "The console cannot listen at port {port}: {why}.",
            "Choose another one, or 0 for any that is free: garrison settings set console.port 0",
            port=port,
            why=(error.strerror or "").lower(),
        ) from error
    return listening


def _account() -> dict[str, Any]:
    """Return whom the process is to run as where the suite is the whole computer's. Raises Unavailable."""
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError as error:
        raise Unavailable(
            "The console needs the account {account}, so that it has no rights of its own.",
            "useradd --system --no-create-home --shell /usr/sbin/nologin {account}",
            account=ACCOUNT,
        ) from error
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


async def _came_up(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError as error:
        raise Failed("The console did not come up in time.") from error
    if line.strip() != b"ready":
        raise Failed("The console did not come up: {last_words}", last_words=await _last_words(process))


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Wait for the end of the process; return what it said last."""
    assert process.stderr is not None
    words = b""
    while piece := await process.stderr.read(_WORDS_BYTES):
        words = (words + piece)[-_WORDS_BYTES:]
    code = await process.wait()
    log.warning("the console ended with %s: %s", code, os.fsdecode(words))
    last = words.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
    return last or f"exit code {code}"


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
