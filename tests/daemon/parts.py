"""Small parts for the daemon's tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from garrison.base.clock import FakeClock
from garrison.daemon.store import Store
from garrison.sdk import Caller

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)  # a Monday
ROOT = Caller(0, 0)
ANNA = Caller(1001, 1001)
BERND = Caller(1002, 1002)


def clock() -> FakeClock:
    return FakeClock(NOON)


@contextmanager
def store(folder: Path, when: FakeClock | None = None) -> Iterator[Store]:
    opened = Store(folder, when or clock())
    try:
        yield opened
    finally:
        opened.close()
