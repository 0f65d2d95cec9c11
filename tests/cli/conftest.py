"""What the tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def garrison(tmp_path: Path) -> Iterator[Program]:
    """The command line on a home of its own; no suite runs yet."""
    program = Program(tmp_path / "state")
    yield program
    program.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The command line, and a suite that runs in the background for all tests of a module."""
    program = Program(tmp_path_factory.mktemp("home") / "state")
    outcome = program("start", "--no-scan")
    assert outcome.code == 0, outcome.errors
    yield program
    program.end()
