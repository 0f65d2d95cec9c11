import asyncio
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.abilities.quarantine import Quarantine, Record
from garrison.abilities.quarantine.store import Restored
from garrison.base.errors import Failed, GarrisonError, NotFound
from garrison.linux.acting import Acting
from tests.abilities.quarantine.stores import give, read_revealed, recovered, restore
from tests.abilities.quarantine.test_record import PLAIN_CAPABILITY, metadata_of
from tests.abilities.things import (
    EICAR,
    FINDING,
    NOBODY,
    STRANGER,
    acting_self,
    identity,
    make_store,
    names,
    needs_root,
    run,
    stored,
    take,
)

BLOCK = 64 * 1024
FILE_NAMES = st.binary(min_size=1, max_size=255).filter(lambda name: not set(name) & {0, 0x2F} and name.strip(b"."))


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
