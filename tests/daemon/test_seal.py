"""Whatever somebody without the key does to the journal is found, also after the suite has gone on."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from garrison.base.errors import Failed
from garrison.daemon.journal import Journal
from garrison.daemon.journal_verify import Verifying, Wrong
from garrison.daemon.seal import Sealed, SealKey, link
from garrison.daemon.store import Store
from tests.daemon.parts import clock, store
from tests.daemon.reports.filled import ScanEnded, filled


def problems(journal: Journal) -> set[str]:
    return {problem.wrong.value for problem in asyncio.run(Verifying.of(journal).run())}


def rechain(connection: sqlite3.Connection, start: int) -> None:
    """Chain all rows from one on anew, and the head with them, as one who knows how could."""
    before = connection.execute("SELECT chain FROM event WHERE id < ? ORDER BY id DESC LIMIT 1", (start,)).fetchone()
    chain = before[0] if before else b"\0" * 32
    for row in connection.execute(
        "SELECT id, at, component, name, severity, owner, says, details FROM event WHERE id >= ? ORDER BY id", (start,)
    ).fetchall():
        chain = link(chain, tuple(row)[1:])
        connection.execute("UPDATE event SET chain = ? WHERE id = ?", (chain, row[0]))
    connection.execute("UPDATE head SET (event, chain) = (SELECT id, chain FROM event ORDER BY id DESC LIMIT 1)")


def change(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE event SET details = '{}' WHERE id = 4")
    rechain(connection, 4)


def remove(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM event WHERE id = 4")
    connection.execute("UPDATE event SET id = id - 1 WHERE id > 4")
    rechain(connection, 4)


def insert(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO event (at, component, name, severity, owner, says, details, chain)"
        " SELECT at, component, name, severity, owner, says, details, chain FROM event WHERE id = 2"
    )
    rechain(connection, 8)


def cut_the_tail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM event WHERE id > 5")
    rechain(connection, 5)


def forge_the_checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE checkpoint SET (event, chain, cut) = (SELECT id, chain, id FROM event WHERE id = 3)")
    connection.execute("DELETE FROM event WHERE id <= 3")


def forge_the_seal(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE seal SET mac = zeroblob(32)")


def unseal(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM seal")


FORGERIES: dict[str, Callable[[sqlite3.Connection], None]] = {
    "a row changed": change,
    "a row removed": remove,
    "a row added": insert,
    "the tail cut": cut_the_tail,
    "the checkpoint forged": forge_the_checkpoint,
    "the seal forged": forge_the_seal,
    "the seal removed": unseal,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_forgery_with_its_chain_made_anew_is_found(
    tmp_path: Path, forge: Callable[[sqlite3.Connection], None], goes_on: bool
) -> None:
    with filled(tmp_path, 8) as made:
        assert problems(made.journal) == set()
        forge(made.store.connection)
        journal = made.journal
        if goes_on:
            for _ in range(2):  # also after two restarts
                journal = Journal(made.store, made.clock)
                journal.append("scan", ScanEnded(path="/later"), 0)
        found = problems(journal)
    assert found & {Wrong.BEFORE} if goes_on else found & {Wrong.SEAL, Wrong.KEY}


@pytest.mark.parametrize("goes_on", [False, True])
def test_another_key_is_found(tmp_path: Path, goes_on: bool) -> None:
    with filled(tmp_path, 3) as made:
        (tmp_path / "seal.key").write_text("ab" * 32 + "\n", "ascii")
        journal = Journal(made.store, made.clock)
        if goes_on:
            journal.append("scan", ScanEnded(path="/later"), 0)
        assert problems(journal) == {Wrong.BEFORE if goes_on else Wrong.KEY}


def test_a_key_that_is_gone_is_told_of(tmp_path: Path) -> None:
    with filled(tmp_path, 3) as made:
        (tmp_path / "seal.key").unlink()
        journal = Journal(made.store, made.clock)
        journal.append("scan", ScanEnded(path="/later"), 0)
        assert problems(journal) == {Wrong.BEFORE}


def test_a_damaged_key_is_kept_aside_and_told_of(tmp_path: Path) -> None:
    with filled(tmp_path, 3) as made:
        (tmp_path / "seal.key").write_text("no key", "ascii")
        journal = Journal(made.store, made.clock)
        journal.append("scan", ScanEnded(path="/later"), 0)
        assert problems(journal) == {Wrong.BEFORE}
        assert (tmp_path / "seal.key.damaged").read_text("ascii") == "no key"


def test_a_key_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "seal.key").mkdir()
    with store(tmp_path) as opened, pytest.raises(Failed, match=r"seal\.key"):
        Journal(opened, clock())


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    key = SealKey(tmp_path, Sealed(), b"")
    key.write()
    key.confirm()
    assert ((tmp_path / "seal.key").stat().st_mode & 0o777, key.is_new) == (0o600, True)
    again = SealKey(tmp_path, Sealed(), b"")
    assert (again.name, again.is_new) == (key.name, False)
    assert again.is_genuine(Sealed(), key.mac(Sealed()))
    assert not again.is_genuine(Sealed(cut=1), key.mac(Sealed()))


def test_a_kill_around_the_first_seal_harms_nothing(tmp_path: Path) -> None:
    first = SealKey(tmp_path, Sealed(), b"")
    first.write()  # and killed before the seal
    second = SealKey(tmp_path, Sealed(), b"")
    assert (second.is_new, second.name != first.name) == (True, True)
    second.write()  # and killed after the seal, before the key has its name
    third = SealKey(tmp_path, Sealed(cut=1), second.mac(Sealed(cut=1)))
    assert (third.is_new, third.name) == (False, second.name)
    assert [path.name for path in tmp_path.iterdir()] == ["seal.key"]


def test_a_suite_that_ends_before_anything_happened_has_no_key_to_miss(tmp_path: Path) -> None:
    with filled(tmp_path):
        pass
    with filled(tmp_path, 2) as made:
        assert problems(made.journal) == set()


def test_a_mark_of_a_letter_is_known_again(tmp_path: Path) -> None:
    with filled(tmp_path, 5) as made:
        mark = made.journal.sealed.chain
        made.add(ScanEnded(path="/later"))
        looking = Verifying.of(made.journal, mark, b"\1" * 32)
        assert asyncio.run(looking.run()) == []
        assert looking.heads == {mark: 5, b"\1" * 32: 0}


def test_a_journal_of_an_older_release_is_taken_over_and_sealed(tmp_path: Path) -> None:
    (tmp_path / "newer").mkdir()
    with filled(tmp_path / "newer", 12) as made:
        rows = [tuple(row) for row in made.store.connection.execute("SELECT * FROM event")]
    scripts = resources.files("garrison.daemon").joinpath("migrations")
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as connection:
        for number in (1, 2, 3):
            connection.executescript(scripts.joinpath(f"{number:04}.sql").read_text("utf-8"))
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("PRAGMA user_version = 3")
        connection.commit()
    again = Store(tmp_path, clock())
    try:
        assert [row[0] for row in again.connection.execute("SELECT sum(count) FROM tally")] == [12]
        journal = Journal(again, clock())
        assert problems(journal) == set()  # it is sealed before it is looked at
        journal.append("scan", ScanEnded(path="/later"), 0)
        assert problems(journal) == set()
        assert journal.sealed.since == 12
        names = [row[0] for row in again.connection.execute("SELECT name FROM event ORDER BY id DESC LIMIT 2")]
        assert names == ["ScanEnded", "JournalSealed"]
        told = again.connection.execute("SELECT count(*) FROM place").fetchone()[0]
        assert told == again.connection.execute("SELECT sum(count) FROM kind").fetchone()[0] == 14
    finally:
        again.close()
