"""The ledger of outgoing data."""

import pytest

from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.errors import Refused


def test_only_what_was_agreed_to_may_go_out() -> None:
    outgoing = Outgoing(lambda name: True if name == "updates.databases" else None)
    outgoing.check("updates", "databases")
    with pytest.raises(Refused, match=r"updates\.statistics") as refused:
        outgoing.check("updates", "statistics")
    assert "garrison consents give updates.statistics" in refused.value.hint


def test_who_asks_by_hand_agrees_for_this_time_unless_they_said_no() -> None:
    Outgoing(lambda _: None).check("updates", "databases", by_hand=True)
    with pytest.raises(Refused):
        Outgoing(lambda _: False).check("updates", "databases", by_hand=True)


def test_requests_go_to_whoever_keeps_the_ledger() -> None:
    outgoing = Outgoing(lambda _: True)
    request = Request("2026-11-24", "a.example", "databases", "updates", 1, 2, "200")
    outgoing.record(request)  # nobody is there yet
    kept: list[Request] = []
    outgoing.on_request = kept.append
    outgoing.record(request)
    assert kept == [request]
