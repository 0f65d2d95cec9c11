"""A real browser on the console of a real suite."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garrison.base.paths import Home
from tests.daemon.live import Live, call

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, as requirements-dev.lock has it")
_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A real suite that runs for all tests in the browser."""
    _chromium()
    with Live(Home(tmp_path_factory.mktemp("browser") / "home")) as live:
        yield live


def _chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs a browser (apt install chromium)")
    return found


@pytest.fixture
def chromium() -> Iterator[Any]:
    """The system's own browser, for one test: while it is there, an event loop runs that others would stumble over."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(_OPTIONS))
        yield browser
        browser.close()


class Tab:
    """A page of somebody who is signed in. complaints: what the browser's console said is wrong."""

    def __init__(self, suite: Live, chromium: Any, **options: Any) -> None:
        self.suite = suite
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        url = str(call(suite.home, "console.open")["url"])
        self.base = url.partition("/open")[0]
        self.page.goto(url)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)


@pytest.fixture
def tab(suite: Live, chromium: Any) -> Iterator[Tab]:
    opened = Tab(suite, chromium)
    yield opened
    opened.context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, which looks for what people with disabilities stumble over."""
    return (Path(__file__).parent / "vendored" / "axe.min.js").read_text("utf-8")
