"""What a worker does once its sandbox is closed: batches in, answers out."""

import os
import resource
import socket
from time import monotonic
from typing import Any, Protocol

from garrison.wire.examination import UNPREPARED, Answer, encode_answer, encode_ready, receive_batch

MIB = 1024 * 1024


class Unprepared(Exception):  # no error of ours: a worker that is prepared does it
    """What the object needs was not made ready before the sandbox closed. needs: what it is, for `prepare`."""

    def __init__(self, needs: str) -> None:
        super().__init__()
        self.needs = needs


class Budget(Protocol):
    """What `garrison.engine.budget.Budget` asks for, said here so that this loop knows no engine."""

    def spent(self) -> bool:
        """Return whether to stop now."""
        ...


class Examiner(Protocol):
    """What a worker is for; opened once in the fork server."""

    def prepare(self, needs: str) -> None:
        """Make ready, in the fork server, what only some objects need. Raises GarrisonError when it cannot be done.

        needs: as a worker said it in Unprepared, so not to be believed, or EVERYTHING.
        """
        ...

    def look_ahead(self) -> None:
        """Make ready, in the fork server and while nobody waits for it, what workers will want."""
        ...

    def warm_up(self) -> None:
        """Do, in the worker and before its sandbox closes, what cannot be done later: start threads, load modules."""
        ...

    def examine(self, descriptor: int, name: str, budget: Budget) -> Any:
        """Return what is to be said of an object, as plain data. Raises Unprepared."""
        ...


class Deadline:
    """The time one object may take. seconds: from now."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def spent(self) -> bool:
        """Return whether the time is over."""
        return monotonic() >= self._end


class Service:
    """One worker's loop. memory_bytes and cpu_seconds: beyond these it asks to be replaced by a fresh worker."""

    def __init__(self, examiner: Examiner, seconds: float, memory_bytes: int, cpu_seconds: float) -> None:
        self._examiner = examiner
        self._seconds = seconds
        self._memory_bytes = memory_bytes + _peak_bytes()
        self._cpu_seconds = cpu_seconds

    def serve(self, connection: socket.socket) -> None:
        """Greet, then examine what comes until the pool closes the connection. Raises Nonsense, OSError."""
        connection.sendall(encode_ready())
        while True:
            received = receive_batch(connection)
            if received is None:
                return
            batch, descriptors = received
            for index, (name, descriptor) in enumerate(zip(batch.names, descriptors, strict=True)):
                answer = self._answer(index, name, descriptor)
                os.close(descriptor)
                connection.sendall(answer)

    def _answer(self, index: int, name: str, descriptor: int) -> bytes:
        try:
            verdict = self._examiner.examine(descriptor, name, Deadline(self._seconds))
            return encode_answer(Answer(index, verdict, tired=self._is_tired()))
        except Unprepared as reason:
            failed = Answer(index, None, UNPREPARED, reason.needs, tired=True)
        except MemoryError:
            failed = Answer(index, None, "memory", "out of memory", tired=True)
        except Exception as error:  # noqa: BLE001 # the outermost loop: what the engine did not expect is an answer too
            failed = Answer(index, None, "crashed", _describe(error), tired=True)
        return encode_answer(failed)  # here, where the exception has let go of what filled the memory

    def _is_tired(self) -> bool:
        usage = resource.getrusage(resource.RUSAGE_SELF)  # once: it is asked after each object
        return usage.ru_utime + usage.ru_stime > self._cpu_seconds or usage.ru_maxrss * 1024 > self._memory_bytes


def _peak_bytes() -> int:
    """Return the most memory this process has held since it was forked (getrusage(2): in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _describe(error: Exception) -> str:
    """Return the kind of error and the line it came from; never its text, which may quote the object."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})" if trace else ""
    return f"raised {type(error).__name__}{where}"
