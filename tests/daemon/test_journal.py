import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.base.errors import Failed
from garrison.daemon.journal import Journal
from garrison.daemon.journal_verify import first_broken
from garrison.daemon.reports.query import Query
from garrison.daemon.store import Store
from garrison.sdk import Event, Secret, Severity, UntrustedText
from tests.daemon.parts import clock, store


class Seen(Event):
    says: ClassVar[str] = "{path} was seen"
    path: UntrustedText


class Heard(Event):
    says: ClassVar[str] = "Something was heard"
    severity: ClassVar[Severity] = Severity.CRITICAL
    password: Secret = Secret("hunter2")


def filled(opened: Store, count: int = 6) -> Journal:
    journal = Journal(opened, clock())
    for number in range(count):
        journal.append("scan", Seen(path=f"/{number}"), owner=1000 + number % 2)
    return journal


def broken(journal: Journal) -> int | None:
    return asyncio.run(first_broken(journal))


@settings(deadline=None, max_examples=25)  # a key is written first
@given(st.lists(st.binary(max_size=30), max_size=5))
def test_names_of_any_bytes_are_written_down(names: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder, store(Path(folder)) as opened:
        journal = Journal(opened, clock())
        paths = [name.decode("utf-8", "surrogateescape") for name in names]
        for path in paths:
            journal.append("scan", Seen(path=path), 0)
        assert [row.details["path"] for row in reversed(journal.rows(Query()))] == paths
        assert broken(journal) is None


def test_rows_are_asked_for(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        when = clock()
        journal = Journal(opened, when)
        journal.append("scan", Seen(path="/Report.PDF"), 1001)
        when.advance(timedelta(days=2))
        journal.append("quarantine", Heard(), 1002)

        def names(query: Query) -> list[str]:
            return [row.name for row in journal.rows(query)]

        assert names(Query()) == ["Heard", "Seen"]
        assert names(Query(owner=1001)) == ["Seen"]
        assert names(Query(owner=0)) == []
        assert names(Query(components=("quarantine",))) == ["Heard"]
        assert names(Query(severities=("critical",))) == ["Heard"]
        assert names(Query(text="report.pdf")) == ["Seen"]
        assert names(Query(since=when.now() - timedelta(days=1))) == ["Heard"]
        assert names(Query(limit=1)) == ["Heard"]
        assert names(Query(text="%' OR 1 --")) == []


def test_a_secret_is_never_written_down(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        journal = Journal(opened, clock())
        journal.append("scan", Heard(), 0)
        assert journal.rows(Query())[0].details == {"password": "********"}
    assert b"hunter2" not in (tmp_path / "journal.sqlite3").read_bytes()


CHANGES = {
    "a changed sentence": "UPDATE event SET says = 'x' WHERE id = 3",
    "a changed path": "UPDATE event SET details = replace(details, '/2', '/9') WHERE id = 3",
    "a changed time": "UPDATE event SET at = '2020' WHERE id = 1",
    "a changed owner": "UPDATE event SET owner = 0 WHERE id = 6",
    "a changed severity": "UPDATE event SET severity = 'critical' WHERE id = 2",
    "a changed chain": "UPDATE event SET chain = zeroblob(32) WHERE id = 4",
    "the first row removed": "DELETE FROM event WHERE id = 1",
    "a row removed": "DELETE FROM event WHERE id = 3",
    "the last row removed": "DELETE FROM event WHERE id = 6",
    "the last rows removed": "DELETE FROM event WHERE id > 2",
    "all rows removed": "DELETE FROM event",
    "rows swapped": "UPDATE event SET id = CASE id WHEN 2 THEN -3 ELSE -2 END WHERE id IN (2, 3)",
    "a row added in front": "INSERT INTO event SELECT -1, at, component, name, severity, owner, says, details, chain"
    " FROM event WHERE id = 1",
    "a row added": "INSERT INTO event SELECT 7, at, component, name, severity, owner, says, details, chain"
    " FROM event WHERE id = 6",
    "the head removed": "DELETE FROM head",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("goes_on", [False, True])
def test_whatever_is_changed_is_found(tmp_path: Path, change: str, goes_on: bool) -> None:
    with store(tmp_path) as opened:
        journal = filled(opened)
        assert broken(journal) is None
        opened.connection.execute(change)
        if goes_on:  # also after a restart and further events
            journal = Journal(opened, clock())
            journal.append("scan", Seen(path="/later"), 0)
        assert broken(journal) is not None


@pytest.mark.parametrize("seed", range(20))
def test_any_random_change_is_found(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with store(tmp_path) as opened:
        journal = filled(opened, 20)
        column = chance.choice(["at", "component", "name", "severity", "says", "details"])
        opened.connection.execute(f"UPDATE event SET {column} = {column} || ' ' WHERE id = ?", (chance.randint(1, 20),))
        assert broken(journal) is not None


def test_a_row_that_was_not_written_breaks_nothing(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        journal = filled(opened)
        pages = opened.connection.execute("PRAGMA page_count").fetchone()[0]
        opened.connection.execute(f"PRAGMA max_page_count = {pages}")
        with contextlib.suppress(Failed):
            for _ in range(1000):
                journal.append("scan", Seen(path="x" * 4000), 0)
        opened.connection.execute("PRAGMA max_page_count = 1000000")
        rows = len(journal.rows(Query()))
        journal.append("scan", Seen(path="/after"), 0)
        assert broken(journal) is None
        assert 6 <= rows < 1000
        assert len(journal.rows(Query())) == rows + 1


def test_others_have_their_turn_while_a_long_journal_is_looked_at(tmp_path: Path) -> None:
    async def both(journal: Journal) -> tuple[int | None, int]:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                journal.append("scan", Seen(path="/meanwhile"), 0)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            counting = group.create_task(count())
            found = await first_broken(journal)
            counting.cancel()
        return found, turns

    with store(tmp_path) as opened:
        journal = filled(opened, 3500)
        found, turns = asyncio.run(both(journal))
    assert (found, turns >= 3) == (None, True)


_WRITER = """
import sys
from pathlib import Path
from garrison.base.clock import SystemClock
from garrison.daemon.journal import Journal
from garrison.daemon.store import Store
from garrison.daemon.suite_results import JournalSetAside
journal = Journal(Store(Path(sys.argv[1]), SystemClock()), SystemClock())
print("ready", flush=True)
while True:
    journal.append("suite", JournalSetAside(path="x" * 500), 0)
"""


def test_a_kill_while_it_is_written_breaks_nothing(tmp_path: Path) -> None:
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.03)
        process.kill()
        process.communicate()
        with store(tmp_path) as opened:
            journal = filled(opened, 1)
            assert broken(journal) is None
