"""The daemon as the keeper sees it: who it is, and how it is started again."""

import contextlib
import os
import subprocess
import time

_FIRST_PAUSE_SECONDS, _MOST_PAUSE_SECONDS = 1.0, 300.0
_LONG_SECONDS = 60.0
_GREETING_SECONDS = 3.0  # for a daemon that lives to greet another keeper


class Daemon:
    """Whoever said `Hello` last. process: its number, 0 for none; pidfd: readable once it has ended, None for none.

    command: how it is started again, () for not at all.
    """

    def __init__(self) -> None:
        self.process = 0
        self.pidfd: int | None = None
        self.command: tuple[str, ...] = ()
        self._pause = _FIRST_PAUSE_SECONDS
        self._since = 0.0
        self.due: float | None = None  # when it is started again, by the monotonic clock

    def greet(self, process: int, command: tuple[str, ...]) -> None:
        """Take somebody as the daemon. Raises OSError when it has gone already."""
        self.part()
        self.pidfd = os.pidfd_open(process)
        self.process, self.command = process, command
        self._since, self.due = time.monotonic(), None

    def expect(self, command: tuple[str, ...]) -> None:
        """Wait for the daemon of a keeper that died; it is started when it does not come, for it may have died too."""
        self.command = command
        self.due = time.monotonic() + _GREETING_SECONDS if command else None

    def part(self) -> None:
        """Know of no daemon."""
        if self.pidfd is not None:
            os.close(self.pidfd)
        self.process, self.pidfd, self.due = 0, None, None

    def died(self) -> None:
        """Have it started again, sooner when it ran for long."""
        if time.monotonic() - self._since > _LONG_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        self.part()
        self._schedule()

    def _schedule(self) -> None:
        if self.command:
            self.due = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _MOST_PAUSE_SECONDS)

    def start_if_due(self) -> None:
        """Start it when it is time to; it says `Hello` when it is up, and is tried again when it does not."""
        if self.due is None or time.monotonic() < self.due:
            return
        self._schedule()
        with contextlib.suppress(OSError):  # tried again
            started = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd="/", start_new_session=True,
            )  # fmt: skip
            started.returncode = 0  # reaped with all others
