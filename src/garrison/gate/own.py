"""Which processes are ours: what they open is never asked about, or the gate would wait for itself."""

import os
import time

_STRANGE_SECONDS = 0.05  # in which no number comes to be another process


class Own:
    """Knows the keeper, the gate and the daemon by number, and the gate's fork servers, with all they start.

    Each fork server leads a session of its own and is a child of this process, so that it is known from its first
    moment, also while this process still starts it, and nobody else can pose as one.
    """

    def __init__(self) -> None:
        self._session = os.getsid(0)
        self._numbers = {os.getpid()}
        self._stranger = (0, 0.0)  # who was asked about last, and until when he is none of ours

    def name(self, *numbers: int) -> None:
        """Say which further processes are ours, instead of those said before."""
        self._numbers = {os.getpid(), *(number for number in numbers if number > 1)}
        self._stranger = (0, 0.0)

    def has(self, process: int) -> bool:
        """Return whether a process that waits for an answer is ours."""
        if process in self._numbers:
            return True
        now = time.monotonic()
        stranger, until = self._stranger
        if process == stranger and now < until:
            return False
        if self._is_of_ours(process):
            return True
        self._stranger = (process, now + _STRANGE_SECONDS)
        return False

    def _is_of_ours(self, process: int) -> bool:
        if process <= 0:  # of another view of processes; to the calls below, 0 would be this one
            return False
        try:
            leader = os.getsid(process)
            if leader <= 0:  # likewise, or of no session, which may be true of this process too
                return False
            if leader == self._session:
                return True
            os.waitid(os.P_PID, leader, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except (ChildProcessError, ProcessLookupError):  # no child of ours; no process any more
            return False
        return True
