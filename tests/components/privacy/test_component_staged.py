"""Tests of the privacy component on a stage: what is written down, and what is shown of it to whom."""

import asyncio
from typing import Any

import pytest

from garrison import sdk
from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.errors import Refused
from garrison.components.privacy.component import Privacy, RequestMade
from garrison.sdk.testing import Staged, stage
from tests.abilities.things import NOBODY

PURPOSE = {"id": "updates.databases", "title": "Updates", "given": True, "text": "We ask.", "at": "", "outdated": False}


def staged_with(journal: list[dict[str, Any]]) -> tuple[Staged[Privacy], Outgoing]:
    outgoing = Outgoing(lambda _: True)
    staged = stage(Privacy, outgoing=outgoing)

    def page(**asked: Any) -> list[dict[str, Any]]:
        rows = [row for row in journal if not asked["before"] or row["id"] < asked["before"]]
        return rows[: asked["limit"]]

    staged.host.results |= {"suite.journal": page, "suite.consents": [PURPOSE]}
    return staged, outgoing


def row(number: int, host: str, name: str = "RequestMade") -> dict[str, Any]:
    details = {
        "at": f"2026-11-24T12:00:{number % 60:02}+00:00",
        "host": host,
        "requester": "updates",
        "purpose": "databases",
        "bytes_sent": 100,
        "bytes_received": 1000,
        "outcome": "200",
    }
    return {"id": number, "name": name, "details": details}


def test_each_request_is_reported_with_what_it_was_for() -> None:
    staged, outgoing = staged_with([])
    outgoing.record(Request("2026-11-24T12:00:00+00:00", "feeds.example", "databases", "updates", 120, 4000, "200"))
    (event,) = staged.reported
    assert isinstance(event, RequestMade)
    assert str(sdk.Text(event.says, **event.model_dump())) == (
        "feeds.example was asked, for updates.databases: 120 bytes sent, 4000 received, 200"
    )


def test_the_ledger_shows_one_host_or_all_over_many_pages() -> None:
    rows = [row(number, f"host{number % 2}.example") for number in range(2500, 0, -1)]
    staged, _ = staged_with(rows)
    every = asyncio.run(staged.ask("outgoing", limit=100_000))
    assert len(every) == 2500
    one = asyncio.run(staged.ask("outgoing", host="host1.example"))
    assert len(one) == 1000
    assert {found.host for found in one} == {"host1.example"}
    assert one[0].purpose == "updates.databases"


def test_a_host_with_a_similar_name_is_another() -> None:
    staged, _ = staged_with([row(2, "a.example"), row(1, "data.example"), row(3, "a.example", "OtherEvent")])
    assert len(asyncio.run(staged.ask("outgoing", host="a.example"))) == 1


def test_consents_are_shown_with_what_they_came_to() -> None:
    staged, _ = staged_with([row(number, "a.example") for number in range(3, 0, -1)])
    (found,) = asyncio.run(staged.ask("consents"))
    assert (found.purpose, found.agreed, found.requests, found.sent, found.received) == (
        "updates.databases",
        True,
        3,
        300,
        3000,
    )


@pytest.mark.parametrize("operation", ["outgoing", "consents"])
def test_only_the_owner_sees_whom_the_suite_asked(operation: str) -> None:
    staged, _ = staged_with([])
    with pytest.raises(Refused, match="owner"):
        asyncio.run(staged.ask(operation, sdk.Caller(NOBODY, NOBODY)))
