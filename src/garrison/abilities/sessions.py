"""Sessions of the console: who opened it, by which one-time ticket, and for how long it stays open.

Kept in memory only, and of tickets and tokens only the digests: a suite that starts anew has signed everybody out.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from garrison.base.clock import Clock
from garrison.base.errors import Refused
from garrison.sdk import Caller

TICKET_SECONDS = 60.0
_TICKET_BYTES, _TOKEN_BYTES = 16, 32
_MOST_TICKETS, _MOST_SESSIONS = 16, 32  # of one account; the oldest give way

# What the console turns away, and how the journal puts it. {detail}: what was seen.
REFUSALS = {
    "host": "it was addressed to {detail}, which is not this console's name",
    "origin": "it came from the page of another site ({detail})",
    "csrf": "it did not carry the token of a page of the console",
    "size": "it was too long",
    "malformed": "it was malformed",
    "ticket": "its one-time link was used already, too old, or never given out",
    "session": "it carried no session that is open",
}


@dataclass(frozen=True, slots=True)
class _Ticket:
    caller: Caller
    until: float


@dataclass(slots=True)
class _Session:
    caller: Caller
    began: float
    used: float


class Sessions:
    """Gives out tickets and sessions, and knows whose they are.

    process: the console's process number, 0 while there is none. on_refused: is told what was turned away.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: dict[bytes, _Ticket] = {}
        self._open: dict[bytes, _Session] = {}
        self._longest_seconds = 12 * 3600.0
        self._idle_seconds = 3600.0
        self.process = 0
        self.on_refused: Callable[[str, str], None] = lambda _what, _detail: None

    def limit(self, hours: int, idle_minutes: int) -> None:
        """Say how long a session lasts at the most, and how long when it is not used."""
        self._longest_seconds, self._idle_seconds = hours * 3600.0, idle_minutes * 60.0

    def ticket(self, caller: Caller) -> str:
        """Return a ticket for an account: good once, within a minute."""
        self._forget_old()
        own = [key for key, ticket in self._tickets.items() if ticket.caller.uid == caller.uid]
        for key in own[: max(0, len(own) - _MOST_TICKETS + 1)]:
            del self._tickets[key]
        made = secrets.token_urlsafe(_TICKET_BYTES)
        self._tickets[_digest(made)] = _Ticket(caller, self._clock.monotonic() + TICKET_SECONDS)
        return made

    def redeem(self, untrusted_ticket: str) -> str:
        """Return the token of a new session for a ticket, which is used up. Raises Refused."""
        self._forget_old()
        ticket = self._tickets.pop(_digest(untrusted_ticket), None)
        if ticket is None:
            self.refuse("ticket")
            raise Refused("This link was used already, or is too old.", "Open the console anew: garrison console")
        own = [key for key, session in self._open.items() if session.caller.uid == ticket.caller.uid]
        for key in own[: max(0, len(own) - _MOST_SESSIONS + 1)]:
            del self._open[key]
        made = secrets.token_urlsafe(_TOKEN_BYTES)
        now = self._clock.monotonic()
        self._open[_digest(made)] = _Session(ticket.caller, now, now)
        return made

    def caller(self, untrusted_token: str) -> Caller:
        """Return whose session it is, which counts as used. Raises Refused."""
        self._forget_old()
        session = self._open.get(_digest(untrusted_token))
        if session is None:
            raise Refused("You are not signed in, or no longer.", "Open the console anew: garrison console")
        session.used = self._clock.monotonic()
        return session.caller

    def end(self, untrusted_token: str) -> None:
        """Sign one session out."""
        self._open.pop(_digest(untrusted_token), None)

    def end_all(self, caller: Caller) -> int:
        """Sign out all sessions that a caller may see; return how many there were."""
        own = [key for key, session in self._open.items() if caller.sees(session.caller.uid)]
        for key in own:
            del self._open[key]
        for key in [key for key, ticket in self._tickets.items() if caller.sees(ticket.caller.uid)]:
            del self._tickets[key]
        return len(own)

    def refuse(self, untrusted_what: str, untrusted_detail: str = "") -> None:
        """Note that a request was turned away; what is not known counts as malformed."""
        what = untrusted_what if untrusted_what in REFUSALS else "malformed"
        self.on_refused(what, untrusted_detail[:200])

    @property
    def is_idle(self) -> bool:
        """Whether nobody is signed in, nor about to be."""
        self._forget_old()
        return not self._open and not self._tickets

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, ticket in self._tickets.items() if now >= ticket.until]:
            del self._tickets[key]
        for key, session in list(self._open.items()):
            if now - session.began >= self._longest_seconds or now - session.used >= self._idle_seconds:
                del self._open[key]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
