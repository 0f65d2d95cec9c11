"""A store and a bad file, for all tests of quarantine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Quarantine
from tests.abilities.things import EICAR, descriptors, make_store


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
