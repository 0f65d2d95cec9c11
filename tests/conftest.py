"""What all tests share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.base.paths import Home
from tests.cli.seeds import made_databases
from tests.suite import RunningSuite

os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)  # no suite of a test shows anything on the developer's own desktop
REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """A real suite on a home of its own, for all tests of a module."""
    with RunningSuite(Home(tmp_path_factory.mktemp("home") / "state")) as running:
        yield running


@pytest.fixture(scope="session")
def built_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases of a home with the built-in set, for `tests.cli.seeds.lend`: compiling it takes seconds."""
    return made_databases(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return REPOSITORY


def pytest_report_header() -> list[str]:
    """Say where this runs."""
    kernel = subprocess.run(["uname", "-sr"], capture_output=True, text=True, check=True).stdout.strip()
    return [f"kernel: {kernel}"]
