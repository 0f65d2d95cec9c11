"""What all tests of the abilities share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that other accounts can reach; those of pytest are closed to them."""
    with tempfile.TemporaryDirectory(prefix="garrison-test-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder
