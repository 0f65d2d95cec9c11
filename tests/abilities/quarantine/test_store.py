import asyncio
import contextlib
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.abilities.quarantine import Quarantine, Record
from garrison.abilities.quarantine.store import Restored
from garrison.base.errors import Failed, GarrisonError, NotFound, Unavailable
from garrison.linux.acting import Acting
from tests.abilities.campaign import campaign
from tests.abilities.quarantine.test_record import PLAIN_CAPABILITY, metadata_of
from tests.abilities.things import (
    EICAR,
    FINDING,
    NOBODY,
    STRANGER,
    acting_self,
    descriptors,
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

BLOCK = 64 * 1024
FILE_NAMES = st.binary(min_size=1, max_size=255).filter(lambda name: not set(name) & {0, 0x2F} and name.strip(b"."))


@pytest.fixture
def store(tmp_path: Path) -> Quarantine:
    return make_store(tmp_path / "home")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "place" / "bad"
    path.parent.mkdir()
    path.write_bytes(EICAR)
    return path


@pytest.fixture(autouse=True)
def no_descriptor_is_lost() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() == before


def restore(store: Quarantine, record: Record, to: str = "", uid: int | None = None) -> Restored:
    return run(lambda acting: store.restore(record, acting, to), uid)


def recovered(store: Quarantine) -> Quarantine:
    """Return the store as the next start finds it."""
    fresh = make_store(store.folder.parent)
    asyncio.run(fresh.recover())
    return fresh


def give(path: Path, uid: int) -> None:
    os.chown(path, uid, uid)


def read_revealed(store: Quarantine, record: Record) -> bytes:
    async def inside() -> bytes:
        async with store.revealed(record) as descriptor:
            return os.pread(descriptor, 1_000_000, 0)

    return asyncio.run(inside())


# -- in and out --


def test_takes_a_file_and_gives_it_back(store: Quarantine, bad: Path) -> None:
    metadata = metadata_of(bad)
    record = take(store, bad)
    assert names(bad.parent) == []
    assert stored(store) == [f"{record.id}.blob", f"{record.id}.json"]
    assert not record.arriving
    assert (record.threat, record.inner, record.taken_at) == (FINDING.name, FINDING.inner, "2026-03-01T12:00:00+00:00")
    assert b"EICAR" not in b"".join(path.read_bytes() for path in store.folder.glob("*.blob"))
    assert restore(store, record) == Restored(str(bad), ())
    assert metadata_of(bad) == metadata
    assert bad.read_bytes() == EICAR
    assert names(bad.parent) == ["bad"]
    assert stored(store) == []
    assert store.records() == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=FILE_NAMES,
    blocks=st.integers(0, 2),
    beside=st.integers(-1, 1),
    head=st.binary(max_size=20),
    mode=st.integers(0, 0o7777),
    time_ns=st.integers(0, 2**33 * 10**9),
    xattrs=st.dictionaries(st.from_regex(r"user\.[a-z]{1,20}", fullmatch=True), st.binary(max_size=50), max_size=3),
)
def test_any_file_comes_back_as_it_was(  # noqa: PLR0913 # what a file is made of
    tmp_path: Path,
    name: bytes,
    blocks: int,
    beside: int,
    head: bytes,
    mode: int,
    time_ns: int,
    xattrs: dict[str, bytes],
) -> None:
    content = head + os.urandom(max(0, blocks * BLOCK + beside))
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(content)
    for key, value in xattrs.items():
        os.setxattr(path, key, value)
    path.chmod(mode | 0o400)
    os.utime(path, ns=(time_ns, time_ns + 1))
    before = metadata_of(path)
    os.utime(path, ns=(time_ns, time_ns + 1))  # reading it may have changed when it was read last
    store = make_store(tmp_path / "home")
    record = take(store, path)
    assert not path.exists()
    assert restore(recovered(store), record).missing == ()
    assert metadata_of(path) == before
    assert path.read_bytes() == content
    path.unlink()
    assert names(tmp_path) == ["home"]


@needs_root
def test_owner_capabilities_and_access_list_come_back(store: Quarantine, bad: Path) -> None:
    give(bad, NOBODY)
    bad.chmod(0o6755)
    os.setxattr(bad, "security.capability", PLAIN_CAPABILITY)
    if shutil.which("setfacl"):
        subprocess.run(["setfacl", "-m", f"u:{STRANGER}:r", str(bad)], check=True)
    before = metadata_of(bad)
    assert restore(store, take(store, bad)).missing == ()
    assert metadata_of(bad) == before


def test_restores_to_another_place(store: Quarantine, bad: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert restore(store, take(store, bad), str(tmp_path / "other")).path == str(tmp_path / "other" / "bad")
    other = tmp_path / "other" / "bad"
    assert restore(store, take(store, other), str(tmp_path / "new name")).path == str(tmp_path / "new name")
    assert (tmp_path / "new name").read_bytes() == EICAR


def test_a_file_that_was_put_there_meanwhile_stays(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    bad.write_bytes(b"mine")
    with pytest.raises(Failed, match="already"):
        restore(store, record)
    assert bad.read_bytes() == b"mine"
    assert names(bad.parent) == ["bad"]
    assert read_revealed(store, record) == EICAR


def test_a_folder_that_is_gone_is_told(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    bad.parent.rmdir()
    with pytest.raises(NotFound, match="does not exist"):
        restore(store, record)
    assert store.records() != []


def test_deletes_for_good(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    asyncio.run(store.delete(record))
    assert stored(store) == []
    with pytest.raises(NotFound):
        asyncio.run(store.delete(record))
    with pytest.raises(GarrisonError):
        restore(store, record)
    assert stored(store) == []


def test_ids_may_be_shortened_while_they_are_clear(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    assert store.record(record.id[:4]) == record
    for number in ("", "x", record.id + "0"):
        with pytest.raises(NotFound, match="is not in quarantine"):
            store.record(number)
    other = "0" if record.id[0] != "0" else "1"
    store._records[other] = replace(record, id=record.id[0] + "f" * 20)
    with pytest.raises(NotFound, match="fits several"):
        store.record(record.id[0])


def test_shows_the_content_for_scanning(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    assert read_revealed(store, record) == EICAR
    assert len(stored(store)) == 2


def test_many_at_once(store: Quarantine, tmp_path: Path) -> None:
    paths = [tmp_path / f"bad {number}" for number in range(50)]
    for path in paths:
        path.write_bytes(os.fsencode(path))

    async def inside(acting: Acting) -> list[Record]:
        works = [store.take(str(path), identity(path), FINDING, acting, 0) for path in paths]
        return await asyncio.gather(*works)

    assert len({record.id for record in run(inside)}) == 50
    assert names(tmp_path) == ["home"]
    assert len(recovered(store).records()) == 50


def test_two_that_want_the_same_file(store: Quarantine, bad: Path) -> None:
    async def inside(acting: Acting) -> list[Record | BaseException]:
        async with acting_self() as other:
            works = [store.take(str(bad), identity(bad), FINDING, each, 0) for each in (acting, other)]
            return await asyncio.gather(*works, return_exceptions=True)

    results = run(inside)
    assert sum(isinstance(result, Record) for result in results) == 1
    assert sum(isinstance(result, GarrisonError) for result in results) == 1
    assert len(store.records()) == 1
    assert names(bad.parent) == []


# -- what may go wrong --


def refused(store: Quarantine, path: Path, match: str, uid: int | None = None) -> None:
    before = path.read_bytes()
    with pytest.raises(GarrisonError, match=match):
        take(store, path, uid)
    assert path.read_bytes() == before
    assert stored(store) == []
    assert not [name for name in names(path.parent) if name.startswith(".garrison")]


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
            with store._room(1):
                record = await store._copy(str(bad), identity(bad), FINDING, acting, 0)
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


# -- hostile company --


def test_a_folder_swapped_for_a_link_between_scan_and_quarantine(store: Quarantine, bad: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "bad").hardlink_to(bad)
    seen = identity(bad)
    bad.parent.rename(tmp_path / "away")
    bad.parent.symlink_to(precious)
    with pytest.raises(Failed, match="is a link"):
        run(lambda acting: store.take(str(bad), seen, FINDING, acting, 0))
    assert (precious / "bad").read_bytes() == EICAR
    assert stored(store) == []


def test_a_folder_swapped_for_a_link_before_restoring(store: Quarantine, bad: Path, tmp_path: Path) -> None:
    """Refuse to write a file of somebody's choice into a folder of somebody's choice."""
    record = take(store, bad)
    precious = tmp_path / "precious"
    precious.mkdir()
    bad.parent.rmdir()
    bad.parent.symlink_to(precious)
    with pytest.raises(Failed, match="is a link"):
        restore(store, record)
    assert names(precious) == []


@pytest.mark.parametrize("how", ["grown", "replaced", "link"])
def test_a_file_that_is_not_the_examined_one(store: Quarantine, bad: Path, how: str, tmp_path: Path) -> None:
    seen = identity(bad)
    if how == "grown":
        with bad.open("ab") as file:
            file.write(b"more")
    else:
        bad.rename(tmp_path / "away")
    if how == "replaced":
        bad.write_bytes(EICAR)
    if how == "link":
        bad.symlink_to(tmp_path / "away")
    content = bad.read_bytes()
    with pytest.raises(GarrisonError):
        run(lambda acting: store.take(str(bad), seen, FINDING, acting, 0))
    assert bad.read_bytes() == content
    assert stored(store) == []


def test_a_file_that_changes_all_the_time(store: Quarantine, bad: Path) -> None:
    """Take it as often as can be: whatever was written last is always somewhere."""
    stop = threading.Event()
    number = 0

    def write() -> None:
        nonlocal number
        while not stop.is_set():
            fresh = bad.with_name("fresh")
            fresh.write_bytes(b"%20d" % (number + 1))
            fresh.rename(bad)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    taken = []
    try:
        for _ in range(200):
            with contextlib.suppress(GarrisonError, OSError):
                taken.append(take(store, bad))
    finally:
        stop.set()
        writer.join()
    assert len(store.records()) == len(taken)
    newest = [int(read_revealed(store, record)) for record in taken]
    if bad.exists():
        newest.append(int(bad.read_bytes()))
    assert max(newest) == number
    assert not any(record.arriving for record in store.records())
    for name in names(bad.parent):  # what was caught midway while the name was taken again is kept, and was told
        assert name == "bad" or name.startswith(".garrison-")
        assert int(bad.with_name(name).read_bytes()) <= number


@needs_root
def test_takes_only_what_the_account_could_remove_itself(store: Quarantine, shared: Path) -> None:
    roots, theirs, sticky = shared / "roots", shared / "theirs", shared / "sticky"
    for folder, mode in ((roots, 0o755), (theirs, 0o700), (sticky, 0o1777)):
        folder.mkdir()
        (folder / "bad").write_bytes(EICAR)
        folder.chmod(mode)
    give(theirs, NOBODY)
    refused(store, roots / "bad", "may not remove", NOBODY)
    refused(store, sticky / "bad", "not permitted", NOBODY)
    (theirs / "bad").chmod(0o600)
    refused(store, theirs / "bad", "denied", NOBODY)
    (theirs / "bad").chmod(0o604)
    record = take(store, theirs / "bad", NOBODY)
    assert names(theirs) == []
    assert restore(store, record, uid=NOBODY).missing == ("its owner",)
    assert (theirs / "bad").stat().st_uid == NOBODY
    assert (theirs / "bad").stat().st_mode & 0o777 == 0o604


@needs_root
def test_restores_only_where_the_account_may_write(store: Quarantine, shared: Path) -> None:
    theirs, roots, secret = shared / "theirs", shared / "roots", shared / "secret"
    for folder in (theirs, roots, secret):
        folder.mkdir()
    secret.chmod(0o700)
    (secret / "folder").mkdir()
    give(theirs, NOBODY)
    (theirs / "bad").write_bytes(EICAR)
    give(theirs / "bad", NOBODY)
    record = take(store, theirs / "bad", NOBODY)
    for place in (roots, secret, secret / "folder", secret / "folder" / "new"):
        with pytest.raises(GarrisonError):
            restore(store, record, str(place), uid=NOBODY)
    assert names(roots) == []
    assert names(secret / "folder") == []
    assert restore(store, record, uid=NOBODY).missing == ()
    assert (theirs / "bad").stat().st_uid == NOBODY


@needs_root
def test_an_account_that_hangs_harms_nobody_else(store: Quarantine, shared: Path) -> None:
    """Hold one account's thread, as a file system of its own making could, and take for another."""
    theirs = shared / "bad"
    theirs.write_bytes(EICAR)
    mine = shared / "mine"
    mine.write_bytes(EICAR)
    release = threading.Event()

    async def inside(acting: Acting) -> None:
        async with Acting(NOBODY, NOBODY) as other, asyncio.TaskGroup() as group:
            group.create_task(other.run(release.wait))
            stuck = group.create_task(store.take(str(theirs), identity(theirs), FINDING, other, NOBODY))
            await asyncio.sleep(0.01)
            await asyncio.wait_for(store.take(str(mine), identity(mine), FINDING, acting, 0), 5)
            stuck.cancel()
            release.set()

    run(inside)
    assert theirs.exists()
    assert not mine.exists()


# -- after a kill: states as a kill leaves them; the campaign makes them by killing --


def cut_short(store: Quarantine, bad: Path) -> Record:
    """Return the record of a file that is copied and not yet removed."""
    return run(lambda acting: store._copy(str(bad), identity(bad), FINDING, acting, 0))


def test_copied_but_not_removed_is_undone(store: Quarantine, bad: Path) -> None:
    cut_short(store, bad)
    assert recovered(store).records() == []
    assert stored(store) == []
    assert bad.read_bytes() == EICAR


def test_half_removed_is_finished(store: Quarantine, bad: Path) -> None:
    record = cut_short(store, bad)
    bad.rename(bad.with_name(record.leftover))
    (held,) = recovered(store).records()
    assert held == replace(record, arriving=False)
    assert names(bad.parent) == []
    (again,) = recovered(store).records()
    assert again == held


def test_removed_but_not_said_so_is_finished(store: Quarantine, bad: Path) -> None:
    record = cut_short(store, bad)
    bad.unlink()
    (held,) = recovered(store).records()
    assert not held.arriving
    assert read_revealed(store, record) == EICAR


def test_a_place_that_is_not_there_now_is_asked_again_later(
    store: Quarantine, bad: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut_short(store, bad)
    bad.parent.rename(tmp_path / "away")
    bad.parent.symlink_to(tmp_path / "away")
    with caplog.at_level(logging.WARNING):
        (record,) = recovered(store).records()
    assert record.arriving
    assert "could not be settled" in caplog.text
    for work in (store.delete(record), run_later(store, record)):
        with pytest.raises(Unavailable, match="just now"):
            asyncio.run(work)
    bad.parent.unlink()
    (tmp_path / "away").rename(bad.parent)
    assert recovered(store).records() == []
    assert bad.exists()


async def run_later(store: Quarantine, record: Record) -> None:
    async with acting_self() as acting:
        await store.restore(record, acting)


def test_changed_meanwhile_keeps_both(store: Quarantine, bad: Path) -> None:
    record = cut_short(store, bad)
    bad.write_bytes(b"something else")
    assert [held.id for held in recovered(store).records()] == [record.id]
    assert bad.read_bytes() == b"something else"


def test_what_is_left_of_a_restore_is_swept(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    unfinished = bad.with_name(f".garrison-{record.id}-00.new")
    unfinished.write_bytes(b"half")
    store._write(replace(record, restoring=str(unfinished)))
    fresh = recovered(store)
    assert names(bad.parent) == []
    restore(fresh, record)
    assert bad.read_bytes() == EICAR


def test_strays_are_swept(store: Quarantine, bad: Path) -> None:
    record = take(store, bad)
    for name in ("ffffffffffff.blob", "1.new", ".x.json.5.new", "1.scan"):
        (store.folder / name).write_bytes(b"x")
    (store.folder / "folder.new").mkdir()
    recovered(store)
    assert stored(store) == [f"{record.id}.blob", f"{record.id}.json", "folder.new"]


def test_a_short_campaign() -> None:
    campaign(seed=1, times=10)
