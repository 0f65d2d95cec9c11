import asyncio
import contextlib
import hashlib
import logging
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Identity, Quarantine, Record, place
from garrison.base.errors import Failed, GarrisonError, Invalid, NotFound, Unavailable
from garrison.linux.acting import Acting
from tests.abilities.campaign import campaign
from tests.abilities.quarantine.stores import give, read_revealed, recovered, refused, restore
from tests.abilities.things import (
    EICAR,
    FINDING,
    NOBODY,
    STRANGER,
    acting_self,
    identity,
    names,
    needs_root,
    run,
    stored,
    take,
)

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
    with pytest.raises(Invalid, match="no path"):
        restore(store, record, "/a\0b/c", uid=NOBODY)
    for goal in (roots, secret, secret / "folder", secret / "folder" / "new"):
        with pytest.raises(GarrisonError):
            restore(store, record, str(goal), uid=NOBODY)
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
    return run(lambda acting: store._copy(str(bad), identity(bad), FINDING, acting, 0, ""))


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


# -- forged identities and shares --


def forge(path: Path, content: bytes) -> None:
    """Write other bytes of the same length, and give the file back the time it had."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert identity(path).is_same(Identity.of(before))


def test_other_content_under_the_old_size_and_time_is_not_taken(store: Quarantine, bad: Path) -> None:
    seen, sha256 = identity(bad), hashlib.sha256(EICAR).hexdigest()
    forge(bad, EICAR[::-1])
    for known in (sha256, ""):
        with pytest.raises(Failed, match="was changed"):
            run(lambda acting, known=known: store.take(str(bad), seen, FINDING, acting, 0, known))  # type: ignore[misc]
    assert bad.read_bytes() == EICAR[::-1]
    assert stored(store) == []


def test_a_file_of_the_examined_content_is_taken_although_its_mode_was_changed(store: Quarantine, bad: Path) -> None:
    seen, sha256 = identity(bad), hashlib.sha256(EICAR).hexdigest()
    bad.chmod(0o600)
    record = run(lambda acting: store.take(str(bad), seen, FINDING, acting, 0, sha256))
    assert (record.sha256, record.metadata.mode) == (sha256, 0o600)
    assert not bad.exists()


def test_what_is_forged_after_the_copy_is_not_removed(
    store: Quarantine, bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = place.Removal.run

    def forged(self: place.Removal) -> None:
        forge(bad, EICAR[::-1])
        real(self)

    monkeypatch.setattr(place.Removal, "run", forged)
    with pytest.raises(Failed, match="was changed"):
        take(store, bad)
    assert bad.read_bytes() == EICAR[::-1]
    assert stored(store) == []


def room(store: Quarantine, size: int, account: int) -> None:
    with store._room(size, account):
        pass


def test_no_account_fills_it_for_the_others(store: Quarantine, tmp_path: Path) -> None:
    """Let accounts take what they can of a small store: each has its part, and the owner's is kept."""
    store.limit_bytes, store.share_percent = 100_000, 50
    for number, account in enumerate([NOBODY] * 4 + [STRANGER] * 2):
        path = tmp_path / str(number)
        path.write_bytes(bytes(4000))
        record = take(store, path)
        store._records[record.id] = replace(record, taken_by=account)
    room(store, 1000, NOBODY)
    with pytest.raises(Failed, match="Your part"):
        room(store, 2000, NOBODY)
    with pytest.raises(Failed, match="kept for its owner"), store._room(1000, NOBODY):
        room(store, 7000, 4321)
    room(store, 4000, 0)
    with pytest.raises(Failed, match="Quarantine is full;"):
        room(store, 40_000, 0)


def test_a_part_that_is_coming_counts(store: Quarantine) -> None:
    store.limit_bytes = 100_000
    with store._room(20_000, NOBODY):
        with pytest.raises(Failed, match="Your part"):
            room(store, 20_000, NOBODY)
        room(store, 20_000, STRANGER)
    room(store, 20_000, NOBODY)


def test_shortened_ids_are_clear_among_what_one_sees(store: Quarantine, bad: Path) -> None:
    first = take(store, bad)
    store._records["f" + first.id] = replace(first, id=first.id[:6] + "ffffff")
    with pytest.raises(NotFound, match="several"):
        store.record(first.id[:6])
    assert store.record(first.id[:6], lambda record: record is first) is first
