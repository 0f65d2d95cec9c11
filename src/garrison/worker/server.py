"""The fork server: opens the databases once, forks workers on request, and tells how each of them ended.

One thread, so that fork(2) is safe; a matcher's own thread starts in each worker (`Examiner.warm_up`). It reads nothing
but the databases and its pool's requests.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from garrison.base.errors import Failed, GarrisonError
from garrison.linux import sandbox, seccomp
from garrison.wire.examination import (
    CONTROL_BYTES,
    MOST_OBJECTS,
    OUT_OF_TIME,
    Control,
    Ended,
    Kill,
    Ready,
    Setup,
    Start,
    decode_control,
    encode_control,
    receive_with_descriptors,
)
from garrison.worker.serving import MIB, Examiner, Service

EXIT_FAILED = 3
_SLACK_SECONDS = 5.0  # what a batch may take beyond its objects' own time
_NEARLY = 0.75  # the kernel measures by its ticks, not exactly; whoever says at half that it is tired never gets here
_IDLE_SECONDS = 0.5
_RATHER_ME = b"500"  # oom_score_adj(5): when memory runs out, let the kernel end a worker, not the daemon


def main(control: int, open_examiner: Callable[[Setup], Examiner]) -> int:
    """Serve the pool at the other end of the control socket until it closes; return the exit code."""
    try:
        with socket.socket(fileno=control) as connection:
            _serve(connection, open_examiner)
    except GarrisonError as error:
        sys.stderr.write(f"{error.text}\n")
        return EXIT_FAILED
    return 0


def _serve(control: socket.socket, open_examiner: Callable[[Setup], Examiner]) -> None:
    parent = os.getppid()
    first = control.recv(CONTROL_BYTES)
    if not first:
        return
    setup = decode_control(first)
    if not isinstance(setup, Setup):
        raise Failed("The fork server was not told what to serve.")
    seccomp.supported_architecture()
    account = sandbox.worker_account() if os.geteuid() == 0 else None
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb") as file:
        file.write(_RATHER_ME)
    examiner = open_examiner(setup)
    sandbox.isolate()
    sandbox.gain_no_privileges()
    sandbox.die_with_parent(parent)
    ForkServer(control, setup, examiner, account).run()


class _Child(NamedTuple):
    worker: int
    process: int
    exit: int  # a pidfd, readable once the process has ended


class ForkServer:
    """Forks, kills and reaps workers."""

    def __init__(
        self, control: socket.socket, setup: Setup, examiner: Examiner, account: tuple[int, int] | None
    ) -> None:
        self._control = control
        self._setup = setup
        self._examiner = examiner
        self._account = account
        self._cpu_seconds = int(2 * MOST_OBJECTS * (setup.seconds + _SLACK_SECONDS))
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._idle_seconds: float | None = None  # after which it is time to look ahead
        self._looks_ahead = True

    def run(self) -> None:
        """Serve until the pool goes; the kernel then kills the workers with us."""
        self._selector.register(self._control, selectors.EVENT_READ)
        self._send(Ready())
        while True:
            events = self._selector.select(self._idle_seconds)
            if not events:
                self._idle_seconds, self._looks_ahead = None, False
                self._examiner.look_ahead()
            for key, _ in events:
                if key.fileobj is not self._control:
                    self._reap(key.data)
                elif not self._obey():
                    return

    def _obey(self) -> bool:
        """Do what the pool asks; return False when it has gone."""
        packet, descriptors = receive_with_descriptors(self._control, CONTROL_BYTES)
        if not packet:
            return False
        request = decode_control(packet)
        if isinstance(request, Start) and len(descriptors) == 1:
            self._start(request, descriptors[0])
        elif isinstance(request, Kill) and request.worker in self._children:
            # Ours and not yet reaped, so the number cannot have passed to another process.
            os.kill(self._children[request.worker].process, signal.SIGKILL)
        return True

    def _start(self, request: Start, connection: int) -> None:
        if request.untrusted_needs:
            self._examiner.prepare(request.untrusted_needs)
            if self._looks_ahead:  # there is work: more of it will come, and most of it to workers that begin later
                self._idle_seconds = _IDLE_SECONDS
        server = os.getpid()
        process = os.fork()
        if process == 0:
            self._become_worker(connection, server)
        os.close(connection)
        child = _Child(request.worker, process, os.pidfd_open(process))
        self._children[request.worker] = child
        self._selector.register(child.exit, selectors.EVENT_READ, child)

    def _reap(self, child: _Child) -> None:
        _, status, usage = os.wait4(child.process, 0)
        self._selector.unregister(child.exit)
        os.close(child.exit)
        del self._children[child.worker]
        how = how_ended(status, usage.ru_utime + usage.ru_stime, self._cpu_seconds)
        self._send(Ended(child.worker, how))

    def _send(self, message: Control) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the pool has gone: the next recv says so
            self._control.send(encode_control(message))

    def _become_worker(self, connection: int, server: int) -> NoReturn:
        code = EXIT_FAILED
        try:
            self._examiner.warm_up()
            served = socket.socket(fileno=connection)  # asks the kernel what it is: not possible later
            memory_bytes = self._setup.memory_mib * MIB
            confinement = sandbox.Confinement(memory_bytes, self._cpu_seconds)
            sandbox.close(connection, server, confinement, self._account)
            service = Service(self._examiner, self._setup.seconds, memory_bytes // 2, self._cpu_seconds / 2)
            service.serve(served)
            code = 0
        except BaseException as error:  # noqa: BLE001 # the worker's outermost frame: it must never become a second server
            with contextlib.suppress(OSError):
                os.write(2, f"A worker could not start: {error}\n".encode(errors="backslashreplace"))
        finally:
            os._exit(code)


def how_ended(status: int, used_seconds: float, most_seconds: int) -> str:
    """Return in words how a process ended (wait(2)), which had used so much of the processor time that it might."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exited with {code}"
    if code == -signal.SIGKILL and used_seconds >= _NEARLY * most_seconds:
        return OUT_OF_TIME  # at the hard limit of RLIMIT_CPU the kernel sends SIGKILL, no warning before
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
