from pathlib import Path

import pytest

from garrison.wire import golden as module
from garrison.wire.golden import golden, golden_text
from garrison.wire.manifest import SUITE, dump


def test_the_golden_file_is_what_it_says() -> None:
    assert dump(golden()) == golden_text()
    assert golden()[0].id == SUITE


def test_a_checkout_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAME", "no-such.json")
    assert (golden_text(), golden()) == ("", ())


def test_it_is_plain_enough_for_review() -> None:
    assert Path(module.__file__).with_name(module.NAME).read_text("utf-8").count("\n") > 100
