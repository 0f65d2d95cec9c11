import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from garrison.base.errors import Invalid, NotFound, Refused
from garrison.daemon.inbox import Inbox
from garrison.sdk import Question, Text
from tests.daemon.parts import ANNA, BERND, ROOT, clock, store

YES_NO = {"yes": "Keep it", "no": "Drop it"}


def question(name: str = "x", wait_seconds: float = 3600.0) -> Question:
    return Question("keep", Text("Keep {name}?", name=name), YES_NO, default="no", wait_seconds=wait_seconds)


async def asked(inbox: Inbox, count: int = 1) -> None:
    """Wait until so many questions are open."""
    while len(inbox.cards(ROOT)) < count:  # noqa: ASYNC110 # there is no event to wait for
        await asyncio.sleep(0)


def test_an_answer_wakes_whoever_asked(tmp_path: Path) -> None:
    async def run(inbox: Inbox) -> list[str]:
        async with asyncio.TaskGroup() as group:
            one = group.create_task(inbox.ask("sample", question("\udcff"), 1001))
            two = group.create_task(inbox.ask("sample", question("\udcff"), 1001))
            await asked(inbox)
            (card,) = inbox.cards(ANNA)
            assert (card.details, card.choices, card.answer) == ({"name": "\udcff"}, YES_NO, "")
            inbox.answer(ANNA, card.id, "yes")
        return [one.result(), two.result()]

    with store(tmp_path) as opened:
        inbox = Inbox(opened, clock())
        assert asyncio.run(run(inbox)) == ["yes", "yes"]
        assert inbox.cards(ANNA) == []
        assert [card.answer for card in inbox.cards(ANNA, with_answered=True)] == ["yes"]


def test_people_see_and_answer_their_own(tmp_path: Path) -> None:
    async def run(inbox: Inbox) -> str:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(inbox.ask("sample", question(), 1001))
            await asked(inbox)
            number = inbox.cards(ROOT)[0].id
            assert inbox.cards(BERND) == []
            with pytest.raises(NotFound):
                inbox.answer(BERND, number, "yes")
            with pytest.raises(NotFound):
                inbox.answer(ANNA, number + 1, "yes")
            for nonsense in (10**30, -(10**30)):
                with pytest.raises(NotFound):
                    inbox.answer(ANNA, nonsense, "yes")
            with pytest.raises(Invalid):
                inbox.answer(ANNA, number, "\udcff")
            inbox.answer(ROOT, number, "yes")
            with pytest.raises(Refused):
                inbox.answer(ANNA, number, "no")
        return asking.result()

    with store(tmp_path) as opened:
        assert asyncio.run(run(Inbox(opened, clock()))) == "yes"


def test_nobody_answers_in_time(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        inbox = Inbox(opened, clock())
        assert asyncio.run(inbox.ask("sample", question(wait_seconds=0.01), 0)) == "no"
        assert inbox.cards(ROOT) == []


async def _interrupted(inbox: Inbox, asked_question: Question) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await inbox.ask("sample", asked_question, 1001)


def test_an_answer_waits_for_a_restart(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        asyncio.run(_interrupted(Inbox(opened, clock()), question()))
    with store(tmp_path) as opened:  # answered while nobody waits
        inbox = Inbox(opened, clock())
        inbox.answer(ANNA, inbox.cards(ANNA)[0].id, "yes")
    with store(tmp_path) as opened:
        inbox = Inbox(opened, clock())
        assert asyncio.run(inbox.ask("sample", question("other words", 0.01), 1001)) == "no"
        assert asyncio.run(inbox.ask("other", question(wait_seconds=0.01), 1001)) == "no"
        assert asyncio.run(inbox.ask("sample", question(wait_seconds=0.01), 1002)) == "no"
        assert asyncio.run(inbox.ask("sample", question(wait_seconds=0.01), 1001)) == "yes"
        assert asyncio.run(inbox.ask("sample", question(wait_seconds=0.01), 1001)) == "no"  # it was given once


def test_a_question_asked_again_is_the_same_and_keeps_its_time(tmp_path: Path) -> None:
    when = clock()
    with store(tmp_path) as opened:
        asyncio.run(_interrupted(Inbox(opened, when), question()))
        when.advance(timedelta(minutes=59))
        asyncio.run(_interrupted(Inbox(opened, when), question()))
        assert len(Inbox(opened, when).cards(ROOT)) == 1
        when.advance(timedelta(minutes=2))
        assert Inbox(opened, when).cards(ROOT) == []  # time was up
        assert asyncio.run(Inbox(opened, when).ask("sample", question(), 1001)) == "no"


def test_the_fallback_must_be_a_choice(tmp_path: Path) -> None:
    with store(tmp_path) as opened, pytest.raises(Invalid):
        asyncio.run(Inbox(opened, clock()).ask("sample", Question("a", Text("A?"), {"b": "B"}, default="c"), 0))


def test_an_answer_for_always_is_given_without_asking_until_it_is_forgotten(tmp_path: Path) -> None:
    async def first(inbox: Inbox) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(inbox.ask("sample", question("a"), 1001))
            await asked(inbox)
            inbox.answer(ANNA, inbox.cards(ANNA)[0].id, "yes", always=True)

    with store(tmp_path) as opened:
        asyncio.run(first(Inbox(opened, clock())))
    with store(tmp_path) as opened:
        inbox = Inbox(opened, clock())
        assert asyncio.run(inbox.ask("sample", question("other words"), 1001)) == "yes"
        assert inbox.cards(ROOT) == []
        assert asyncio.run(inbox.ask("sample", question("b", 0.01), 1002)) == "no"  # another account
        other = Question("keep", Text("Keep?"), {"maybe": "Maybe"}, default="maybe", wait_seconds=0.01)
        assert asyncio.run(inbox.ask("sample", other, 1001)) == "maybe"  # it is no choice any more
        assert [(each.name, each.choice) for each in inbox.remembered(ANNA)] == [("keep", "yes")]
        assert inbox.remembered(BERND) == []
        with pytest.raises(NotFound):
            inbox.forget(BERND, "sample.keep")
        assert inbox.forget(ANNA, "sample.keep") == 1
        assert inbox.forget(ANNA, "") == 0
        assert asyncio.run(inbox.ask("sample", question("c", 0.01), 1001)) == "no"
