"""The reader's language."""

from gettext import NullTranslations

import pytest

from garrison.base.languages import LANGUAGES, PSEUDO, Translator, available, preferred, translator
from garrison.base.text import message, size

EN = translator("en")


def test_texts_are_filled_and_what_is_missing_shows_its_name() -> None:
    assert EN.text("port {a} of {b}, {{c}}", {"a": 3128}) == "port 3128 of {b}, {c}"
    assert EN.text("{a}", {"a": "{b}", "b": "no"}) == "{b}"
    assert EN.text("{a}{b}", {"a": None, "b": True}) == "True"
    assert EN.original("") == ""


def test_a_text_of_ours_is_put_together_anew() -> None:
    assert EN.message(message("{count} file", {}, "{count} files", 4000)) == "4,000 files"
    assert EN.message(size(3 * 1024 * 1024)) == "3.0 MiB"
    assert EN.message("as it is") == "as it is"


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


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_writes_all_there_is_to_write(code: str) -> None:
    reader = Translator(LANGUAGES[code], NullTranslations())
    assert "5" in reader.time("2026-01-05T12:30:00") and "30" in reader.time("2026-01-05T12:30:00")  # noqa: PT018
    for seconds in (0, 1, 2, 3, 5, 11, 100, 3600, 86_400 * 3, 86_400 * 100):
        written = reader.duration(seconds)
        assert written and "-" not in written and "{" not in written  # noqa: PT018
    assert "{" not in reader.size(5)


def test_numbers_are_grouped_as_each_language_does() -> None:
    written = {code: Translator(LANGUAGES[code], NullTranslations()).number(1234) for code in ("de", "fr", "pl", "ar")}
    assert written == {"de": "1.234", "fr": "1\u202f234", "pl": "1234", "ar": "1,234"}
    arabic = Translator(LANGUAGES["ar"], NullTranslations())
    assert len({arabic.duration(60 * count).replace(str(count), "") for count in (1, 2, 3, 11)}) > 1


def test_the_pseudo_locale_is_there_for_tests_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    translator.cache_clear()
    assert translator(PSEUDO).language.code == "en"
    translator.cache_clear()
    monkeypatch.setenv("GARRISON_PSEUDO", "1")
    pseudo = translator(PSEUDO)
    translator.cache_clear()
    assert PSEUDO not in available()
    shown = pseudo.text("Nothing is found in {path}.", {"path": "/x"})
    assert shown.startswith("[Nothing is found in /x.~") and shown.endswith("~]")  # noqa: PT018
    assert len(pseudo.original("Nothing is found in it, or below.")) >= 1.4 * len("Nothing is found in it, or below.")
    assert pseudo.original(pseudo.original("%(num)s file")) == pseudo.original("%(num)s file")
    assert "%(num)s" in pseudo.originals("%(num)s file", "%(num)s files", 2)


def test_english_is_always_there() -> None:
    assert available()[0] == "en"
    assert translator("nonsense").language.code == "en"
    assert LANGUAGES["ar"].right_to_left
