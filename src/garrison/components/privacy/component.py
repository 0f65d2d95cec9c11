"""The privacy component."""

from typing import Annotated, Any

from garrison import sdk
from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.errors import Refused

_PAGE = 1000  # rows of the journal at a time


class RequestMade(sdk.Event):
    """A request went out. component, purpose: what it was for. Bytes: on the line, encryption and headers included."""

    says = "{host} was asked, for {requester}.{purpose}: {bytes_sent} bytes sent, {bytes_received} received, {outcome}"
    at: str
    host: sdk.UntrustedText
    requester: str
    purpose: str
    bytes_sent: int
    bytes_received: int
    outcome: sdk.UntrustedText


class RequestRow(sdk.Frozen):
    """A request that the suite made."""

    at: str
    host: sdk.UntrustedText
    purpose: str
    sent: int
    received: int
    outcome: sdk.UntrustedText


class PurposeRow(sdk.Frozen):
    """A purpose of sending data, whether you agreed to it, and what it came to in the last days."""

    purpose: str
    title: str
    agreed: bool
    requests: int
    sent: int
    received: int
    text: str


class Privacy(sdk.Component[sdk.Settings]):
    """Shows every request that the suite made, what it was for, and what you agreed to."""

    id = "privacy"
    title = "Privacy"
    feature = sdk.Feature.CORE
    events = (RequestMade,)
    default_operation = "consents"

    def __init__(self, host: sdk.Host, settings: sdk.Settings, outgoing: Outgoing) -> None:
        super().__init__(host, settings)
        outgoing.on_request = self._report  # also while this is switched off: the ledger has no gaps

    def _report(self, request: Request) -> None:
        self.host.report(
            RequestMade(
                at=request.at,
                host=request.host,
                requester=request.component,
                purpose=request.purpose,
                bytes_sent=request.bytes_sent,
                bytes_received=request.bytes_received,
                outcome=request.outcome,
            )
        )

    @sdk.action("Outgoing data", access=sdk.Access.VIEW)
    async def outgoing(
        self,
        caller: sdk.Caller,
        days: Annotated[int, sdk.about("Of the last so many days; 0: of all the journal", ge=0, le=36_500)] = 30,
        host: Annotated[str, sdk.about("To this host only", max_length=300)] = "",
        limit: Annotated[int, sdk.about("So many at the most", ge=1, le=100_000)] = 1000,
    ) -> list[RequestRow]:
        """List the requests that the suite made, newest first: when, to whom, what for, and how much."""
        _owner_only(caller)
        rows = await self._ledger(caller, days, host, limit)
        return [
            RequestRow(
                at=row["at"],
                host=row["host"],
                purpose=_purpose(row),
                sent=row["bytes_sent"],
                received=row["bytes_received"],
                outcome=row["outcome"],
            )
            for row in rows
        ]

    @sdk.action("What you agreed to", access=sdk.Access.VIEW)
    async def consents(
        self,
        caller: sdk.Caller,
        days: Annotated[int, sdk.about("Count the requests of the last so many days", ge=0, le=36_500)] = 30,
    ) -> list[PurposeRow]:
        """List what data may be sent out for, if you agree to it, and how much it was of late."""
        _owner_only(caller)
        agreed = await self.host.call("suite.consents", caller)
        rows = await self._ledger(caller, days, "", _PAGE * 100)
        by_purpose: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_purpose.setdefault(_purpose(row), []).append(row)
        return [_summed(consent, by_purpose.get(consent["id"], [])) for consent in agreed]

    async def _ledger(self, caller: sdk.Caller, days: int, host: str, limit: int) -> list[dict[str, Any]]:
        """Return the details of the requests in the journal, newest first."""
        found: list[dict[str, Any]] = []
        before = 0
        while len(found) < limit:
            rows = await self.host.call(
                "suite.journal", caller, component=self.id, text=host, days=days, before=before, limit=_PAGE
            )
            details = (row["details"] for row in rows if row["name"] == RequestMade.__name__)
            found += [row for row in details if host in {"", row["host"]}]
            if len(rows) < _PAGE:
                break
            before = rows[-1]["id"]
        return found[:limit]


def _purpose(row: dict[str, Any]) -> str:
    return f"{row['requester']}.{row['purpose']}"


def _summed(consent: dict[str, Any], rows: list[dict[str, Any]]) -> PurposeRow:
    return PurposeRow(
        purpose=consent["id"],
        title=consent["title"],
        agreed=consent["given"],
        requests=len(rows),
        sent=sum(row["bytes_sent"] for row in rows),
        received=sum(row["bytes_received"] for row in rows),
        text=consent["text"],
    )


def _owner_only(caller: sdk.Caller) -> None:
    """Refuse an account that the suite does not belong to: its requests tell what others are about. Raises Refused."""
    if not caller.is_owner:
        raise Refused(
            "Only the owner of this computer may see what the suite sent out.",
            "Ask whoever looks after this computer, or use sudo.",
        )
