from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from garrison.sdk import Frozen, Secret, Settings, Text, UntrustedText
from garrison.sdk.values import render, values_of
from tests.sdk.samples import Colour, Looked, SampleSettings


def test_a_text_is_put_together_where_the_reader_is() -> None:
    text = Text("{a} in {b}, {missing}", a=1, b=Path("/\udcff"))
    assert str(text) == "1 in /\udcff, {missing}"


def test_a_value_with_braces_is_only_a_value() -> None:
    assert str(Text("{a}", a="{b} {0} {")) == "{b} {0} {"
    assert render("{a}", {"a": "{a.__class__}"}) == "{a.__class__}"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().enabled = False  # type: ignore[misc]


def test_a_result_says_its_sentence() -> None:
    result = Looked(count=2, path="/\udcff")
    assert [str(text) for text in result.sentences()] == ["2 looked at, /\udcff last."]
    assert result.exit_code() == 101


def test_what_a_surface_learns_of_settings() -> None:
    values = {value.name: value for value in values_of(SampleSettings)}
    kinds = {name: (value.kind, value.many) for name, value in values.items()}
    assert kinds == {
        "enabled": ("flag", False),
        "count": ("integer", False),
        "share": ("number", False),
        "colour": ("choice", False),
        "places": ("path", True),
        "masks": ("text", True),
        "own": ("text", True),
        "password": ("secret", False),
        "passwords": ("secret", True),
    }
    assert values["count"].limits == {"minimum": 1, "maximum": 9}
    assert values["colour"].choices == tuple(Colour)
    assert values["colour"].default == "red"
    assert values["password"].default == ""


def test_a_secret_default_is_masked() -> None:
    class Leaky(BaseModel):
        password: Secret = Secret("hunter2")

    assert values_of(Leaky)[0].default == "********"


def test_a_type_that_no_surface_can_show_is_a_defect() -> None:
    class Strange(BaseModel):
        table: dict[str, int] = {}

    class Nested(BaseModel):
        lists: list[list[int]] = []

    for model in (Strange, Nested):
        with pytest.raises(TypeError, match="a surface cannot show"):
            values_of(model)


def test_names_may_be_any_bytes_in_rows() -> None:
    class Row(Frozen):
        name: UntrustedText

    assert Row(name="\udcff").name == "\udcff"
    with pytest.raises(ValidationError):
        Row(name=3)


def test_a_text_may_depend_on_a_number() -> None:
    text = Text("{count} is in {place}", many="{count} are in {place}", count=1200, place="/")
    assert str(text) == "1,200 are in /"
    assert text.said() == ("{count} are in {place}", {"place": "/", "count": "1,200"})
    assert str(Text("{count} is in {place}", many="{count} are", count=1, place="/")) == "1 is in /"
