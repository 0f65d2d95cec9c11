"""What the console's tests share: one real suite, and a browser that is signed in."""

from collections.abc import Iterator

import pytest

from garrison.base.paths import Home
from tests.console.browser import Browser
from tests.daemon.live import Live


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A real suite that runs for all tests of the console."""
    with Live(Home(tmp_path_factory.mktemp("console") / "home")) as live:
        yield live


@pytest.fixture(scope="session")
def signed_in(suite: Live) -> Browser:
    return Browser(suite.home).sign_in()
