"""What was put together in English can be put together in another language."""

import json

from garrison.base.text import message, plural, size
from garrison.wire.texts import texts_of


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
