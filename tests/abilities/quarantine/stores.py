"""What the tests of the store do with it."""

import asyncio
import os
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Quarantine, Record
from garrison.abilities.quarantine.store import Restored
from garrison.base.errors import GarrisonError
from tests.abilities.things import make_store, names, run, stored, take


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


def refused(store: Quarantine, path: Path, match: str, uid: int | None = None) -> None:
    before = path.read_bytes()
    with pytest.raises(GarrisonError, match=match):
        take(store, path, uid)
    assert path.read_bytes() == before
    assert stored(store) == []
    assert not [name for name in names(path.parent) if name.startswith(".garrison")]
