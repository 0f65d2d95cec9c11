"""The journal keeps within its limits, and stays provable."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from garrison.base.clock import FakeClock
from garrison.base.errors import Failed
from garrison.daemon.journal import Journal
from garrison.daemon.journal_cut import Limits
from garrison.daemon.journal_verify import first_broken
from garrison.daemon.reports.query import Query
from garrison.daemon.store import Store
from garrison.sdk import Event, UntrustedText
from tests.daemon.parts import clock, store

MIB = 1024 * 1024


class Seen(Event):
    says: ClassVar[str] = "{path} was seen"
    path: UntrustedText


def broken(journal: Journal) -> int | None:
    return asyncio.run(first_broken(journal))


def keep(journal: Journal, limits: Limits) -> None:
    journal.retention.keep(limits)
    journal.retention.all()


def names(journal: Journal) -> list[str]:
    return [row.details.get("path", row.name) for row in reversed(journal.rows(Query(limit=10_000)))]


def aged(opened: Store, when: FakeClock) -> Journal:
    """A journal of one row a day, of which those of the last three days are kept."""
    journal = Journal(opened, when)
    for number in range(8):
        journal.append("scan", Seen(path=f"/{number}"), 0)
        when.advance(timedelta(days=1))
    keep(journal, Limits(days=3))
    return journal


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        when = clock()
        journal = aged(opened, when)
        assert names(journal) == ["/5", "/6", "/7", "JournalCut"]
        assert (broken(journal), journal.cut_rows()) == (None, 5)
        when.advance(timedelta(days=1))
        journal.append("scan", Seen(path="/later"), 0)  # the hourly look
        assert names(journal) == ["/6", "/7", "JournalCut", "/later", "JournalCut"]
        assert (broken(journal), journal.cut_rows()) == (None, 6)
        again = Journal(opened, when)
        when.advance(timedelta(days=100))
        again.append("scan", Seen(path="/much later"), 0)
        keep(again, Limits(days=3))
        assert (names(again), broken(again)) == (["/much later", "JournalCut"], None)


def test_what_is_too_much_goes_while_it_is_written(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        journal = Journal(opened, clock())
        keep(journal, Limits(mib=4))
        for number in range(8000):
            journal.append("scan", Seen(path=f"/{number}/" + "x" * (number % 3000)), 0)
            assert opened.used_bytes() < 5 * MIB
        rows = names(journal)
        assert rows[-1].startswith(("/7999", "JournalCut"))
        assert len(rows) > 1000
        assert broken(journal) is None
        keep(journal, Limits(mib=2))
        assert opened.path.stat().st_size < 5 * MIB  # the disk has it back
        keep(journal, Limits(mib=1))
        assert len(names(journal)) >= 1000  # so many are kept, whatever they take


CHANGES = {
    "a changed sentence": "UPDATE event SET says = 'x' WHERE id = 7",
    "a changed row at the start": "UPDATE event SET details = replace(details, '/5', '/9') WHERE id = 6",
    "the first row removed": "DELETE FROM event WHERE id = 6",
    "a row removed": "DELETE FROM event WHERE id = 7",
    "the last row removed": "DELETE FROM event WHERE id = 9",
    "all rows removed": "DELETE FROM event",
    "rows swapped": "UPDATE event SET id = CASE id WHEN 7 THEN -3 ELSE -2 END WHERE id IN (7, 8)",
    "a row put where others were cut": "INSERT INTO event SELECT 5, at, component, name, severity, owner, says,"
    " details, chain FROM event WHERE id = 6",
    "a row put at nought": "INSERT INTO event SELECT 0, at, component, name, severity, owner, says,"
    " details, chain FROM event WHERE id = 6",
    "the checkpoint removed": "DELETE FROM checkpoint",
    "fewer said to be cut": "UPDATE checkpoint SET cut = 4",
    "another place": "UPDATE checkpoint SET event = 3",
    "another chain": "UPDATE checkpoint SET chain = zeroblob(32)",
    "none said to be broken": "UPDATE checkpoint SET broken = 5",
    "more cut, and the checkpoint with it": "UPDATE checkpoint SET event = 7, cut = 7,"
    " chain = (SELECT chain FROM event WHERE id = 7); DELETE FROM event WHERE id < 8",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("goes_on", [False, True])
def test_whatever_is_changed_after_a_cut_is_found(tmp_path: Path, change: str, goes_on: bool) -> None:
    with store(tmp_path) as opened:
        when = clock()
        journal = aged(opened, when)
        assert broken(journal) is None
        opened.connection.executescript(change)
        if goes_on:
            journal = Journal(opened, when)
            journal.append("scan", Seen(path="/later"), 0)
        assert broken(journal) is not None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET says = 'x' WHERE id = 3",
        "DELETE FROM event WHERE id = 3",
        "UPDATE event SET id = -3 WHERE id = 3",
    ],
)
def test_a_cut_hides_nothing_that_was_done_before_it(tmp_path: Path, change: str) -> None:
    with store(tmp_path) as opened:
        when = clock()
        journal = Journal(opened, when)
        for number in range(8):
            journal.append("scan", Seen(path=f"/{number}"), 0)
            when.advance(timedelta(days=1))
        opened.connection.execute(change)
        keep(journal, Limits(days=3))
        assert broken(journal) in {3, 4, -3}
        when.advance(timedelta(days=2))
        journal.append("scan", Seen(path="/later"), 0)
        assert journal.cut_rows() > 5
        assert broken(journal) in {3, 4, -3}


def test_a_cut_that_fails_changes_nothing(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        when = clock()
        journal = Journal(opened, when)
        for number in range(8):
            journal.append("scan", Seen(path=f"/{number}"), 0)
            when.advance(timedelta(days=1))
        opened.connection.execute(
            "CREATE TRIGGER no BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the disk says no'); END"
        )
        with pytest.raises(Failed, match="disk says no"):
            keep(journal, Limits(days=3))
        assert (len(names(journal)), broken(journal), journal.cut_rows()) == (8, None, 0)
        opened.connection.execute("DROP TRIGGER no")
        journal.append("scan", Seen(path="/after"), 0)
        assert broken(journal) is None


def test_it_may_be_cut_while_it_is_looked_at(tmp_path: Path) -> None:
    async def both(journal: Journal, when: FakeClock) -> int | None:
        async def cut() -> None:
            when.advance(timedelta(days=2))
            journal.append("scan", Seen(path="/young"), 0)
            keep(journal, Limits(days=1))

        async with asyncio.TaskGroup() as group:
            looking = group.create_task(first_broken(journal))
            group.create_task(cut())
        return looking.result()

    with store(tmp_path) as opened:
        when = clock()
        journal = Journal(opened, when)
        for number in range(3500):
            journal.append("scan", Seen(path=f"/{number}"), 0)
        assert asyncio.run(both(journal, when)) is None
        assert journal.cut_rows() == 3500


def test_a_long_field_is_cut_and_says_so(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        journal = Journal(opened, clock())
        journal.append("scan", Seen(path="/" + "x" * 1_000_000), 0)
        path = journal.rows(Query())[0].details["path"]
        assert path.endswith("… (cut: 1,000,001 characters)")
        assert len(json.dumps(path)) < 5000
        assert broken(journal) is None
