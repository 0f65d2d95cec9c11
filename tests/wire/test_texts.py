"""What was put together in English can be put together in another language."""

import json

from garrison.base.errors import NotFound
from garrison.base.languages import translator
from garrison.base.text import message, plural, size
from garrison.wire.texts import error_of, texts_of


def test_every_text_that_was_put_together_is_told_once() -> None:
    said = message("{what} are there", {"what": plural(3, "file", "files")})
    told = texts_of({"a": [said, {"b": (said, "plain", 7, None)}]}, size(2048))
    assert json.loads(json.dumps(told)) == {
        "3 files are there": {
            "text": "{what} are there",
            "values": {"what": {"text": "{count} file", "values": {"count": 3}, "many": "{count} files", "count": 3}},
        },
        "2.0 KiB": {"bytes": 2048},
    }


def test_what_was_not_put_together_is_not_told() -> None:
    assert texts_of({"a": "plain", "b": [1, True, None]}) == {}


def test_an_error_knows_what_it_was_made_of_where_the_message_says_it() -> None:
    made = message("There is no component “{name}”.", {"name": "x"})
    told = {"error": NotFound(made, "Look.").to_plain(), "texts": texts_of(made)}
    error = error_of(json.loads(json.dumps(told)))
    assert (type(error), error.text, error.hint) == (NotFound, "There is no component “x”.", "Look.")
    assert translator("de").message(error.text) != error.text
    assert error_of({"error": {"code": "failed", "text": "Plain."}}).text == "Plain."
    assert error_of({"error": "nonsense"}).text == "The answer was not understood."
