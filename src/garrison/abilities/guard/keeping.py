"""Starts the keeper, stays connected to it, and ends it."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from garrison.abilities.guard.links import Link, connect, gone, process_at
from garrison.base.clock import Clock
from garrison.base.errors import Unavailable
from garrison.base.text import printable
from garrison.wire.guarding import KEEPER_SOCKET, SOCKET, Arm, End, Hello

_LOOK_SECONDS = 0.02
_START_SECONDS = 10.0
_REPLACED_SECONDS = 2.0
_END_SECONDS = 5.0
_STEADY_SECONDS = 10.0  # a keeper that lived so long is started again at once
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0
_WORDS_BYTES = 4096


class Keeper:
    """The keeper, as the daemon sees it. program: its command. daemon: the command that starts the daemon again.

    pause_seconds: how long to wait before it is tried again. began: when it was last started, on the clock, None when
    it never was.
    """

    def __init__(self, folder: Path, program: Sequence[str], daemon: Sequence[str], clock: Clock) -> None:
        self._folder = folder
        self._program = program
        self._daemon = tuple(daemon)
        self._clock = clock
        self._children: list[subprocess.Popen[bytes]] = []  # not known to have ended; the last one counts
        self._link: Link | None = None
        self.began: float | None = None
        self.pause_seconds = _FIRST_PAUSE_SECONDS

    async def reach(self) -> Link:
        """Connect to the keeper, started if there is none, and say who this is. Raises Unavailable, OSError."""
        try:
            link = await connect(self._folder / KEEPER_SOCKET)
        except OSError:
            link = await self._replaced() or await self._started()
        self._link = link
        await link.order(Hello(self._daemon))
        return link

    async def _started(self) -> Link:
        self._spawn()
        return await self._await_answer()

    async def _replaced(self) -> Link | None:
        """Wait for the keeper that a gate starts which lost its own; None when there is none."""
        gate = process_at(self._folder / SOCKET)
        for descriptor in gate:
            os.close(descriptor)
        until = self._clock.monotonic() + _REPLACED_SECONDS
        while gate and self._clock.monotonic() < until:
            with contextlib.suppress(OSError):
                return await connect(self._folder / KEEPER_SOCKET)
            await asyncio.sleep(_LOOK_SECONDS)
        return None

    def leave(self, link: Link) -> None:
        """Hang up."""
        link.close()
        self._link = None

    async def arm(self) -> None:
        """Have what is to be refused be refused again. Raises Unavailable."""
        if self._link is None:
            raise Unavailable("The guard of files does not run.", "garrison status says why.")
        await self._link.order(Arm())

    async def end(self) -> None:
        """End keeper and gate, also those of a suite that died; they leave nothing behind."""
        sockets = [self._folder / name for name in (KEEPER_SOCKET, SOCKET)]
        processes: list[int] = []
        patience = _END_SECONDS
        try:
            async with asyncio.timeout(_END_SECONDS):
                link = await (self._await_answer() if self._is_alive() else connect(sockets[0]))
                processes = [process for path in sockets for process in process_at(path)]
                await link.order(End())
                await link.line()
                link.close()
        except (OSError, TimeoutError, Unavailable):
            patience = 0.0  # nobody is there who would see to the gate
            processes = processes or [process for path in sockets for process in process_at(path)]
        for process in processes:
            await gone(process, patience)
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(child.wait, _END_SECONDS)
        self._is_alive()
        for path in sockets:
            path.unlink(missing_ok=True)

    def _spawn(self) -> None:
        now = self._clock.monotonic()
        is_steady = self.began is None or now - self.began > _STEADY_SECONDS
        self.pause_seconds = _FIRST_PAUSE_SECONDS if is_steady else min(2 * self.pause_seconds, _LONGEST_PAUSE_SECONDS)
        self.began = now
        errors = _errors_at(str(self._folder / "keeper.stderr"))
        try:
            child = subprocess.Popen(
                self._program,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                cwd="/",
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
        finally:
            os.close(errors)
        self._children.append(child)

    def _is_alive(self) -> bool:
        """Return whether one that was started here runs; those that have ended are let go."""
        self._children = [child for child in self._children if child.poll() is None]
        return bool(self._children)

    async def _await_answer(self) -> Link:
        until = self._clock.monotonic() + _START_SECONDS
        while self._clock.monotonic() < until:
            with contextlib.suppress(OSError):
                return await connect(self._folder / KEEPER_SOCKET)
            if not self._is_alive():
                raise Unavailable(self._last_words())
            await asyncio.sleep(_LOOK_SECONDS)
        raise Unavailable("It does not answer.")

    def _last_words(self) -> str:
        try:
            words = (self._folder / "keeper.stderr").read_bytes()[-_WORDS_BYTES:].decode("utf-8", "replace")
        except OSError:
            words = ""
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        return printable(lines[-1]) if lines else "It ended at once."


def _errors_at(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
