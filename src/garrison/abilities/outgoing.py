"""The ledger of outgoing data: whether a request may be made, and that it was."""

from collections.abc import Callable
from dataclasses import dataclass

from garrison.base.errors import Refused


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the suite made. at: ISO 8601. outcome: the status, or in words what went wrong.

    purpose: what for, one of the component's purposes. Bytes are those on the line, encryption and headers included.
    """

    at: str
    host: str
    purpose: str
    component: str
    bytes_sent: int
    bytes_received: int
    outcome: str


class Outgoing:
    """Whatever sends data asks here first, and says here what it sent.

    word: returns what the suite's owner last said of a purpose (COMPONENT.PURPOSE) as it is worded today: that they
    agree, that they do not, or None. on_request: takes each request, once somebody keeps the ledger.
    """

    def __init__(self, word: Callable[[str], bool | None]) -> None:
        self._word = word
        self.on_request: Callable[[Request], None] = _forget

    def check(self, component: str, purpose: str, *, by_hand: bool = False) -> None:
        """Raise Refused when nobody agreed to a purpose.

        by_hand: a person asks for it just now, and with that agrees for this one time, unless they said no before.
        """
        name = f"{component}.{purpose}"
        word = self._word(name)
        if word is False or (word is None and not by_hand):
            raise Refused(
                "Nothing is sent out for “{name}”: you have not agreed to it.",
                "garrison consents shows what it is for; to agree: garrison consents give {name}",
                fix="suite.consent-give",
                name=name,
            )

    def record(self, request: Request) -> None:
        """Write a request down."""
        self.on_request(request)


def _forget(request: Request) -> None:
    del request
