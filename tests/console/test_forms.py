"""Forms grown from values, and what is typed into them."""

import pytest

from garrison.base.languages import translator
from garrison.console import forms
from garrison.wire.manifest import Value

EN = translator("en")
DEPTH = Value("depth", "integer", "Depth", default=16, limits={"minimum": 1, "maximum": 64})
NAMES = Value("names", "text", "Names", many=True, default=[])
ON = Value("on", "flag", "On", default=True)
HEADER = Value("header", "secret", "Header")
PATH = Value("path", "path", "Path")
NOTE = Value("note", "text", "Note", default="")
ALL = (DEPTH, NAMES, ON, HEADER, PATH, NOTE)


def test_fields_show_what_is_there_and_what_may_be() -> None:
    depth, names, on, header, path, note = forms.fields(ALL, EN, "s", {"names": ["a", "b"]}, {"depth": "Too deep."})
    assert (depth.shown, depth.hint, depth.error, depth.id) == ("16", "From 1 to 64.", "Too deep.", "s-depth")
    assert (names.shown, on.shown, path.shown, note.shown) == ("a\nb", True, "", "")
    assert header.hint == "Leave it empty to keep what is there."


def test_a_preview_is_offered_first() -> None:
    limit = Value("limit", "integer", "Limit", default=0)
    preview, count = forms.fields([Value("preview", "flag", "Preview", default=False), limit], EN, "f")
    assert (preview.shown, count.shown) == (True, "0")


def test_what_was_left_empty_is_left_out() -> None:
    typed = {"depth": [" "], "names": ["\n \n"], "on": ["false"], "path": [""], "note": [""], "strange": ["x"]}
    assert forms.arguments(ALL, typed) == {"on": False}
    typed = {"depth": [" 5 "], "names": ["a\r\nb\n"], "on": ["false", "true"], "path": ["/x y "], "note": [" n "]}
    assert forms.arguments(ALL, typed) == {"depth": "5", "names": ["a", "b"], "on": True, "path": "/x y", "note": " n "}


def test_a_text_that_has_a_default_can_be_emptied() -> None:
    assert forms.arguments([Value("mask", "text", "Mask", default="*")], {"mask": [""]}) == {"mask": ""}


def test_only_what_differs_is_changed() -> None:
    current = {"depth": 16, "names": ["a"], "on": True, "header": "********"}
    typed = {"depth": ["16"], "names": ["a\n"], "on": ["false", "true"], "header": [""]}
    assert forms.changes(ALL, typed, current) == {}
    assert forms.changes([PATH], {"path": ["/\\udcff"]}, {"path": "/\udcff"}) == {}
    typed = {"depth": ["x"], "names": [""], "on": ["false"], "header": ["A: b"]}
    assert forms.changes(ALL, typed, current) == {"depth": "x", "names": [], "on": False, "header": "A: b"}


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("depth: at most 64; names: is required.", {"depth": "At most 64.", "names": "This is needed."}),
        ("names.3: a text; no semicolon: here; on: wrong.", {"names": "A text; no semicolon: here.", "on": "Wrong."}),
        ("depth: input should be less than or equal to 64.", {"depth": "At most 64."}),
        ("depth: input should be a valid integer, unable to parse it.", {"depth": "This must be a whole number."}),
        ("It does not fit.", {}),
    ],
)
def test_mistakes_are_told_by_their_fields(sentence: str, found: dict[str, str]) -> None:
    assert forms.mistakes(sentence, ALL, EN) == found
    assert forms.mistakes(sentence, [], EN) == {}
