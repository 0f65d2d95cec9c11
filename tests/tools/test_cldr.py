"""What the product knows of languages is what CLDR says."""

import json

from tools import cldr


def test_the_file_is_what_cldr_says_now() -> None:
    assert cldr.stale() == ""


def test_every_language_has_a_form_for_each_number() -> None:
    told = json.loads(cldr.TARGET.read_text("utf-8"))
    assert len(told) == 24
    for code, language in told.items():
        forms, _ = cldr.plural_of(code)
        assert {len(language["units"][unit]) for unit in language["units"]} == {forms}
    assert {code: cldr.plural_of(code)[0] for code in ("ar", "tr", "hu", "ja", "sr")} == {
        "ar": 6,
        "tr": 2,
        "hu": 2,
        "ja": 1,
        "sr": 3,
    }
