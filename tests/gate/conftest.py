"""A gate and its volume, shared by the tests of a module."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.wire.guarding import Plan
from tests.gate import volumes
from tests.gate.live import KINDS, Live, database, skip_unless_possible, volume
from tests.gate.staging import Stage

TRUE = Path(shutil.which("true") or "/bin/true").resolve()
HARMFUL = TRUE.read_bytes() + b"harmful"  # still runs
LINES = f"{hashlib.sha256(HARMFUL).hexdigest()}:{len(HARMFUL)}:Test.Program:test\n".encode()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    skip_unless_possible()
    folder = tmp_path_factory.mktemp("gate")
    running = Live(folder, database(folder, LINES))
    try:
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module", params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk"), request.param) as place:
        yield place


@pytest.fixture
def usual(live: Live) -> Plan:
    return Plan(live.plan.examining)


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volumes.volume(tmp_path_factory.mktemp("volume")) as place:
        yield place


@pytest.fixture
def documents(ext4: Path) -> Iterator[Path]:
    folder = ext4 / "documents"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)
