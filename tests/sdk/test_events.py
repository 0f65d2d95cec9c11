import pytest
from pydantic import ValidationError

from garrison.sdk import Severity
from garrison.sdk.values import render
from tests.sdk.samples import ThingSeen


def test_an_event_is_told_in_one_sentence() -> None:
    event = ThingSeen(what="a mouse", path="/\udcff")
    assert render(event.says, event.model_dump()) == "a mouse was seen in /\udcff"
    assert event.severity is Severity.IMPORTANT


def test_an_event_knows_its_fields_only() -> None:
    with pytest.raises(ValidationError):
        ThingSeen(what="a mouse", path="/", where="there")  # type: ignore[call-arg]
