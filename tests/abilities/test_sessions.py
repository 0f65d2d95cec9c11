"""Tickets and sessions of the console."""

from datetime import timedelta

import pytest

from garrison.abilities.sessions import REFUSALS, Sessions
from garrison.base.errors import Refused
from tests.daemon.parts import ANNA, BERND, ROOT, clock


def test_a_ticket_opens_one_session_of_its_account() -> None:
    sessions = Sessions(clock())
    ticket = sessions.ticket(ANNA)
    token = sessions.redeem(ticket)
    assert sessions.caller(token) == ANNA
    assert len(ticket) >= 22  # 128 bits
    assert len(token) >= 43  # 256 bits
    refused: list[str] = []
    sessions.on_refused = lambda what, _: refused.append(what)
    for stolen in (ticket, "", "\udcff", "x" * 1000):
        with pytest.raises(Refused):
            sessions.redeem(stolen)
    assert refused == ["ticket"] * 4


def test_neither_tickets_nor_tokens_are_kept() -> None:
    sessions = Sessions(clock())
    ticket = sessions.ticket(ANNA)
    assert ticket not in repr(vars(sessions))
    assert sessions.redeem(ticket) not in repr(vars(sessions))


def test_a_ticket_is_good_for_a_minute() -> None:
    time = clock()
    sessions = Sessions(time)
    ticket = sessions.ticket(ANNA)
    time.advance(timedelta(seconds=60))
    with pytest.raises(Refused):
        sessions.redeem(ticket)
    assert sessions.is_idle


@pytest.mark.parametrize(("steps", "is_open"), [([29] * 4, True), ([31], False), ([29] * 5, False)])
def test_a_session_ends_when_it_is_not_used_or_has_lasted_long_enough(steps: list[int], is_open: bool) -> None:
    time = clock()
    sessions = Sessions(time)
    sessions.limit(hours=2, idle_minutes=30)
    token = sessions.redeem(sessions.ticket(ANNA))
    for minutes in steps[:-1]:
        time.advance(timedelta(minutes=minutes))
        sessions.caller(token)
    time.advance(timedelta(minutes=steps[-1]))
    assert sessions.is_idle is not is_open
    if is_open:
        assert sessions.caller(token) == ANNA
    else:
        with pytest.raises(Refused):
            sessions.caller(token)


def test_everywhere_is_what_one_may_see() -> None:
    sessions = Sessions(clock())
    of_anna, of_bernd = (sessions.redeem(sessions.ticket(who)) for who in (ANNA, BERND))
    waiting = sessions.ticket(ANNA)
    assert sessions.end_all(ANNA) == 1
    with pytest.raises(Refused):
        sessions.redeem(waiting)
    with pytest.raises(Refused):
        sessions.caller(of_anna)
    assert sessions.caller(of_bernd) == BERND
    assert sessions.end_all(ROOT) == 1
    sessions.end("unknown")


def test_one_account_has_so_many_and_no_more() -> None:
    sessions = Sessions(clock())
    of_bernd = sessions.redeem(sessions.ticket(BERND))
    tokens = [sessions.redeem(sessions.ticket(ANNA)) for _ in range(40)]
    with pytest.raises(Refused):
        sessions.caller(tokens[0])
    assert sessions.caller(tokens[-1]) == ANNA
    assert sessions.caller(of_bernd) == BERND
    tickets = [sessions.ticket(ANNA) for _ in range(20)]
    with pytest.raises(Refused):
        sessions.redeem(tickets[0])


def test_an_unknown_refusal_counts_as_malformed() -> None:
    sessions = Sessions(clock())
    told: list[tuple[str, str]] = []
    sessions.on_refused = lambda what, detail: told.append((what, detail))
    sessions.refuse("nonsense", "x" * 500)
    assert told == [("malformed", "x" * 200)]
    assert "malformed" in REFUSALS
