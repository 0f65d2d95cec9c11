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

    has_consent: says of a purpose (COMPONENT.PURPOSE) whether the suite's owner agreed to it, as it is worded today.
    on_request: takes each request, once somebody keeps the ledger.
    """

    def __init__(self, has_consent: Callable[[str], bool]) -> None:
        self._has_consent = has_consent
        self.on_request: Callable[[Request], None] = _forget

    def check(self, component: str, purpose: str) -> None:
        """Raise Refused when nobody agreed to a purpose."""
        name = f"{component}.{purpose}"
        if not self._has_consent(name):
            raise Refused(
                f"Nothing is sent out for “{name}”: you have not agreed to it.",
                f"garrison consents shows what it is for; to agree: garrison consents give {name}",
                fix="suite.consent-give",
            )

    def record(self, request: Request) -> None:
        """Write a request down."""
        self.on_request(request)


def _forget(request: Request) -> None:
    del request
