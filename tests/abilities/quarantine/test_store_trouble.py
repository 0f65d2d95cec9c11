import asyncio
import contextlib
import os
import subprocess
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Quarantine, Record
from garrison.base.errors import Failed, GarrisonError
from garrison.linux.acting import Acting
from tests.abilities.quarantine.stores import read_revealed, recovered, refused, restore
from tests.abilities.things import (
    EICAR,
    FINDING,
    fill,
    identity,
    make_store,
    names,
    needs_root,
    run,
    small_disk,
    stored,
    take,
)

# -- what may go wrong --


def test_more_than_it_may_hold(store: Quarantine, bad: Path) -> None:
    store.limit_bytes = len(EICAR) + 8192
    record = take(store, bad)
    bad.write_bytes(EICAR)
    with pytest.raises(Failed, match="Quarantine is full"):
        take(store, bad)
    assert bad.read_bytes() == EICAR
    asyncio.run(store.delete(record))
    take(store, bad)


def test_small_files_count_for_what_they_take(store: Quarantine, bad: Path) -> None:
    take(store, bad)
    assert store.used_bytes() > 8000


def test_a_sparse_file_of_ten_terabytes_is_too_much(store: Quarantine, bad: Path) -> None:
    os.truncate(bad, 10 * 1024**4)
    with pytest.raises(Failed, match="Quarantine is full"):
        take(store, bad)
    assert bad.exists()
    store.limit_bytes = 100 * 1024**4
    with pytest.raises(Failed, match="too full for quarantine"):
        take(store, bad)
    assert stored(store) == []


@needs_root
def test_a_disk_that_is_full_before(tmp_path: Path, bad: Path) -> None:
    with small_disk(tmp_path / "disk", "size=60m") as disk:
        store = make_store(disk)
        refused(store, bad, "disk is too full")


@needs_root
@pytest.mark.parametrize("room", [0, 4096, 8192, 12_288, 16_384, 1_000_000])
def test_a_disk_that_fills_up_meanwhile(tmp_path: Path, bad: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a file onto a disk that the check before had found large enough; it is in one place or the other."""
    monkeypatch.setattr("garrison.abilities.quarantine.store._SPARE_BYTES", -(1024**3))
    with small_disk(tmp_path / "disk") as disk:
        store = make_store(disk)
        fill(disk, room)
        if room <= 4096:
            refused(store, bad, "disk is full")
        with contextlib.suppress(GarrisonError):
            take(store, bad)
        assert len(stored(store)) == (0 if bad.exists() else 2)
        for record in recovered(store).records():
            restore(store, record)
        assert bad.read_bytes() == EICAR
        assert stored(store) == []
        assert names(bad.parent) == ["bad"]


@needs_root
def test_a_full_disk_keeps_nobody_from_their_file(tmp_path: Path, bad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.abilities.quarantine.store._SPARE_BYTES", -(1024**3))
    with small_disk(tmp_path / "disk") as disk:
        store = make_store(disk)
        record = take(store, bad)
        fill(disk, 0)
        restore(store, record)
        assert stored(store) == []
    assert bad.read_bytes() == EICAR


@needs_root
def test_a_full_disk_at_the_last_step_loses_nothing(
    tmp_path: Path, bad: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("garrison.abilities.quarantine.store._SPARE_BYTES", -(1024**3))
    with small_disk(tmp_path / "disk") as disk:
        store = make_store(disk)

        async def inside(acting: Acting) -> Record:
            with store._room(1, 0):
                record = await store._copy(str(bad), identity(bad), FINDING, acting, 0, "")
            os.unlink(bad)
            fill(disk, 0)
            return store._hold(record)

        held = run(inside)
        assert "disk is full" in caplog.text
        assert store.records() == [held]
        fresh = recovered(store)  # still full: even so it starts
        assert fresh.records() == [held]
        assert read_revealed_or_full(fresh, held)


def read_revealed_or_full(store: Quarantine, record: Record) -> bool:
    with pytest.raises(Failed, match="disk is full"):
        read_revealed(store, record)
    return True


@needs_root
def test_a_full_disk_where_it_goes_back_to(store: Quarantine, bad: Path, tmp_path: Path) -> None:
    bad.write_bytes(os.urandom(2 * 1024 * 1024))
    record = take(store, bad)
    with small_disk(tmp_path / "disk") as disk:
        with pytest.raises(Failed, match="disk is full"):
            restore(store, record, str(disk))
        assert names(disk) == []
    assert store.records()[0].id == record.id
    restore(store, record)


def test_damaged_records_are_named_and_left_alone(store: Quarantine, bad: Path) -> None:
    whole = take(store, bad)
    broken = store.folder / f"{whole.id}.json"
    text = broken.read_text("ascii")
    for number, content in enumerate(("", "{", "[]", "null", text, text.replace('"sha256": "', '"sha256": "x'))):
        (store.folder / f"00000000000{number}.json").write_text(content, "ascii")
        (store.folder / f"00000000000{number}.blob").write_bytes(b"precious")
    fresh = recovered(store)
    assert fresh.records() == [whole]
    assert fresh.damaged == [f"00000000000{number}.json" for number in range(6)]
    assert len(stored(store)) == 14


def test_a_flipped_bit_anywhere_in_a_blob_is_noticed(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    blob = store.folder / f"{record.id}.blob"
    content = blob.read_bytes()
    for place in range(0, len(content), 7):
        blob.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(Failed, match="damaged"):
            restore(store, record)
    for cut in (0, 10, 30, len(content) - 1):
        blob.write_bytes(content[:cut])
        with pytest.raises(Failed, match="damaged"):
            read_revealed(store, record)
    assert names(bad.parent) == []
    blob.unlink()
    with pytest.raises(Failed, match="open the copy"):
        restore(store, record)
    asyncio.run(store.delete(store.record(record.id)))
    assert stored(store) == []


@needs_root
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_the_file_system_will_not_let_go(store: Quarantine, bad: Path, what: str) -> None:
    target = bad if what == "file" else bad.parent
    if subprocess.run(["chattr", "+i", str(target)], check=False, capture_output=True).returncode:
        pytest.skip("this file system knows no immutable files")
    try:
        refused(store, bad, "not permitted|may not remove")
    finally:
        subprocess.run(["chattr", "-i", str(target)], check=True)


@needs_root
def test_a_file_system_that_is_read_only(store: Quarantine, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "bad").write_bytes(EICAR)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        refused(store, disk / "bad", "may not remove")


def test_cancelled_while_it_is_copied(store: Quarantine, bad: Path) -> None:
    bad.write_bytes(os.urandom(30 * 1024 * 1024))
    content = bad.read_bytes()

    async def inside(acting: Acting) -> None:
        async with asyncio.timeout(0.02):
            await store.take(str(bad), identity(bad), FINDING, acting, 0)

    with pytest.raises(TimeoutError):
        run(inside)
    assert stored(store) == []
    assert bad.read_bytes() == content


def test_cancelled_at_any_step(store: Quarantine, bad: Path) -> None:
    async def inside(acting: Acting, steps: int) -> bool:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(store.take(str(bad), identity(bad), FINDING, acting, 0))
            for _ in range(steps):
                await asyncio.sleep(0)
                await acting.run(int)
            work.cancel()
        return not work.cancelled()

    outcomes = set()
    for steps in range(8):
        bad.write_bytes(EICAR)
        outcomes.add(run(lambda acting, steps=steps: inside(acting, steps)))  # type: ignore[misc] # mypy sees no default
        held = store.records()
        assert bad.exists() != bool(held)
        assert not any(record.arriving for record in held)
        for record in held:
            asyncio.run(store.delete(record))
        assert stored(store) == []
        assert names(bad.parent) in ([], ["bad"])
    assert outcomes == {True, False}
