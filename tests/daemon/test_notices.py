import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from garrison.abilities.notices import Notice
from garrison.base.errors import NotFound
from garrison.daemon.inbox import Inbox
from garrison.daemon.notices import NoticeBoard
from garrison.sdk import Question, Severity, Text
from tests.daemon.parts import ANNA, BERND, ROOT, clock, store


def notice(name: str = "\udcff", owner: int = 1001) -> Notice:
    return Notice("scan", "ThreatFound", Severity.CRITICAL, owner, "Found {name}", {"name": name}, on_desktop=True)


def test_a_notice_is_kept_until_each_account_that_may_see_it_has_read_it(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        number = NoticeBoard(opened, clock()).keep(notice())
    with store(tmp_path) as opened:  # after a restart
        board = NoticeBoard(opened, clock())
        board.keep(notice(owner=0))
        (kept,) = board.all(ANNA)
        assert (kept.text, kept.severity, kept.id, kept.on_desktop) == ("Found \udcff", "critical", number, True)
        assert board.all(BERND) == []
        assert [each.owner for each in board.all(ROOT)] == [0]
        with pytest.raises(NotFound):
            board.mark_read(BERND, number)
        assert board.mark_read(ANNA, number) == 1
        assert board.mark_read(ANNA, None) == 0
        assert board.all(ANNA) == []
        assert board.unread(ROOT) == 1
        assert [each.is_read for each in board.all(ANNA, with_read=True)] == [True]


def test_old_ones_and_too_many_are_let_go_and_no_number_is_used_again(tmp_path: Path) -> None:
    when = clock()
    with store(tmp_path) as opened:
        board = NoticeBoard(opened, when)
        board.limit(days=2, most=3)
        for name in "abcde":
            board.keep(notice(name))
        assert [each.text for each in board.all(ANNA)] == ["Found c", "Found d", "Found e"]
        when.advance(timedelta(days=3))
        last = board.keep(notice("f"))
        assert [each.text for each in board.all(ANNA)] == ["Found f"]
        assert last == 6
        assert [each.id for each in board.after(ANNA, 5, 10)] == [6]
        assert board.after(ANNA, 6, 10) == []
        assert board.newest() == 6


def test_numbers_of_questions_and_notices_differ_and_both_wake_whoever_waits(tmp_path: Path) -> None:
    async def run(inbox: Inbox) -> list[int]:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(inbox.notices.changed())
            await asyncio.sleep(0)
            first = inbox.notices.keep(notice())
            await waiting
            waiting = group.create_task(inbox.notices.changed())
            await asyncio.sleep(0)
            asking = group.create_task(inbox.ask("scan", Question("keep", Text("Keep?"), {"yes": "Yes"}, "yes"), 1001))
            await waiting
            (question,) = inbox.notices.questions(ANNA)
            third = inbox.notices.keep(notice())
            inbox.answer(ANNA, question.id, "yes")
            await asking
            assert inbox.notices.questions(ANNA) == []
        return [first, question.id, third]

    with store(tmp_path) as opened:
        assert asyncio.run(run(Inbox(opened, clock()))) == [1, 2, 3]
