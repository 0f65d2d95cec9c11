"""The reader's language."""

import pytest

from garrison.base.languages import LANGUAGES, Language, Translator, available, preferred, translator

EN = translator("en")


def test_texts_are_filled_and_what_is_missing_shows_its_name() -> None:
    assert EN.text("{a} of {b}, {{c}}", {"a": 1234}) == "1,234 of {b}, {c}"
    assert EN.text("{a}", {"a": "{b}", "b": "no"}) == "{b}"
    assert EN.text("{a}{b}", {"a": None, "b": True}) == "True"
    assert EN.original("") == ""


def test_numbers_choose_their_form() -> None:
    assert EN.plural("{count} file", "{count} files", 1) == "1 file"
    assert EN.plural("{count} file", "{count} files", 4000) == "4,000 files"


def test_what_the_door_answered_is_put_together_anew() -> None:
    texts = {
        "2 threats in 3.0 MiB": {
            "text": "{what} in {size}",
            "values": {
                "what": {"text": "{count} threat", "many": "{count} threats", "count": 2, "values": {}},
                "size": {"bytes": 3 * 1024 * 1024},
            },
        }
    }
    assert EN.told("2 threats in 3.0 MiB", texts) == "2 threats in 3.0 MiB"
    assert EN.told("as it is", texts) == "as it is"


def test_sizes_dates_and_spans_are_written_as_the_language_does() -> None:
    german = Translator(LANGUAGES["de"], translator("en")._catalogue)
    assert (EN.size(512), EN.size(3_500_000), german.size(3_500_000)) == ("512 bytes", "3.3 MiB", "3,3 MiB")
    assert EN.number(1234567.891, 2) == "1,234,567.89"
    assert german.number(1234567.891, 2) == "1.234.567,89"
    assert EN.time("2026-01-05T12:30:00+00:00") == "5 Jan 2026, 12:30"
    assert german.date("2026-01-05") == "05.01.2026"
    assert EN.date("nonsense") == "nonsense"
    assert (EN.moment("2026-01-05T12:30:00"), EN.moment("2026-01-05")) == ("5 Jan 2026, 12:30", "2026-01-05")
    assert [EN.duration(seconds) for seconds in (0, 61, 7200, 200_000)] == [
        "0 seconds",
        "1 minute",
        "2 hours",
        "2 days",
    ]


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, en;q=0.5", "en"),
        ("pt-BR;q=0.3, zh-Hant;q=0.9", "zh_Hant"),
        ("", "en"),
        ("x" * 5000, "en"),
        ("de;q=x, ar", "ar"),
    ],
)
def test_a_browser_gets_the_language_it_wants_most(header: str, chosen: str) -> None:
    assert preferred(header, ["en", "de", "ar", "pt_BR", "zh_Hant"]) == chosen


def test_english_is_always_there() -> None:
    assert available()[0] == "en"
    assert translator("nonsense").language.code == "en"
    assert Language("x", "X").right_to_left is False
    assert LANGUAGES["ar"].right_to_left
