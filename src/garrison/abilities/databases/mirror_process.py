"""Keeps the process that serves the mirror running: `garrison.mirror`."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from garrison.base.errors import Failed, GarrisonError
from garrison.base.files import explain
from garrison.base.paths import own_program
from garrison.wire.mirroring import LINE_BYTES, Listening, Nonsense, ServeJob, decode_answer, encode_job

_START_SECONDS = 30.0
_FIRST_PAUSE_SECONDS, _MOST_PAUSE_SECONDS = 2.0, 300.0
_LONG_SECONDS = 60.0  # who ran so long did not fail at once
_WORDS_BYTES = 4096
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to serve. address: "" for all that the computer has."""

    address: str
    port: int


class MirrorProcess:
    """Serves a folder where it is wished to be. port: where it does, 0 for nowhere. problem: why it does not."""

    def __init__(self, folder: Path, prepare: Callable[[], None]) -> None:
        self._folder = folder
        self._prepare = prepare
        self._wish: Wish | None = None
        self._changed = asyncio.Event()
        self.port = 0
        self.problem: GarrisonError | None = None

    def want(self, wish: Wish | None) -> None:
        """Serve there from now on, None for nowhere."""
        if wish != self._wish:
            self._wish = wish
            self.problem = None
            self._changed.set()

    async def run(self) -> None:
        """Serve until cancelled. Whatever ends the process, it is started again, after a while that grows."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            self._changed.clear()
            wish = self._wish
            if wish is None:
                await self._changed.wait()
                continue
            began = asyncio.get_running_loop().time()
            if await self._served(wish):
                pause = _FIRST_PAUSE_SECONDS
                continue
            if asyncio.get_running_loop().time() - began > _LONG_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            pause = min(2 * pause, _MOST_PAUSE_SECONDS)

    async def _served(self, wish: Wish) -> bool:
        """Serve until something else is wished, which is told, or until that failed."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {group.create_task(self._told(wish)), group.create_task(self._changed.wait())}
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            self.port = 0
        return self._changed.is_set()

    async def _told(self, wish: Wish) -> None:
        try:
            await self._serve(wish)
        except GarrisonError as error:
            self.problem = error

    async def _serve(self, wish: Wish) -> None:
        """Serve until the process ends. Raises Failed, and what it says."""
        self._prepare()
        try:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise explain(error, "open {path}", path=self._folder) from error
        try:
            process = await asyncio.create_subprocess_exec(
                *own_program("garrison.mirror"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_ENVIRONMENT,
                cwd="/",
                limit=LINE_BYTES,
                pass_fds=(folder,),
                start_new_session=True,
            )
            job = ServeJob(folder, wish.address, wish.port)
        except OSError as error:
            raise explain(error, "start the mirror") from error
        finally:
            os.close(folder)
        try:
            await self._watch(process, job)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _watch(self, process: asyncio.subprocess.Process, job: ServeJob) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(encode_job(job))
                process.stdin.close()
            async with asyncio.timeout(_START_SECONDS):
                line = await process.stdout.readline()
            if line:
                answer = decode_answer(line)
                if not isinstance(answer, Listening):
                    raise answer
                self.port, self.problem = answer.port, None
        except (Nonsense, ValueError) as error:
            raise Failed("The process of the mirror said what it never should.") from error
        except TimeoutError as error:
            raise Failed("The mirror did not come up in time.") from error
        words = b""
        while piece := await process.stderr.read(_WORDS_BYTES):
            words = (words + piece)[-_WORDS_BYTES:]
        code = await process.wait()
        raise Failed(
            "The mirror ended with {code}.",
            "{advice}",
            code=code,
            advice=words.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1][:200],
        )
