"""A component that nobody wrote a page for has one, as it has its commands: all of it grows from its description."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.base.paths import Home
from tests.cli.program import Program
from tests.console.browser import Browser
from tests.daemon import live
from tests.daemon.live import Live, call

_PROGRAM = [sys.executable, "-I", str(Path(__file__).parent / "tiny.py")]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A suite with one component more than there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "own_program", lambda module: _PROGRAM if module == "garrison.daemon" else [])
        daemon = Live(Home(tmp_path_factory.mktemp("grown") / "home"))
    with daemon:
        yield daemon


def test_its_page_help_forms_and_buttons_are_there(grown: Live) -> None:
    browser = Browser(grown.home).sign_in()
    assert "Tiny greeter" in browser.get("/protection").text
    assert "Tiny greeter" in browser.get("/settings").text
    page = browser.get("/protection/tiny").text
    for text in ("Greets people, so that everybody sees", "Greet somebody", "Whom to greet", "How loud it greets"):
        assert text in page
    assert "From 1 to 11." in page
    wrong = browser.post("/settings/tiny", {"loudness": "12", "names": "a\nb\nc\nd"})
    assert (wrong.status, wrong.text.count('class="wrong"')) == (400, 2)
    browser.post("/settings/tiny", {"loudness": "2", "names": "Anna", "next": "/protection/tiny"})
    browser.post("/do/tiny.greet", {"name": "Anna", "next": "/protection/tiny"})
    page = browser.get("/protection/tiny").text
    assert "Hello, Anna!!" in page
    assert "Anna was greeted" in page
    assert page.count("<td") == 1  # whom it knows


def test_its_command_and_its_place_at_the_door_are_there(grown: Live) -> None:
    program = Program(grown.home.root)
    assert "Greets people" in program("--help").out
    assert program("tiny", "greet", "Bernd").out.startswith("Hello, Bernd!")
    assert call(grown.home, "tiny.greet", name="Anna")["name"] == "Anna"
    assert program("settings", "set", "tiny.loudness", "99").code == 1
