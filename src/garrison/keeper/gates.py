"""Gates as processes: one answers, the next one waits, loaded, for its turn."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from garrison.base.paths import own_program
from garrison.wire.examination import send_start
from garrison.wire.keeping import Message, Policy, Pulse, Ready, encode, hear

GATE = "garrison.gate"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class GateProcess:
    """One gate. pidfd: readable once it has ended. is_ready: it waits for its turn. allows: what to answer for it."""

    def __init__(self, process: int, channel: socket.socket) -> None:
        self.process = process
        self.pidfd = os.pidfd_open(process)
        self.channel = channel
        self.channel.setblocking(False)
        self.is_ready = False
        self._is_parted = False
        self.allows = True
        self.began = time.monotonic()
        self._last_pulse = self.began
        self._busy_seconds = 0.0

    @property
    def stuck_seconds(self) -> float:
        """For how long it has done nothing that can be seen."""
        return max(time.monotonic() - self._last_pulse, self._busy_seconds)

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Say something; one that no longer reads is about to be found stuck."""
        with contextlib.suppress(OSError):
            send_start(self.channel, encode(message), descriptors)

    def start_watch(self) -> None:
        """Count from now on how long it has been stuck."""
        self._last_pulse, self._busy_seconds = time.monotonic(), 0.0

    def hear(self) -> bool:
        """Take what it has said; return whether it may say more."""
        return hear(self.channel, self._take)

    def _take(self, message: Message) -> None:
        if isinstance(message, Ready):
            self.is_ready = True
        elif isinstance(message, Pulse):
            self._last_pulse, self._busy_seconds = time.monotonic(), message.busy_seconds
        elif isinstance(message, Policy):
            self.allows = message.allows

    def can_answer(self) -> bool:
        """Return whether it waits for its turn, and lives."""
        return self.is_ready and not select.select([self.pidfd], [], [], 0)[0]

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            if not self._is_parted:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def part(self) -> None:
        """Let go of one that has ended."""
        self._is_parted = True
        self.channel.close()
        os.close(self.pidfd)
        with contextlib.suppress(ChildProcessError):  # not every gate is a child of this keeper
            os.waitpid(self.process, os.WNOHANG)


def start_gate(folder: Path, log: BinaryIO, without: Sequence[str]) -> GateProcess:
    """Start a gate, which loads itself and then waits. Raises OSError."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lacks = [word for name in without for word in ("--without", name)]
    with theirs:
        process = subprocess.Popen(
            [*own_program(GATE), str(folder), str(theirs.fileno()), *lacks],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=ENVIRONMENT,
            cwd="/",
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    process.returncode = 0  # reaped by `part`, through its number: else the object complains of its child
    return GateProcess(process.pid, ours)
