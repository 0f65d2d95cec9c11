"""Tickets: who gave the password lately. Each is for one account in one session, and is good for five minutes.

A session is that of the terminal, or of the desktop, that the caller's process belongs to (setsid(2)), or one of the
console. Kept in memory only: a suite that starts anew asks again.
"""

import contextlib
import hashlib
import os
import socket
import struct
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from garrison.abilities.rights import SCOPE_TITLES, Scope
from garrison.base.clock import Clock, SystemClock
from garrison.base.errors import PasswordNeeded
from garrison.sdk import Caller

SESSION: ContextVar[str] = ContextVar("session", default="")  # of the request that is being answered
GOOD_SECONDS = 300.0
_CREDENTIALS = struct.Struct("iII")  # struct ucred: process, user, group
_MOST = 1000


class Tickets:
    """Knows what is protected, and who may do it now. is_protected: asked of a scope; nothing is without a password."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._until: dict[tuple[int, str], float] = {}
        self.is_protected: Callable[[Scope], bool] = lambda _: False

    def check(self, caller: Caller, scope: Scope) -> None:
        """Raise PasswordNeeded where something is protected and the password was not given lately."""
        if self.is_protected(scope) and not self.is_good(caller):
            raise PasswordNeeded(
                "“{title}” needs the password.", "Give it with: garrison unlock", title=SCOPE_TITLES[scope]
            )

    def is_good(self, caller: Caller) -> bool:
        """Whether the caller gave the password lately, in the session of the request that is being answered."""
        session = SESSION.get()
        return bool(session) and self._clock.monotonic() < self._until.get((caller.uid, session), 0.0)

    def give(self, caller: Caller) -> bool:
        """Note that the password was given; return False for a caller whose session nobody can tell."""
        session, now = SESSION.get(), self._clock.monotonic()
        self._until = {key: until for key, until in self._until.items() if until > now}
        if not session or len(self._until) >= _MOST:
            return False
        self._until[caller.uid, session] = now + GOOD_SECONDS
        return True

    def take_back(self, caller: Caller) -> None:
        """End the ticket of this session."""
        self._until.pop((caller.uid, SESSION.get()), None)

    def take_back_all(self) -> None:
        """End all tickets: the password is another."""
        self._until.clear()


def session_of(connection: socket.socket) -> str:
    """Return the session of the process at the other end, "" when nobody can tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process, _, _ = _CREDENTIALS.unpack(raw)
        if process > 0:
            session = os.getsid(process)
            return f"process {session} {_began(session)}"
    return ""


def _began(process: int) -> str:
    """Return when a process began, in ticks since the boot (proc(5)), so that its number given anew is another."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "ended"


def session_of_token(untrusted: Any) -> str:
    """Return the session of the console that a token stands for."""
    if not isinstance(untrusted, str):
        return ""
    return "console " + hashlib.sha256(untrusted.encode("utf-8", "surrogatepass")).hexdigest()
