import sys

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.late import PACKAGE, load, opener
from garrison.engine.formats.opener import Opener
from garrison.engine.formats.openers import OPENERS
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_ALL = sorted({(kind, number) for kind, each in OPENERS.items() for number in range(len(each))})


def _opened(opens: Opener, content: bytes) -> list[object]:
    return list(opens(Source(content), Guard(Limits(), Unbounded(), len(content)), "name"))


@pytest.mark.parametrize(("kind", "number"), _ALL)
def test_every_opener_in_the_tables_is_there(kind: str, number: int) -> None:
    _opened(OPENERS[kind][number], b"")  # type: ignore[index]  # a Type is a text


def test_the_code_is_loaded_at_the_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.onenote", raising=False)
    opens = opener("onenote")
    assert f"{PACKAGE}.onenote" not in sys.modules
    _opened(opens, b"")
    assert f"{PACKAGE}.onenote" in sys.modules


def test_all_that_is_in_the_tables_can_be_loaded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.onenote", raising=False)
    load()
    assert {f"{PACKAGE}.{name}" for name in ("onenote", "zip", "sis", "scripts")} <= sys.modules.keys()
