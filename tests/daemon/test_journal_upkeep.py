import asyncio
import contextlib
from pathlib import Path

import pytest

from garrison.base.errors import Failed
from garrison.daemon.journal_cut import Limits
from garrison.daemon.journal_upkeep import keep_up
from garrison.daemon.journal_verify import first_broken
from garrison.daemon.reports import text_index
from tests.daemon.reports.filled import Filled, filled


async def for_a_while(made: Filled, until_rows: int) -> int:
    """Let it work until so few rows are left; return how often others had their turn."""
    turns = 0
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(keep_up(made.journal, 0.01))
        async with asyncio.timeout(20):
            while made.store.read("SELECT count(*) FROM event").fetchone()[0] > until_rows:
                turns += 1
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        keeping.cancel()
    return turns


def test_a_long_cut_lets_others_have_their_turn(tmp_path: Path) -> None:
    with filled(tmp_path, 700) as made:
        made.journal.retention.limits = Limits(days=2)
        assert asyncio.run(for_a_while(made, 60)) > 5
        assert asyncio.run(first_broken(made.journal)) is None
        names = [row[0] for row in made.store.connection.execute("SELECT name FROM event")]
        assert names.count("JournalCut") == 1


def test_a_cut_that_a_kill_ended_is_told_of_later(tmp_path: Path) -> None:
    with filled(tmp_path, 400) as made:
        made.journal.retention.limits = Limits(days=2)
        assert made.journal.retention.some()
        assert asyncio.run(first_broken(made.journal)) is None
    with filled(tmp_path) as again:
        again.clock.set(made.clock.now())
        again.journal.retention.limits = Limits(days=2)
        again.journal.retention.all()
        told = again.store.connection.execute("SELECT details FROM event WHERE name = 'JournalCut'").fetchall()
        assert len(told) == 1
        assert f'"rows": {again.journal.cut_rows()}' in told[0][0]
        assert asyncio.run(first_broken(again.journal)) is None


def test_texts_are_indexed_and_blocks_that_were_cut_are_forgotten(tmp_path: Path) -> None:
    with filled(tmp_path, 200) as made:
        index = text_index.TextIndex(made.store.path, 50)
        assert [index.keep_up() for _ in range(5)] == [4, 3, 2, 1, 0]
        made.journal.retention.keep(Limits(days=3))
        made.journal.retention.all()
        index.keep_up()
        with contextlib.closing(index._open()) as connection:
            assert text_index.blocks(connection, "main") == {2, 3}
        (tmp_path / "search.sqlite3").write_bytes(b"damaged" * 1000)
        assert index.keep_up() == 0
        assert index.keep_up() == 2


def test_a_full_disk_ends_no_upkeep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> bool:
        raise Failed("The disk is full.")

    with filled(tmp_path, 1) as made:
        monkeypatch.setattr(made.journal.retention, "some", full)
        assert asyncio.run(for_a_while(made, 5)) == 0
