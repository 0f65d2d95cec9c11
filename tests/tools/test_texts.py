"""Every way in which a text for people stands somewhere is found."""

import ast

import pytest

from tools import texts


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('Text("There is {a}.", a=1)', [("There is {a}.", "")]),
        ('sdk.Text("{count} file", many="{count} files", count=2)', [("{count} file", "{count} files")]),
        ('plural(n, "file", "files")', [("{count} file", "{count} files")]),
        ('NotFound("No {a}.", "Look at {a}.", "suite.fix", a=1)', [("No {a}.", ""), ("Look at {a}.", "")]),
        ('Invalid("One." if a else "Other.")', [("One.", ""), ("Other.", "")]),
        ('print("nothing for people")', []),
    ],
)
def test_a_text_in_code(code: str, found: list[tuple[str, str]]) -> None:
    call = ast.parse(code).body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert list(texts._of_call(call.value)) == found


@pytest.fixture(scope="module")
def everywhere() -> list[texts.Found]:
    return texts.all_texts()


def test_every_source_of_texts_gives_some(everywhere: list[texts.Found]) -> None:
    places = {found.where for found in everywhere}
    assert texts.MANIFEST.as_posix() in places
    assert any(place.endswith("templates/base.html") for place in places)
    assert "src/garrison/daemon/door.py" in places


def test_what_is_no_text_is_left_out(everywhere: list[texts.Found]) -> None:
    assert not [found.one for found in everywhere if found.one in {"", "{path}", "{text}", "{line}"}]


def test_the_command_lines_own_texts_and_those_of_click_are_found(everywhere: list[texts.Found]) -> None:
    ones = {found.one for found in everywhere}
    assert {"Print the result as JSON.", "Stop Garrison and start it again; or restart a component."} <= ones
    assert "Show this message and exit." in ones
    assert "Garrison is running for your account. Its files: {path}" in ones


def test_fields_of_rows_are_found_as_columns(everywhere: list[texts.Found]) -> None:
    assert {"Severity", "Component", "Quarantine id"} <= {found.one for found in everywhere}
